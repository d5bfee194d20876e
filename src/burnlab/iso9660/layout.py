"""Where everything of a session goes: sizes first, then addresses, before the first byte is written.

Source: ECMA-119, 6; libisofs's order of parts: system area, descriptors, tree, path tables, Joliet tree,
contents, checksums.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from burnlab.iso9660.addresses import Addresses
from burnlab.iso9660.collector import no_collector
from burnlab.iso9660.directory_layout import DirectoryPlan, Measure
from burnlab.iso9660.ecma119 import SYSTEM_AREA_BLOCKS, blocks_of
from burnlab.iso9660.joliet import JolietLayout, plan_joliet
from burnlab.iso9660.options import ImageOptions
from burnlab.iso9660.path_tables import TreePlan, number_directories, table_bytes
from burnlab.iso9660.tree import Directory, Node

HEAD_BLOCKS: Final = 32
"""Blocks before the first session of an overwritable medium; contents never start earlier on any medium."""


@dataclass(slots=True, eq=False)
class Layout:
    """A session that is ready to be written at `base`.

    All addresses are absolute. `end` is the block behind the session; padding comes behind that and is in
    `stream_blocks`.
    """

    base: int
    options: ImageOptions
    addresses: Addresses
    head: bool = False
    directories: list[DirectoryPlan] = field(default_factory=list)
    """In order of their addresses."""
    path_table: list[tuple[TreePlan, int]] = field(default_factory=list)
    """In order of their numbers, with the number of the parent."""
    path_table_size: int = 0
    l_table: int = 0
    m_table: int = 0
    tree_tag: int = 0
    joliet: JolietLayout | None = None
    tree_end: int = 0
    """The block behind all that leads to the contents."""
    empty_lba: int = 0
    """A block of zeros that all without content point to."""
    md5_lba: int = 0
    session_tag: int = 0
    end: int = 0

    @property
    def size_blocks(self) -> int:
        """Blocks of the session itself: the volume space size of its descriptors."""
        return self.end - self.base

    @property
    def stream_blocks(self) -> int:
        """Blocks that are written at `base`: with padding, and on up to a multiple of 32 if there is a
        head.
        """
        blocks = self.size_blocks + self.options.padding_blocks
        if self.head:
            blocks += -(self.base + blocks) % HEAD_BLOCKS
        return blocks

    @property
    def descriptors(self) -> int:
        """Volume descriptors before the terminator."""
        return 1 if self.joliet is None else 2

    @property
    def content_bytes(self) -> int:
        """Bytes of contents that this session stores."""
        contents = self.addresses.contents
        return sum(content.size for at in self.addresses.order if (content := contents[at]) is not None)


def plan_layout(
    root: Directory, base: int, options: ImageOptions, *, head: bool, keep_old: bool = True
) -> Layout:
    """Find all sizes and addresses of a session.

    Args:
        root: the whole tree, also what earlier sessions hold.
        base: the session's first block.
        options: what else is to be in it.
        head: whether blocks 0 to 31 will describe the session, so that padding goes on up to a multiple of
            32.
        keep_old: leave what earlier sessions hold in place; otherwise it is stored again.

    Raises:
        TooManyAlike: names of a directory that can't be told apart.
    """
    with no_collector():
        addresses = Addresses(root, base, options, keep_old=keep_old)
        layout = Layout(base, options, addresses, head)
        plans = _number(root, addresses)
        measure = Measure(addresses)
        for plan in plans:
            measure.measure(plan)
        _place_tree(layout, plans[0])
        _place_contents(layout)
    return layout


def _number(root: Directory, addresses: Addresses) -> list[DirectoryPlan]:
    """Number all contents in order of paths, and arrange all directories; the root is the first of them."""
    number = addresses.number
    first = DirectoryPlan(root, None)
    plans = [first]
    stack: list[tuple[Iterator[Node], DirectoryPlan, list[Node], array[int], list[DirectoryPlan]]] = []

    def enter(plan: DirectoryPlan) -> None:
        children = plan.node.sorted_children()
        stack.append((iter(children), plan, children, array("I"), []))

    enter(first)
    while stack:
        nodes, plan, children, ordinals, below = stack[-1]
        for node in nodes:
            ordinals.append(number(node))
            if isinstance(node, Directory):
                child = DirectoryPlan(node, plan)
                plans.append(child)
                below.append(child)
                enter(child)
                break
        else:
            plan.arrange(children, ordinals, below)
            stack.pop()
    addresses.numbered()
    return plans


def _place_tree(layout: Layout, root: DirectoryPlan) -> None:
    """Addresses of all up to the contents."""
    options = layout.options
    if options.joliet:
        layout.joliet = plan_joliet(layout.addresses, root)
    lba = layout.base + SYSTEM_AREA_BLOCKS + layout.descriptors + 1
    lba += options.md5
    layout.directories = list(preorder(root))
    for plan in layout.directories:
        plan.lba = lba
        lba += plan.blocks + plan.ce_blocks
    layout.path_table = number_directories(root)
    layout.path_table_size = table_bytes(layout.path_table)
    table_blocks = blocks_of(layout.path_table_size)
    layout.l_table, layout.m_table = lba, lba + table_blocks
    lba += 2 * table_blocks
    layout.tree_tag = lba
    lba += options.md5
    if layout.joliet is not None:
        lba = layout.joliet.place(lba)
    layout.tree_end = lba
    layout.empty_lba = layout.addresses.empty_lba = max(lba, HEAD_BLOCKS)


def _place_contents(layout: Layout) -> None:
    """Addresses of contents and what stands behind them."""
    addresses = layout.addresses
    lba = layout.empty_lba + 1
    put = addresses.put
    for ordinal in addresses.by_weight(content_order(layout.directories[0])):
        lba = put(ordinal, lba)
    layout.md5_lba = addresses.md5_lba = lba
    lba += addresses.array_blocks
    layout.session_tag = lba
    layout.end = lba + layout.options.md5


def preorder(root: DirectoryPlan) -> Iterator[DirectoryPlan]:
    """A directory and all below it, each before what is in it."""
    stack = [root]
    while stack:
        plan = stack.pop()
        yield plan
        stack.extend(reversed(plan.subdirectories))


def content_order(root: DirectoryPlan) -> Iterator[int]:
    """Ordinals of files, depth first in order of ISO names."""
    stack = [_walk_children(root)]
    while stack:
        for item in stack[-1]:
            if isinstance(item, DirectoryPlan):
                stack.append(_walk_children(item))
                break
            yield item
        else:
            stack.pop()


def _walk_children(plan: DirectoryPlan) -> Iterator[int | DirectoryPlan]:
    if not plan.subdirectories:
        return (ordinal for ordinal in plan.ordinals if ordinal)
    below = iter(plan.subdirectories)
    return (
        next(below) if isinstance(node, Directory) else ordinal
        for node, ordinal in zip(plan.children, plan.ordinals, strict=True)
        if ordinal or isinstance(node, Directory)
    )
