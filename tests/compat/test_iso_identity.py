"""Images of random trees, by xorriso and by us: equal byte for byte.

The cases are made by hypothesis without chance, so each run has the same ones. Of the environment:
BURNLAB_IDENTITY_CASES sets how many, BURNLAB_IDENTITY_SHOWN how many differences are shown,
BURNLAB_IDENTITY_KEEP names a folder for the images of those.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from burnlab.iso9660.ecma119 import VolumeDescriptor
from burnlab.iso9660.emit import emit
from burnlab.iso9660.head import make_head
from burnlab.iso9660.layout import Layout, plan_layout
from burnlab.iso9660.load import load_tree
from burnlab.iso9660.options import ImageOptions
from burnlab.iso9660.scan import scan_path
from burnlab.iso9660.tree import Directory, Node, walk
from support.iso_identity import (
    BLOCK,
    CASES,
    Case,
    as_there,
    cases,
    first_difference,
    run_cases,
)
from support.iso_trees import (
    NOW,
    PREPARER,
    Builder,
    Folder,
    Leaf,
    folders,
    leaves,
    names,
    run_xorriso,
    write_tree,
)

pytestmark = [
    pytest.mark.compat,
    pytest.mark.skipif(shutil.which("xorriso") is None, reason="xorriso isn't installed"),
    pytest.mark.skipif(os.geteuid() != 0, reason="device nodes and owners need the superuser"),
]


def first_session(case: Case, folder: Path) -> str | None:
    """Write a tree with both; what is different."""
    source = write_tree(folder / "tree", case.tree)
    image = folder / "theirs.iso"
    words = case.words()
    run_xorriso("-outdev", str(image), *words, "-map", source, "/")
    root = case.scan(source)
    theirs = image.read_bytes()
    base, options = 32 if case.head else 0, case.options()
    if case.hardlinks:
        # How long the root's fields are must be known for its place.
        options = replace(options, stream_start=NOW)
        options = as_there(options, plan_layout(root, base, options, head=case.head), theirs)
    layout = plan_layout(root, base, options, head=case.head)
    ours = (make_head(layout) if case.head else b"") + stream(layout)
    (folder / "ours.iso").write_bytes(ours)
    return first_difference(ours, theirs, layout)


def test_first_sessions(tmp_path: Path) -> None:
    run_cases(first_session, cases(), tmp_path, CASES)


# Later sessions.

LATER = max(1, CASES // 4)


@dataclass(frozen=True)
class Edit:
    """A change of the tree: `kind` is one of remove, add, replace, chmod, rename, mkdir; `pick` chooses
    where.
    """

    kind: str
    pick: int
    name: bytes
    mode: int
    node: Leaf | Folder


@dataclass(frozen=True)
class Growth:
    """A first session and the changes that each later one stores."""

    case: Case
    steps: tuple[tuple[Edit, ...], ...]

    def settings(self) -> str:
        """All but trees, for messages."""
        steps = [[f"{edit.kind} {edit.pick} {edit.name!r}" for edit in step] for step in self.steps]
        return f"{self.case.settings()} {steps}"


def growths(*, head: bool) -> st.SearchStrategy[Growth]:
    """First sessions as before, then one or two more."""
    kinds = st.sampled_from(["remove", "add", "add", "replace", "chmod", "rename", "mkdir"])
    new = st.one_of(leaves(links=False), folders(leaves(links=False)))
    edit = st.builds(
        Edit, kinds, st.integers(0, 10**6), names(), st.sampled_from([0o600, 0o755, 0o4711, 0o000]), new
    )
    steps = st.lists(st.lists(edit, min_size=1, max_size=5).map(tuple), min_size=1, max_size=2).map(tuple)
    return st.builds(Growth, cases(head=st.just(head), hardlinks=st.just(False)), steps)


class Editor:
    """Makes the same changes to our tree, and in xorriso's language."""

    def __init__(self, case: Case, root: Directory, folder: Path) -> None:
        self.case = case
        self.root = root
        self.folder = folder
        self.words: list[str | bytes] = []

    def apply(self, number: int, edit: Edit) -> None:
        """Make a change, if it can be made."""
        nodes = [node for node in walk(self.root) if node is not self.root]
        folders_there = [node for node in walk(self.root) if isinstance(node, Directory)]
        if edit.kind in ("add", "mkdir"):
            self._add(edit, number, folders_there[edit.pick % len(folders_there)])
        elif nodes:
            getattr(self, f"_{edit.kind}")(edit, number, nodes[edit.pick % len(nodes)])

    def _add(self, edit: Edit, number: int, parent: Directory) -> None:
        if edit.name in parent.children:
            return
        path = join(parent, edit.name)
        if edit.kind == "mkdir":
            self.words += ["-mkdir", path, "--"]
            made = Directory(name=edit.name, mode=parent.mode, uid=parent.uid, gid=parent.gid)
            made.mtime = made.atime = made.ctime = NOW
            parent.add(made)
        else:
            self._map(parent, edit, number)

    def _map(self, parent: Directory, edit: Edit, number: int, name: bytes | None = None) -> None:
        name = edit.name if name is None else name
        source = os.fsencode(self.folder / f"new{number}")
        Builder().build(source, edit.node)
        node = scan_path(source, name, self.case.scan_options())
        if isinstance(node, Directory):
            node.mode &= ~0o7000  # it is made first, and gets only some attributes then
        parent.add(node)
        self.words += ["-map", source, node.path()]

    def _replace(self, edit: Edit, number: int, node: Node) -> None:
        if isinstance(node, Directory) or isinstance(edit.node, Folder):
            return
        parent = node.parent
        assert parent is not None
        parent.remove(node.name)
        self._map(parent, edit, number, node.name)

    def _remove(self, edit: Edit, number: int, node: Node) -> None:
        parent = node.parent
        assert parent is not None
        self.words += ["-rm_r", node.path(), "--"]
        parent.remove(node.name)

    def _chmod(self, edit: Edit, number: int, node: Node) -> None:
        self.words += ["-chmod", f"0{edit.mode:o}", node.path(), "--"]
        node.mode = node.mode & 0o170000 | edit.mode
        node.ctime = NOW

    def _rename(self, edit: Edit, number: int, node: Node) -> None:
        parent = node.parent
        assert parent is not None
        if edit.name in parent.children:
            return
        self.words += ["-mv", node.path(), join(parent, edit.name), "--"]
        parent.remove(node.name)
        node.name = edit.name
        parent.add(node)


def join(parent: Directory, name: bytes) -> bytes:
    """A child's path."""
    return parent.path().rstrip(b"/") + b"/" + name


def grown_session(growth: Growth, folder: Path) -> str | None:
    """Grow an image with both; what is different."""
    case = growth.case
    theirs, ours = folder / "theirs.iso", folder / "ours.iso"
    run_xorriso("-outdev", str(theirs), *case.words(), "-map", write_tree(folder / "tree", case.tree), "/")
    number, loaded_from = 0, 0
    grow = grow_overwritable if case.head else grow_sequential
    for step in growth.steps:
        image = theirs.read_bytes()
        editor = Editor(case, load_tree(reader(image), loaded_from).root, folder)
        for edit in step:
            editor.apply(number, edit)
            number += 1
        if not editor.words:
            continue
        layout, grown = grow(image, editor, theirs, loaded_from)
        loaded_from = 0 if case.head else layout.base
        ours.write_bytes(grown)
        found = first_difference(grown, theirs.read_bytes(), layout)
        if found:
            return f"session at {layout.base}: {found}"
    return None


def grow_overwritable(image: bytes, editor: Editor, theirs: Path, _: int) -> tuple[Layout, bytes]:
    """Let xorriso store the changes in its image; the same by us."""
    case = editor.case
    words = case.words()
    run_xorriso(*words, "-dev", str(theirs), "-iso_rr_pattern", "off", *words, *editor.words)
    base = -(-VolumeDescriptor.unpack(image[16 * BLOCK :]).space_size // 32) * 32
    layout = plan_layout(editor.root, base, case.options(), head=True)
    head = make_head(layout, image[: 32 * BLOCK])
    return layout, head + image[len(head) : base * BLOCK].ljust(base * BLOCK - len(head), b"\0") + stream(
        layout
    )


def grow_sequential(image: bytes, editor: Editor, theirs: Path, loaded_from: int) -> tuple[Layout, bytes]:
    """The same as on sequential media: xorriso writes the session to a pipe, as for another drive, at a
    given address.
    """
    case = editor.case
    words = case.words()
    base = len(image) // BLOCK + 37
    session = theirs.parent / "session"
    with session.open("wb") as file:
        load = ["-load", "lba", str(loaded_from)] if loaded_from else []
        where = [
            "-indev",
            str(theirs),
            "-grow_blindly",
            str(base),
            "-outdev",
            f"stdio:/dev/fd/{file.fileno()}",
        ]
        edits = ["-iso_rr_pattern", "off", *words, *editor.words]
        run_xorriso(*words, *load, *where, *edits, fds=[file.fileno()])
    gap = image.ljust(base * BLOCK, b"\0")
    theirs.write_bytes(gap + session.read_bytes())
    layout = plan_layout(editor.root, base, case.options(), head=False)
    return layout, gap + stream(layout)


def stream(layout: Layout) -> bytes:
    """All blocks of a session."""
    return b"".join(bytes(chunk) for chunk in emit(layout))


def reader(image: bytes) -> Callable[[int, int], bytes]:
    """Blocks of an image in memory."""
    return lambda lba, count: image[lba * BLOCK : (lba + count) * BLOCK]


def test_later_sessions_of_overwritable_media(tmp_path: Path) -> None:
    run_cases(grown_session, growths(head=True), tmp_path, LATER)


def test_later_sessions_of_sequential_media(tmp_path: Path) -> None:
    run_cases(grown_session, growths(head=False), tmp_path, LATER)


# Ids, dates, system area, padding.

TEXTS = ["Plain Text 1", "lower case", "ümläut 日本", "A" * 140, "a!\"%&'()*+,-./:;<=>?#$@[]^`{|}~", ""]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("joliet", [True, False])
def test_id_texts(tmp_path: Path, text: str, joliet: bool) -> None:
    cut = {"volid": 32, "system_id": 32, "copyright_file": 37, "abstract_file": 37, "biblio_file": 37}
    names = ["volid", "volset_id", "publisher", "preparer_id", "application_id", *list(cut)[1:]]
    texts = {name: text.encode()[: cut.get(name, 128)].decode(errors="ignore") for name in names}
    words = [word for name, value in texts.items() for word in (f"-{name}", value)]
    words += ["-joliet", "on" if joliet else "off"]
    options = ImageOptions(
        now=NOW,
        joliet=joliet,
        volume_id=texts["volid"].encode(),
        volume_set_id=texts["volset_id"].encode(),
        publisher=texts["publisher"].encode(),
        preparer=texts["preparer_id"].encode(),
        application_id=texts["application_id"].encode(),
        system_id=texts["system_id"].encode(),
        copyright_file=texts["copyright_file"].encode(),
        abstract_file=texts["abstract_file"].encode(),
        biblio_file=texts["biblio_file"].encode(),
        times_are_mtime=True,
    )
    compare_settings(tmp_path, words, options)


DATES = [
    (["-volume_date", "uuid", "2011050412345678"], {"uuid": "2011050412345678"}),
    (
        ["-volume_date", "x", "=1800000000", "-volume_date", "f", "=1700000001"],
        {"expiration": 1800000000, "effective": 1700000001},
    ),
    (
        ["-volume_date", "uuid", "", "-volume_date", "c", "=1500000000", "-volume_date", "m", "=1500000001"],
        {"creation": 1500000000, "modification": 1500000001},
    ),
]


@pytest.mark.parametrize(("words", "dates"), DATES)
def test_volume_dates(tmp_path: Path, words: list[str], dates: dict[str, Any]) -> None:
    options = ImageOptions(now=NOW, preparer=PREPARER.encode(), md5=True, times_are_mtime=True, **dates)
    compare_settings(tmp_path, ["-preparer_id", PREPARER, "-md5", "on", *words], options)


@pytest.mark.parametrize("kilobytes", [0, 4, 300, 1000])
def test_padding_and_system_area(tmp_path: Path, kilobytes: int) -> None:
    area = tmp_path / "area"
    area.write_bytes(bytes(range(256)) * 100)
    options = ImageOptions(
        now=NOW,
        preparer=PREPARER.encode(),
        md5=True,
        times_are_mtime=True,
        padding_blocks=kilobytes // 2,
        system_area=area.read_bytes(),
    )
    words = ["-padding", f"{kilobytes}k", "-boot_image", "any", f"system_area={area}"]
    compare_settings(tmp_path, ["-preparer_id", PREPARER, "-md5", "on", *words], options)


def compare_settings(folder: Path, words: list[str], options: ImageOptions) -> None:
    """An image of a small tree with certain settings."""
    tree = Folder(((b"file", Leaf("file", b"content")), (b"folder", Folder(()))))
    source, image = write_tree(folder / "tree", tree), folder / "theirs.iso"
    run_xorriso("-outdev", str(image), *words, "-map", source, "/")
    root = scan_path(source, b"")
    assert isinstance(root, Directory)
    layout = plan_layout(root, 32, options, head=True)
    found = first_difference(make_head(layout) + stream(layout), image.read_bytes(), layout)
    assert found is None, found
