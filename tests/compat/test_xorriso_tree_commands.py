"""Commands on trees: the real xorriso and ours are given the same words and have to say and do the same."""

from __future__ import annotations

import difflib
import os
import shlex
import shutil
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.tree_command_lines import (
    COMMITS,
    COMPARING,
    DATES,
    EDITING,
    EXTRACTING,
    FINDING,
    INSERTING,
    LISTING,
    UNORDERED,
    WITHOUT_IMAGE,
)
from support.xorriso_pair import Outcome, masked, run_ours, run_real

pytestmark = [
    pytest.mark.compat,
    pytest.mark.skipif(shutil.which("xorriso") is None, reason="needs xorriso"),
]

LONG_AGO = 1577934245


def rows(text: str) -> list[str]:
    return text.strip().splitlines()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("tree_commands")
    source = base / "src"
    (source / "sub" / "deep").mkdir(parents=True)
    (source / "empty_dir").mkdir()
    (base / "src2").mkdir()
    contents = {
        "hello.txt": b"hello xorriso\n", "rand.bin": bytes(range(256)) * 400, "empty": b"", "sub/one": b"x",
        "sub/two.o": b"yy", "sub/deep/d1": b"deepfile", "it's": b"q", "with space": b"w", "new\nline": b"n",
        "ümlaut": b"u", "back\\slash": b"\\",
    }  # fmt: skip
    for name, data in contents.items():
        (source / name).write_bytes(data)
    (base / "src2" / "second.txt").write_bytes(b"second")
    for name, target in (("link", "hello.txt"), ("dirlink", "sub"), ("broken", "nowhere")):
        (source / name).symlink_to(target)
    os.mkfifo(source / "fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(source / "sock"))
    if os.geteuid() == 0:
        os.mknod(source / "bdev", stat.S_IFBLK | 0o644, os.makedev(7, 0))
        os.mknod(source / "cdev", stat.S_IFCHR | 0o644, os.makedev(1, 3))
        os.chown(source / "sub" / "one", 1000, 1001)
    (source / "hello.txt").chmod(0o4755)
    (source / "sub" / "one").chmod(0o600)
    shutil.copytree(
        source, base / "changed", symlinks=True, ignore=shutil.ignore_patterns("fifo", "sock", "?dev")
    )
    (base / "changed" / "empty").write_bytes(b"changed\n")
    (base / "changed" / "newdir").mkdir()
    (base / "changed" / "hello.txt").chmod(0o600)
    shutil.rmtree(base / "changed" / "sub" / "deep")
    (base / "changed" / "sub" / "deep").write_bytes(b"file")
    (base / "add.lst").write_text("src2\nsrc/hello.txt\n")
    (base / "quoted.lst").write_text('"src2"   src/hello.txt\n')
    (base / "not.lst").write_text("src/sub/one\n*.o\n\n")
    attributed = base / "with_attributes"
    (attributed / "d").mkdir(parents=True)
    (attributed / "f").write_bytes(b"f")
    for path in (attributed / "d", attributed / "f"):
        os.setxattr(path, "user.one", b"1")
        os.setxattr(path, "user.two", bytes(range(256)))
    subprocess.run(["setfacl", "-m", "u:5:rw,m::rw", str(attributed / "f")], check=False)
    for place in (source, base / "src2", attributed):
        for path in (place, *place.rglob("*")):
            os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=False)
    words = ["xorriso", "-md5", "on", "-outdev", "base.iso", "-add", "src", "src2"]
    subprocess.run(words, cwd=base, check=True, capture_output=True)
    os.utime(base, (LONG_AGO, LONG_AGO))
    return base


def words_of(line: str, world: Path, before: list[str]) -> list[str]:
    words = shlex.split(line.removeprefix(UNORDERED).replace("@", str(world)))
    return [*before, *words, "-rollback_end"] if words[-1] != "-commit" else [*before, *words]


def assert_same(line: str, real: Outcome, ours: Outcome) -> None:
    parts = []
    for name, theirs, mine in zip(Outcome._fields, real, ours, strict=True):
        a, b = str(theirs).splitlines(), str(mine).splitlines()
        if line.startswith(UNORDERED):
            a, b = sorted(a), sorted(b)
        if a != b:
            parts += difflib.unified_diff(a, b, f"real {name}", f"our {name}", lineterm="", n=1)
    assert not parts, line + "\n" + "\n".join(parts)


def compare_runs(line: str, world: Path, before: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)
    words = words_of(line, world, before)
    assert_same(line, run_real(words, world), run_ours(words, world))


LOADED = rows(LISTING) + rows(EDITING) + rows(FINDING) + rows(COMPARING)


@pytest.mark.parametrize("line", LOADED)
def test_on_a_loaded_image(line: str, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compare_runs(line, world, ["-indev", "base.iso"], monkeypatch)


@pytest.mark.parametrize("line", rows(WITHOUT_IMAGE))
def test_without_an_image(line: str, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compare_runs(line, world, [], monkeypatch)


@pytest.mark.parametrize("line", rows(INSERTING))
def test_on_a_blank_image(line: str, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compare_runs(line, world, ["-outdev", "new.iso"], monkeypatch)


@pytest.mark.parametrize("line", [line for line in LOADED if "-get_md5" in line or "md5" in line])
def test_with_checksums(line: str, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compare_runs(line, world, ["-md5", "on", "-indev", "base.iso"], monkeypatch)


@pytest.fixture
def far_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_zone")
def test_dates(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What words for times mean, as the real program sees it in an image of ours and in one of its own."""
    monkeypatch.chdir(world)
    words = ["-abort_on", "NEVER", "-outdev", "dates.iso"]
    for at, word in enumerate(rows(DATES)):
        words += ["-map", "src2/second.txt", f"/{at:02}", "-alter_date", "b-c", word, f"/{at:02}", "--"]
    found = []
    for run in (run_real, run_ours):
        outcome = run([*words, "-commit", "-rollback_end"], world)
        extract = ["-osirrox", "on", "-indev", "dates.iso", "-extract", "/", "out"]
        run_real(extract, world)
        times = {path.name: int(path.stat().st_mtime) for path in (world / "out").iterdir()}
        refused = [line for line in outcome.err.splitlines() if "timestring" in line]
        found.append((sorted(times.items()), refused))
        (world / "dates.iso").unlink()
        clear(world / "out")
    assert found[0] == found[1]
    assert len(found[0][0]) == len(rows(DATES))


def disk_tree(top: Path, *, with_times: bool) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for path in (top, *sorted(top.rglob("*"))) if os.path.lexists(top) else ():
        status = path.lstat()
        is_file = stat.S_ISREG(status.st_mode)
        content = path.read_bytes() if is_file else path.readlink() if path.is_symlink() else b""
        is_dated = with_times and not stat.S_ISLNK(status.st_mode)
        dated = int(status.st_mtime) if is_dated and status.st_mtime < LONG_AGO + 1 else "recent"
        found.append(
            (str(path.relative_to(top)), status.st_mode, status.st_uid, status.st_gid, dated, content)
        )
    return found


def clear(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("line", rows(EXTRACTING))
def test_extraction(line: str, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)
    words = words_of(line, world, ["-indev", "base.iso"])
    outcomes, trees = [], []
    for run in (run_real, run_ours):
        clear(world / "out")
        outcomes.append(run(words, world))
        trees.append(disk_tree(world / "out", with_times="-cp_rx" not in line))
    clear(world / "out")
    assert_same(line, *outcomes)
    assert trees[0] == trees[1]


def image_tree(image: Path) -> list[str]:
    words = [
        "xorriso",
        "-xattr",
        "on",
        "-md5",
        "on",
        "-indev",
        image.name,
        "-find",
        "/",
        "-exec",
        "lsdl",
        "--",
    ]
    words += ["-getfattr_r", "/", "--", "-check_md5_r", "sorry", "/", "--"]
    done = subprocess.run(words, cwd=image.parent, capture_output=True, text=True)
    return [str(done.returncode), *masked(done.stdout).splitlines()]


@pytest.mark.parametrize("line", rows(COMMITS))
def test_committed_trees(line: str, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)
    images = [world / "real.iso", world / "ours.iso"]
    for image, run in zip(images, (run_real, run_ours), strict=True):
        image.unlink(missing_ok=True)
        words = ["-xattr", "on", "-md5", "on", "-outdev", image.name, *shlex.split(line), "-end"]
        outcome = run(words, world)
        assert outcome.exit == 0, outcome.err
    trees = [image_tree(image) for image in images]
    for image in images:
        image.unlink()
    assert trees[0] == trees[1]
