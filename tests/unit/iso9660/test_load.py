"""The loader against all facts known of the sample images."""

from __future__ import annotations

import calendar
import stat
import time
from dataclasses import fields
from typing import Any

import pytest

from burnlab.iso9660.ecma119 import BLOCK
from burnlab.iso9660.fast_records import FastReader
from burnlab.iso9660.load import LoadedImage, load_tree
from burnlab.iso9660.record_reader import Namespace
from burnlab.iso9660.tree import Directory, File, Node, Special, Symlink, find_node, walk
from support.iso_images import SAMPLES, Blocks, sample_facts, sample_image

SESSIONS = [(name, number) for name in SAMPLES for number in range(len(sample_facts(name)["sessions"]))]
KINDS = {"dir": Directory, "file": File, "symlink": Symlink}


def load(name: str, lba: int, **settings: Any) -> LoadedImage:
    return load_tree(Blocks(sample_image(name)), lba, **settings)


def seconds(text: str) -> int:
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def path_of(fact: dict[str, Any]) -> bytes:
    return bytes.fromhex(fact["path_hex"]) if "path_hex" in fact else fact["path"].encode()


@pytest.mark.parametrize(("name", "number"), SESSIONS)
def test_every_fact_holds(name: str, number: int) -> None:
    session = sample_facts(name)["sessions"][number]
    image = load(name, session["start"], check_tags=True)
    assert image.problems == []
    assert image.namespace == Namespace.ROCK_RIDGE
    assert {node.path() for node in walk(image.root)} == {path_of(fact) for fact in session["nodes"]}
    assert image.nodes == len(session["nodes"]) - 1
    for fact in session["nodes"]:
        node = find_node(image.root, path_of(fact))
        assert node is not None
        check_node(node, fact, name)
    area = session["isofs_ca"]
    assert image.checksums is not None
    assert (image.checksums.start, image.checksums.end, image.checksums.count) == (
        area["start"],
        area["end"],
        area["count"],
    )
    assert image.session_md5.hex() == area["slot0"]
    assert image.volume_id.decode() == session["volume_id"]
    assert image.size_blocks == session["vol_space_size"]


def check_node(node: Node, fact: dict[str, Any], name: str) -> None:
    assert isinstance(node, KINDS.get(fact["type"], Special)), fact
    assert node.mode == int(fact["mode"], 8)
    assert (node.uid, node.gid) == (fact["uid"], fact["gid"])
    assert (node.mtime, node.atime, node.ctime) == tuple(
        seconds(fact[k]) for k in ("mtime", "atime", "ctime")
    )
    if isinstance(node, File):
        content = node.content
        assert [list(extent) for extent in content.extents] == fact["extents"]  # type: ignore[union-attr]
        assert content.size == fact["size"]
        if "cx" in fact:
            assert content.md5.hex() == fact["md5"]  # type: ignore[union-attr]
        else:
            assert content.md5 is None  # type: ignore[union-attr]
    if isinstance(node, Symlink):
        assert (
            node.target == bytes.fromhex(fact["target_hex"])
            if "target_hex" in fact
            else fact["target"].encode()
        )
    for key, value in fact.get("xattr", {}).items():
        assert node.attributes is not None
        assert node.attributes[key.encode()] == value.encode(), name


def test_head_leads_to_the_newest_session() -> None:
    newest = {node.path() for node in walk(load("two", 96).root)}
    assert {node.path() for node in walk(load("two", 0, check_tags=True).root)} == newest
    assert newest != {node.path() for node in walk(load("two", 32).root)}


def test_hard_links_share_their_content() -> None:
    root = load("rich", 0).root
    links: dict[int, list[bytes]] = {}
    for node in walk(root):
        if isinstance(node, File):
            links.setdefault(id(node.content), []).append(node.path())
    shared = [paths for paths in links.values() if len(paths) > 1]
    facts = sample_facts("rich")["sessions"][0]["nodes"]
    by_extent: dict[str, list[bytes]] = {}
    for fact in facts:
        if fact["type"] == "file":
            by_extent.setdefault(str(fact["extents"]), []).append(path_of(fact))
    assert sorted(map(sorted, shared)) == sorted(sorted(p) for p in by_extent.values() if len(p) > 1)
    assert shared


def test_without_md5() -> None:
    image = load("two", 0, want_md5=False)
    assert image.checksums is None
    assert all(node.content.md5 is None for node in walk(image.root) if isinstance(node, File))  # type: ignore[union-attr]


def test_joliet_tree() -> None:
    image = load("joliet", 0, namespaces=(Namespace.JOLIET,))
    assert image.namespace == Namespace.JOLIET
    assert image.has_joliet
    assert image.has_rock_ridge
    assert image.problems == []
    rock = load("joliet", 0)
    joliet_files = {node.content.extents for node in walk(image.root) if isinstance(node, File)}  # type: ignore[union-attr]
    rock_files = {node.content.extents for node in walk(rock.root) if isinstance(node, File)}  # type: ignore[union-attr]
    assert joliet_files <= rock_files
    assert joliet_files


def test_plain_tree() -> None:
    image = load("two", 0, namespaces=(Namespace.ISO,))
    names = {node.path() for node in walk(image.root)}
    assert {b"/KEEP.TXT", b"/SUB/DATA7000.BIN", b"/SYM"} <= names
    assert stat.S_IMODE(image.root.mode) == 0o555


def test_el_torito() -> None:
    image = load("eltorito", 0)
    assert image.boot_catalog is not None
    (boot,) = image.boot_catalog.images
    assert (boot.lba, boot.load_size, boot.is_bootable, image.boot_catalog.lba) == (34, 4, True, 33)


def test_metadata_is_read_in_large_runs() -> None:
    reads: list[tuple[int, int]] = []
    blocks = Blocks(sample_image("rich"))

    def read(lba: int, count: int) -> bytes:
        reads.append((lba, count))
        return blocks(lba, count)

    load_tree(read, 0)
    assert len(reads) < 12
    assert max(count for _, count in reads) * BLOCK <= 1 << 20


def test_nodes_have_all_their_fields() -> None:
    for name in SAMPLES:
        for node in walk(load(name, 0).root):
            assert {field.name for field in fields(node) if not hasattr(node, field.name)} == set()
            assert repr(node.attributes) is not None


def test_fast_and_careful_reading_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = [described(load(name, 0)) for name in SAMPLES]
    monkeypatch.setattr(FastReader, "_try", lambda *_: False)
    assert [described(load(name, 0)) for name in SAMPLES] == quick


def described(image: LoadedImage) -> list[object]:
    """All that is known of a tree, and which files share their content."""
    first: dict[int, bytes] = {}
    found: list[object] = [image.nodes, image.problems]
    for node in walk(image.root):
        own = {field.name: getattr(node, field.name) for field in fields(node)}
        for name in ("parent", "children", "content"):
            own.pop(name, None)
        if isinstance(node, File):
            own["shared"] = first.setdefault(id(node.content), node.path())
            own["content"] = repr(node.content)
        found.append((node.path(), own))
    return found
