"""Path tables of the ISO tree and of the Joliet tree.

Source: ECMA-119, 6.9 and 9.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final, Protocol

LITTLE: Final = Struct("<BBIH")
BIG: Final = Struct(">BBIH")


class TreePlan(Protocol):
    """A directory with its name in the table, its first block, and the directories in it."""

    @property
    def name(self) -> bytes:
        """Its identifier."""
        ...

    @property
    def lba(self) -> int:
        """Its first block."""
        ...

    @property
    def subdirectories(self) -> Sequence[TreePlan]:
        """Directories in it, in order."""
        ...


def number_directories(root: TreePlan) -> list[tuple[TreePlan, int]]:
    """All directories, level by level, each with the number of its parent."""
    found = [(root, 1)]
    for number, (plan, _) in enumerate(found, start=1):
        found.extend((child, number) for child in plan.subdirectories)
    return found


def table_bytes(entries: Sequence[tuple[TreePlan, int]]) -> int:
    """Bytes of a table."""
    return sum(8 + len(plan.name) + len(plan.name) % 2 for plan, _ in entries)


def pack_table(entries: Sequence[tuple[TreePlan, int]], *, big_endian: bool) -> bytes:
    """A table without padding; parents beyond 65535, which don't fit, are told modulo 65536."""
    pack = BIG.pack if big_endian else LITTLE.pack
    return b"".join(
        pack(len(plan.name), 0, plan.lba, parent & 0xFFFF) + plan.name + b"\0" * (len(plan.name) % 2)
        for plan, parent in entries
    )
