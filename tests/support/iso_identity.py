"""What the tests of identity share: cases, how to run many of them, and how to tell what is different."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Protocol, TypeVar
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from burnlab.iso9660.aaip import STREAM_START
from burnlab.iso9660.ecma119 import DirectoryRecord
from burnlab.iso9660.layout import Layout
from burnlab.iso9660.load import load_tree
from burnlab.iso9660.options import ImageOptions
from burnlab.iso9660.rock_ridge import PosixAttributes, iter_fields
from burnlab.iso9660.scan import ScanOptions, scan_path
from burnlab.iso9660.tree import Directory
from support.iso_trees import NOW, PREPARER, Folder, PeerFailedError, folders

CASES = int(os.environ.get("BURNLAB_IDENTITY_CASES", "300"))
SIDE_BY_SIDE = 12
KEEP = os.environ.get("BURNLAB_IDENTITY_KEEP")
SHOWN = int(os.environ.get("BURNLAB_IDENTITY_SHOWN", "5"))
BLOCK = 2048


class Settled(Protocol):
    """A case that can tell what it is about."""

    def settings(self) -> str:
        """In one line."""
        ...


C = TypeVar("C", bound=Settled)


@dataclass(frozen=True)
class Case:
    """A tree and how to write it."""

    tree: Folder
    md5: bool
    joliet: bool
    hardlinks: bool
    xattr: bool
    head: bool
    volume_id: str

    def words(self) -> list[str]:
        """The settings in xorriso's language."""
        words = ["-preparer_id", PREPARER, "-volid", self.volume_id]
        for name in ("md5", "joliet", "hardlinks", "xattr"):
            words += [f"-{name}", "on" if getattr(self, name) else "off"]
        if not self.head:
            words += ["-compliance", "no_emul_toc"]
        return words

    def settings(self) -> str:
        """All but the tree, for messages."""
        return " ".join(f"{f.name}={getattr(self, f.name)}" for f in fields(self) if f.name != "tree")

    def options(self) -> ImageOptions:
        """The same in ours."""
        return ImageOptions(
            now=NOW,
            volume_id=self.volume_id.encode(),
            preparer=PREPARER.encode(),
            md5=self.md5,
            joliet=self.joliet,
            hardlinks=self.hardlinks,
            xattr=self.xattr,
            times_are_mtime=True,
        )

    def scan_options(self) -> ScanOptions:
        """How to look at the disk; xorriso can't record device and inode without the other attributes."""
        return ScanOptions(
            xattr=self.xattr or self.hardlinks, device_inodes=self.hardlinks, source_ids=self.hardlinks
        )

    def scan(self, path: bytes) -> Directory:
        """The tree as we see it."""
        scanned = scan_path(path, b"", self.scan_options())
        assert isinstance(scanned, Directory)
        # The root is there before it gets these attributes: only some are copied.
        scanned.mode &= ~0o7000
        if not self.xattr:
            mine = scanned.attributes or {}
            scanned.attributes = {name: mine[name] for name in mine if not name.startswith(b"user.")}
        return scanned


def cases(
    head: st.SearchStrategy[bool] | None = None, hardlinks: st.SearchStrategy[bool] | None = None
) -> st.SearchStrategy[Case]:
    """Most with checksums and with a head."""
    often = st.sampled_from([True, True, True, False])
    rarely = st.sampled_from([False, False, False, True])
    ids = st.sampled_from(["ISOIMAGE", "x", "Backup 2023-11-14 é", "A" * 32])
    return st.builds(
        Case,
        folders(),
        often,
        rarely,
        rarely if hardlinks is None else hardlinks,
        rarely,
        often if head is None else head,
        ids,
    )


def first_difference(ours: bytes, theirs: bytes, layout: Layout) -> str | None:
    """Which block differs, what it is, and the bytes of both; None if nothing does."""
    if ours == theirs:
        return None
    for lba in range(max(len(ours), len(theirs)) // BLOCK + 1):
        mine, other = (data[lba * BLOCK : (lba + 1) * BLOCK] for data in (ours, theirs))
        if mine != other:
            at = next((i for i, (a, b) in enumerate(zip(mine, other, strict=False)) if a != b), 0)
            part = slice(max(0, at - 24), at + 16)
            return (
                f"block {lba} ({name_block(layout, lba)}), byte {at}; lengths {len(ours)} {len(theirs)}\n"
                f"  ours   {mine[part].hex(' ')}\n         {mine[part]!r}\n"
                f"  theirs {other[part].hex(' ')}\n         {other[part]!r}"
            )
    return "lengths differ"


def name_block(layout: Layout, lba: int) -> str:
    """What a block of a session is."""
    marks = [
        (layout.base, "system area"),
        (layout.base + 16, "volume descriptors"),
        (layout.l_table, "L path table"),
        (layout.m_table, "M path table"),
        (layout.empty_lba, "empty block"),
        (layout.empty_lba + 1, "contents"),
        (layout.end, "padding"),
    ]
    if layout.options.md5:
        marks += [
            (layout.base + 17 + layout.descriptors, "superblock tag"),
            (layout.tree_tag, "tree tag"),
            (layout.md5_lba, "MD5 array"),
            (layout.session_tag, "session tag"),
        ]
    for plan in layout.directories:
        marks.append((plan.lba, f"directory {plan.node.path()!r}"))
        marks.append((plan.lba + plan.blocks, f"continuation area of {plan.node.path()!r}"))
    if layout.joliet is not None:
        marks += [(d.lba, f"Joliet directory {d.node.path()!r}") for d in layout.joliet.directories]
        marks += [(layout.joliet.l_table, "Joliet L table"), (layout.joliet.m_table, "Joliet M table")]
    found = [(start, what) for start, what in marks if start <= lba]
    return max(found, key=lambda mark: mark[0])[1] if found else "head"


def as_there(options: ImageOptions, layout: Layout, image: bytes) -> ImageOptions:
    """The same options with what can't be told beforehand, taken from xorriso's image: when it began, and the
    numbers of directories, which it gives in no order.
    """
    for plan in layout.directories:
        record = DirectoryRecord.unpack(image, plan.lba * BLOCK)
        for found in iter_fields(record.system_use, 7 if plan is layout.directories[0] else 0):
            if found.signature == b"PX":
                plan.node.inode = PosixAttributes.unpack(found.data).inode or 0
    root = load_tree(lambda lba, count: image[lba * BLOCK : (lba + count) * BLOCK], 0).root
    began = int((root.attributes or {})[STREAM_START])
    return replace(options, stream_start=began, last_inode=len(layout.directories))


@contextmanager
def the_same_in_each_run() -> Iterator[None]:
    """Let hypothesis take no constants from loaded modules: those differ by what else is tested."""
    with ExitStack() as stack:
        if hasattr(providers, "_get_local_constants") and hasattr(providers, "CONSTANTS_CACHE"):
            none = providers.Constants()
            stack.enter_context(patch.object(providers, "_get_local_constants", lambda: none))
            stack.enter_context(patch.object(providers, "CONSTANTS_CACHE", {}))
        yield


def make_cases(strategy: st.SearchStrategy[C], wanted: int) -> list[C]:
    """So many cases, the same ones in each run."""
    made: list[C] = []

    @settings(
        max_examples=wanted,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(case: C) -> None:
        made.append(case)

    with the_same_in_each_run():
        collect()
    return made


def run_cases(
    compare: Callable[[C, Path], str | None], strategy: st.SearchStrategy[C], folder: Path, wanted: int
) -> None:
    """Compare all cases, some at a time; tell how many are equal, and show the first of those that aren't."""

    gave_up: list[int] = []

    def run(numbered: tuple[int, C]) -> str | None:
        number, case = numbered
        place = folder / str(number)
        place.mkdir(parents=True)
        try:
            found = compare(case, place)
        except PeerFailedError:
            gave_up.append(number)
            found = None
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        if found and KEEP:
            for image in place.glob("*.iso"):
                shutil.copy(image, Path(KEEP) / f"{compare.__name__}-{number}-{image.name}")
        shutil.rmtree(place, ignore_errors=True)
        return None if found is None else f"case {number}: {case.settings()}\n{found}"

    numbered = list(enumerate(make_cases(strategy, wanted)))
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        different = [found for found in pool.map(run, numbered) if found]
    equal = len(numbered) - len(different) - len(gave_up)
    print(f"{equal} of {len(numbered)} images equal, {len(gave_up)} that xorriso gave up by itself")
    assert len(gave_up) <= max(5, len(numbered) // 10), "too few cases are left to compare"
    shown = "\n".join(different[:SHOWN])
    assert not different, f"{len(different)} of {len(numbered)} differ\n{shown}"
