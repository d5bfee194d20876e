"""Trees through the burn program: from disk into an image and back, with what a hostile target can try."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from support.xorriso_pair import Outcome, run_ours


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "src"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "file").write_bytes(b"content")
    (source / "top").write_bytes(bytes(5000))
    (source / "link").symlink_to("/nowhere/at/all")
    done = run(tmp_path, "-md5", "on", "-outdev", "image.iso", "-map", "src", "/", "-end")
    assert done.exit == 0, done.err
    return tmp_path


def run(work: Path, *words: str) -> Outcome:
    return run_ours(list(words), work)


def test_there_and_back(work: Path) -> None:
    done = run(work, "-md5", "on", "-osirrox", "on", "-indev", "image.iso", "-extract", "/", "out")
    assert done.exit == 0, done.err
    for path in (work / "src").rglob("*"):
        twin = work / "out" / path.relative_to(work / "src")
        assert path.is_symlink() == twin.is_symlink()
        assert path.lstat().st_mode == twin.lstat().st_mode
        assert not path.is_file() or path.read_bytes() == twin.read_bytes()
    compared = run(work, "-indev", "image.iso", "-compare_r", "out", "/").out
    assert not [line for line in compared.splitlines() if "st_ctime" not in line and "(DISK)" in line]
    again = run(work, "-indev", "image.iso", "-update_r", "src", "/", "-changes_pending", "show_status")
    assert "No file object needed update." in again.err
    assert again.out == "-changes_pending no\n"


def test_update_takes_over_new_link_targets(work: Path) -> None:
    (work / "src" / "link").unlink()
    (work / "src" / "link").symlink_to("elsewhere")
    words = ["-dev", "image.iso", "-update_r", "src", "/", "-lsdl", "/link", "--", "-rollback_end"]
    done = run(work, *words)
    assert done.out.endswith("'/link' -> 'elsewhere'\n")
    assert "UPDATE : Deleted and re-added '/link'" in done.err
    compared = run(work, "-indev", "image.iso", "-compare", "src/link", "/link").out
    assert "target   :  'elsewhere'  <>  '/nowhere/at/all'" in compared


def test_links_in_the_target_lead_nowhere(work: Path) -> None:
    elsewhere = work / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_bytes(b"mine")
    out = work / "out"
    out.mkdir()
    (out / "sub").symlink_to(elsewhere)
    (out / "top").symlink_to(elsewhere / "precious")
    done = run(work, "-osirrox", "on", "-indev", "image.iso", "-extract", "/", "out")
    assert done.exit == 0, done.err
    assert [path.name for path in elsewhere.iterdir()] == ["precious"]
    assert (elsewhere / "precious").read_bytes() == b"mine"
    assert (out / "sub" / "file").read_bytes() == b"content"
    assert not (out / "sub").is_symlink() and not (out / "top").is_symlink()


def test_a_link_in_the_image_is_not_followed(work: Path) -> None:
    (work / "src" / "sub").joinpath("away").symlink_to(work / "elsewhere")
    (work / "elsewhere").mkdir()
    words = ["-outdev", "evil.iso", "-map", "src/sub", "/d", "-move", "/d/away", "/d/x", "-end"]
    assert run(work, *words).exit == 0
    assert run(work, "-osirrox", "on", "-indev", "evil.iso", "-extract", "/", "out").exit == 0
    # A second image has a directory where the first one left a link.
    assert run(work, "-outdev", "two.iso", "-map", "src/sub/file", "/d/x/file", "-end").exit == 0
    assert run(work, "-osirrox", "on", "-indev", "two.iso", "-extract", "/", "out").exit == 0
    assert list((work / "elsewhere").iterdir()) == []
    assert (work / "out" / "d" / "x" / "file").read_bytes() == b"content"


def test_pasting_does_not_follow_links(work: Path) -> None:
    (work / "precious").write_bytes(b"mine")
    (work / "out").symlink_to(work / "precious")
    for words in (["-paste_in", "/top", "out", "0", "10"], ["-extract_cut", "/top", "0", "10", "out"]):
        assert run(work, "-osirrox", "on", "-indev", "image.iso", *words).exit == 5
    assert (work / "precious").read_bytes() == b"mine"
    denied = run(work, "-indev", "image.iso", "-paste_in", "/top", "new", "0", "10")
    assert denied.exit == 5 and not (work / "new").exists()


def test_damaged_content_is_told(work: Path) -> None:
    image = bytearray((work / "image.iso").read_bytes())
    at = image.index(b"content")
    image[at] ^= 0xFF
    (work / "image.iso").write_bytes(image)
    done = run(work, "-md5", "on", "-osirrox", "on", "-indev", "image.iso", "-extract", "/", "out")
    assert "SORRY : MD5 of extracted data does not match recorded MD5 of file '/sub/file'" in done.err
    assert done.exit == 32
    checked = run(
        work, "-md5", "on", "-indev", "image.iso", "-find", "/", "-exec", "check_md5", "FAILURE", "--"
    )
    assert checked.out.splitlines()[0] == "MD5 MISMATCH: '/sub/file'"
    assert checked.exit == 5


def test_results_as_data(work: Path) -> None:
    words = [
        "-indev",
        "image.iso",
        "-json",
        "on",
        "-find",
        "/",
        "-type",
        "f",
        "--",
        "-lsl",
        "/sub",
        "--",
        "-du",
        "/",
        "--",
    ]
    lines = [json.loads(line) for line in run(work, *words).out.splitlines() if line.startswith("{")]
    data = [line["data"] for line in lines if "data" in line]
    assert [(entry["path"], entry.get("size")) for entry in data if "mode" in entry] == [
        ("/sub/file", 7), ("/top", 5000), ("/sub/file", 7),
    ]  # fmt: skip
    assert {"path": "/sub", "kib": 3} in data


def test_follow_does_not_loop(work: Path) -> None:
    (work / "src" / "sub" / "up").symlink_to("..")
    done = run(
        work,
        "-follow",
        "link",
        "-outdev",
        "loop.iso",
        "-map",
        "src/sub",
        "/s",
        "-find",
        "/",
        "--",
        "-rollback_end",
    )
    assert done.exit == 0
    assert len(done.out.splitlines()) < 20
    found = run(work, "-follow", "link", "-findx", "src/sub", "--", "-dux", "src/sub", "--")
    assert found.exit == 0
    assert len(found.out.splitlines()) < 40


def test_unreadable_names_survive(work: Path) -> None:
    name = os.fsdecode(b"caf\xe9 'x'\n")
    (work / "src" / name).write_bytes(b"odd")
    words = [
        "-outdev",
        "odd.iso",
        "-add",
        f"src/{name}",
        "--",
        "-find",
        "/",
        "-type",
        "f",
        "-exec",
        "echo",
        "--",
        "-end",
    ]
    done = run(work, *words)
    assert done.exit == 0
    shown = name.replace("'", "'\"'\"'")
    assert done.out == f"'/src/{shown}'\n"
    run(work, "-osirrox", "on", "-indev", "odd.iso", "-extract", "/", "out")
    assert (work / "out" / "src" / name).read_bytes() == b"odd"


def test_deep_trees(work: Path) -> None:
    deep = "/".join("d" for _ in range(1500))
    words = ["-outdev", "deep.iso", "-map", "src/sub/file", f"/{deep}/f", "-du", "/", "--", "-dus", "/", "--"]
    words += ["-find", "/", "-disk_name", "file", "--", "-clone", "/d", "/e", "-chmod_r", "go-w", "/", "--"]
    done = run(work, *words, "-rm_r", "/d", "--", "-rollback_end")
    assert done.exit == 0, done.err
    assert len(done.out.splitlines()) == 1501 + 1 + 1
    path = work
    for _ in range(300):
        path = path / "d"
    path.mkdir(parents=True)
    assert len(run(work, "-dux", "d", "--").out.splitlines()) == 300


def test_attributes_are_compared_and_updated(work: Path) -> None:
    try:
        os.setxattr(work / "src" / "top", "user.key", b"one")
    except OSError:
        pytest.skip("the filesystem has no extended attributes")
    words = ["-xattr", "on", "-dev", "image.iso", "-compare", "src/top", "/top", "-update_r", "src", "/"]
    done = run(work, *words, "-compare_r", "src", "/", "-getfattr", "/top", "--", "-rollback_end")
    assert " xattr    :  1 difference" in done.out.splitlines()
    assert "UPDATE : Adjusted attributes of '/top'" in done.err
    assert done.out.endswith('as far as expectable.\n# file: top\nuser.key="one"\n\n')
    unaware = run(work, "-indev", "image.iso", "-compare", "src/top", "/top")
    assert "xattr" not in unaware.out
