"""Random runs of the program beside xorriso: several in a row on one image, each with settings of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path

import pytest
from hypothesis import strategies as st

from burnlab.burn.opener import open_stdio
from burnlab.iso9660 import addresses
from burnlab.iso9660.inodes import NOWHERE, Family, assign_inodes
from burnlab.iso9660.load import load_tree
from burnlab.iso9660.tree import Directory, Node, walk
from burnlab.xorriso.environment import Environment
from burnlab.xorriso.messages import Streams
from burnlab.xorriso.program import Program
from support.iso_trees import NOW, PREPARER, Builder, Folder, Leaf, folders, leaves, names, run_xorriso

BLOCK = 2048
ACCESS_LIST = bytes.fromhex(
    "0200000001000600ffffffff02000600e803000004000400ffffffff10000600ffffffff20000000ffffffff"
)
"""u::rw, u:1000:rw, g::r, m::rw, o::-, as Linux has it."""


@dataclass(frozen=True)
class Switches:
    """What each run may set as it likes."""

    md5: bool
    joliet: bool
    hardlinks: bool
    xattr: bool
    acl: bool
    dev_ino: bool

    def words(self) -> list[str]:
        """In xorriso's language."""
        names = {"dev_ino": "disk_dev_ino"}
        return [
            word
            for field in fields(self)
            for word in (
                f"-{names.get(field.name, field.name)}",
                "on" if getattr(self, field.name) else "off",
            )
        ]


@dataclass(frozen=True)
class Deed:
    """A change of the tree: `kind` is a method of `Deeds`; `pick` and `other` choose where."""

    kind: str
    pick: int
    other: int
    name: bytes
    mode: int
    node: Leaf | Folder


@dataclass(frozen=True)
class Run:
    """A run of the program; `late` sets the switches only when the image is loaded."""

    switches: Switches
    late: bool
    deeds: tuple[Deed, ...]


@dataclass(frozen=True)
class Story:
    """Runs on one image. `copies`: the last one writes to another, new image; `commits`: it has a `-commit`
    in its middle.
    """

    tree: Folder
    runs: tuple[Run, ...]
    copies: bool
    commits: bool

    def settings(self) -> str:
        """All but trees, for messages."""
        lines = [f"copies={self.copies} commits={self.commits}"]
        for run in self.runs:
            deeds = [f"{deed.kind} {deed.pick} {deed.name!r}" for deed in run.deeds]
            lines.append(f"  late={run.late} {run.switches} {deeds}")
        return "\n".join(lines)


def stories() -> st.SearchStrategy[Story]:
    """Two or three runs. What xorriso 1.5.4 does wrong is left out; `docs/decisions` tells of it."""
    often, rarely = st.sampled_from([True, True, True, False]), st.sampled_from([False, False, True])
    switches = st.builds(
        Switches, often, st.sampled_from([False] * 5 + [True]), rarely, rarely, rarely, rarely
    )
    kinds = [kind for kind in vars(Deeds) if not kind.startswith("_")]
    new = st.one_of(leaves(links=False), folders(leaves(links=False)))
    deed = st.builds(
        Deed,
        st.sampled_from([*kinds, "map", "map"]),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
        names(),
        st.sampled_from([0o600, 0o755, 0o4711, 0o000]),
        new,
    )
    run = st.builds(Run, switches, rarely, st.lists(deed, min_size=1, max_size=6).map(tuple))
    runs = st.lists(run, min_size=2, max_size=3).map(tuple)
    return st.builds(Story, folders(), runs, rarely, rarely).map(_without_faults)


def _without_faults(story: Story) -> Story:
    """Leave out runs that tell two times when they began."""
    switches = story.runs[-1].switches
    tells_time = switches.hardlinks or switches.dev_ino
    return replace(story, commits=story.commits and not story.copies and not tells_time)


class Deeds:
    """Puts changes into words, by what the image had before the run."""

    def __init__(self, root: Directory, folder: Path, number: int) -> None:
        self._nodes = [node for node in walk(root) if node is not root]
        self._folders = [node for node in walk(root) if isinstance(node, Directory)]
        self._folder = folder
        self._number = number
        self._taken: set[bytes] = set()
        self._words: list[str | bytes] = []

    def _all(self, deeds: Iterable[Deed]) -> list[list[str | bytes]]:
        """The words of each change that can be made."""
        found = []
        for deed in deeds:
            self._words = []
            getattr(self, deed.kind)(deed)
            if self._words:
                found.append(self._words)
        return found

    def _place(self, deed: Deed) -> bytes | None:
        """A path that isn't taken, in a directory that stays."""
        parents = [parent for parent in self._folders if self._stays(parent)]
        if not parents:
            return None
        parent = parents[deed.pick % len(parents)]
        path = parent.path().rstrip(b"/") + b"/" + deed.name
        if deed.name in parent.children or path in self._taken:
            return None
        self._taken.add(path)
        return path

    def _stays(self, node: Node) -> bool:
        path = node.path()
        return not any(path == other or path.startswith(other + b"/") for other in self._taken)

    def _node(self, deed: Deed) -> bytes | None:
        nodes = [node for node in self._nodes if self._stays(node)]
        return nodes[deed.other % len(nodes)].path() if nodes else None

    def _source(self, deed: Deed) -> bytes:
        self._number += 1
        above = self._folder / "above"
        source = os.fsencode(above / "near" / f"new{self._number}")
        Builder().build(source, deed.node)
        for path in (above / "near", above):  # they are models of directories in the image
            os.utime(path, (NOW, NOW))
        if isinstance(deed.node, Leaf) and deed.node.kind == "file" and deed.pick % 5 == 0:
            with suppress(OSError):
                os.setxattr(source, "system.posix_acl_access", ACCESS_LIST)
        return source

    def map(self, deed: Deed) -> None:
        path = self._place(deed)
        if path is not None:
            self._words = ["-map", self._source(deed), path]

    def map_deep(self, deed: Deed) -> None:
        path = self._place(deed)
        if path is not None and len(path) < 500:
            self._words = ["-map", self._source(deed), path + b"/between/" + deed.name]

    def merge(self, deed: Deed) -> None:
        """A folder onto one that is there. Of attributes that are there already, xorriso 1.5.4 makes double
        ones then: there are none.
        """
        parents = [parent for parent in self._folders if self._stays(parent)]
        if parents and isinstance(deed.node, Folder):
            path = parents[deed.pick % len(parents)].path()
            if not any(
                name.startswith(b"user.") for name in parents[deed.pick % len(parents)].attributes or ()
            ):
                self._words = ["-map", self._source(deed), path]

    def mkdir(self, deed: Deed) -> None:
        path = self._place(deed)
        if path is not None:
            self._words = ["-mkdir", path, "--"]

    def lns(self, deed: Deed) -> None:
        path = self._place(deed)
        if path is not None:
            self._words = ["-lns", deed.name + b"//", path]

    def rm_r(self, deed: Deed) -> None:
        path = self._node(deed)
        if path is not None:
            self._taken.add(path)
            self._words = ["-rm_r", path, "--"]

    def mv(self, deed: Deed) -> None:
        source = self._node(deed)
        if source is None:
            return
        self._taken.add(source)
        path = self._place(deed)
        if path is not None:
            self._words = ["-mv", source, path, "--"]

    def chmod(self, deed: Deed) -> None:
        path = self._node(deed)
        if path is not None:
            self._words = ["-chmod", f"0{deed.mode:o}", path, "--"]

    def chown(self, deed: Deed) -> None:
        path = self._node(deed)
        if path is not None:
            self._words = ["-chown", str(deed.mode), path, "--"]

    def alter_date(self, deed: Deed) -> None:
        path = self._node(deed)
        if path is not None:
            self._words = ["-alter_date", "b", f"={NOW - deed.pick}", path, "--"]

    def setfattr(self, deed: Deed) -> None:
        path = self._node(deed)
        if path is not None:
            self._words = ["-setfattr", "user.new", str(deed.pick), path, "--"]

    def volid(self, deed: Deed) -> None:
        self._words = ["-volid", f"VOLUME {deed.mode}"]


# Our side.


class Numbers(threading.local):
    """Inode numbers by path as in xorriso's image: some nodes it takes in no order that can be told."""

    by_path: dict[bytes, int]

    def __init__(self) -> None:
        self.by_path = {}


NUMBERS = Numbers()


def assign_as_there(nodes: Iterable[Node], last: int, *, times_are_mtime: bool) -> dict[int, Family]:
    """Inode numbers; where nothing tells which node comes first, it is the one that xorriso took first."""

    def number(node: Node) -> int:
        return NUMBERS.by_path.get(node.path(), 0)

    nodes = sorted(nodes, key=number)
    for node in nodes:
        if node.source_id is not None and node.source_id[0] == NOWHERE:
            node.source_id = (NOWHERE, number(node))
    return assign_inodes(nodes, last, times_are_mtime=times_are_mtime)


@pytest.fixture
def numbered_as_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nodes have the numbers that xorriso gave them by chance."""
    monkeypatch.setattr(addresses, "assign_inodes", assign_as_there)


def load(image: Path) -> Directory:
    """The tree of an image; an empty one if there is none."""
    if not image.exists():
        return Directory(name=b"", mode=0o40755)
    data = image.read_bytes()
    return load_tree(lambda lba, count: data[lba * BLOCK : (lba + count) * BLOCK], 0).root


def run_burnlab(words: Iterable[str | bytes], began: float) -> tuple[int, str]:
    """Exit value and messages of our program, run in this thread; `began` is when it looked at its clock."""
    said: list[str] = []
    environment = Environment(
        streams=Streams(said.append, said.append),
        directory="/",
        variables={"SOURCE_DATE_EPOCH": str(NOW)},
        clock=lambda: began,
        monotonic=lambda: began,
        sleep=lambda _seconds: None,
        read_line=lambda: "",
        open_drive=open_stdio,
    )
    value = Program(environment).run(["-no_rc", "-report_about", "SORRY", *map(os.fsdecode, words)])
    return value, "".join(said)


def began(image: bytes) -> float:
    """When the run began that wrote an image, by what the newest session tells."""
    at = image.rfind(b"\x04st\x00\x0a")
    return int(image[at + 5 : at + 15]) + 1.0 if at >= 0 else float(NOW)


@contextmanager
def numbers_of(image: Path) -> Iterator[None]:
    """Number nodes as in an image."""
    NUMBERS.by_path = {node.path(): node.inode for node in walk(load(image))}
    try:
        yield
    finally:
        NUMBERS.by_path = {}


def tell_story(story: Story, folder: Path) -> str | None:
    """Let both carry out all runs; what is different."""
    (folder / "above" / "near").mkdir(parents=True)
    source = os.fsencode(folder / "tree")
    Builder().build(source, story.tree)
    theirs, ours = folder / "theirs", folder / "ours"
    theirs.mkdir()
    ours.mkdir()
    for number, run in enumerate(story.runs):
        last = number == len(story.runs) - 1
        image = "copy.iso" if last and story.copies else "image.iso"
        deeds = Deeds(load(theirs / "image.iso"), folder, 1000 * number)._all(run.deeds)
        if number == 0:
            deeds = [["-map", source, "/"]]
        elif last and story.commits:
            deeds.insert(len(deeds) // 2, ["-commit"])

        def words(place: Path, run: Run = run, deeds: list[list[str | bytes]] = deeds) -> list[str | bytes]:
            drive = ["-dev", str(place / "image.iso")]
            if last and story.copies:  # noqa: B023
                drive = ["-indev", drive[1], "-outdev", str(place / "copy.iso")]
            switches = run.switches.words()
            start = [*drive, *switches] if run.late else [*switches, *drive]
            changes = [word for deed in deeds for word in deed]
            return [
                "-preparer_id",
                PREPARER,
                "-iso_rr_pattern",
                "off",
                *start,
                "-preparer_id",
                PREPARER,
                *changes,
            ]

        run_xorriso(*words(theirs))
        if not (theirs / image).exists():
            continue
        there = (theirs / image).read_bytes()
        with numbers_of(theirs / image):
            value, said = run_burnlab(words(ours), began(there))
        if value:
            return f"run {number}: exit value {value}\n{said}"
        here = (ours / image).read_bytes()
        if here != there:
            return f"run {number} {words(ours)}: {difference(here, there)}"
    return None


def difference(here: bytes, there: bytes) -> str:
    """The first block that differs."""
    for at in range(0, max(len(here), len(there)), BLOCK):
        mine, other = here[at : at + BLOCK], there[at : at + BLOCK]
        if mine != other:
            first = next((i for i in range(min(len(mine), len(other))) if mine[i] != other[i]), 0)
            part = slice(max(0, first - 60), first + 60)
            where = f"block {at // BLOCK}, byte {first}; lengths {len(here)} {len(there)}"
            return f"{where}\n  ours   {mine[part]!r}\n  theirs {other[part]!r}"
    return "none"
