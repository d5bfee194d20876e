"""Images made by other programs, as ours sees them and as they see them themselves."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from hashlib import md5
from pathlib import Path

import pytest

from burnlab.iso9660 import check_image, extract_image
from burnlab.iso9660.ecma119 import BLOCK
from burnlab.iso9660.extract import ExtractOptions, ExtractProblem, extract_tree
from burnlab.iso9660.load import LoadedImage, load_tree
from burnlab.iso9660.media_check import check_media
from burnlab.iso9660.record_reader import Namespace
from burnlab.iso9660.sessions import aligned, emulated_sessions
from burnlab.iso9660.tree import File, find_node, walk
from burnlab.iso9660.verify import Verdict, check_files, check_session

pytestmark = pytest.mark.compat

Entry = tuple[int, int, bytes]
"""Mode, time of modification, and digest of content or target of a link."""


def run(*words: str | Path, cwd: Path | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
    if not shutil.which(str(words[0])):
        pytest.fail(f"{words[0]} is not installed")
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=120,
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def xorriso(*words: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    return run("xorriso", "-no_rc", *words, check=check)


def write(image: Path, source: Path, *settings: str) -> None:
    xorriso(*settings, "-outdev", f"stdio:{image}", "-map", source, "/", "-commit")


class Image:
    """An image file, read by blocks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.blocks = path.stat().st_size // BLOCK

    def __call__(self, lba: int, count: int) -> bytes:
        with self.path.open("rb") as file:
            return os.pread(file.fileno(), count * BLOCK, lba * BLOCK)

    def load(self, lba: int = 0, *namespaces: Namespace) -> LoadedImage:
        chosen = namespaces or tuple(Namespace)
        return load_tree(self, lba, check_tags=True, medium_blocks=self.blocks, namespaces=chosen)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A tree with all kinds of things that survive on any medium."""
    root = tmp_path / "source"
    (root / "folder" / "deeper").mkdir(parents=True)
    (root / "hello.txt").write_bytes(b"hello")
    (root / "empty").write_bytes(b"")
    (root / "folder" / "a name that is rather long for ISO 9660.document").write_bytes(b"x" * 5000)
    (root / "folder" / "deeper" / "blocks.bin").write_bytes(bytes(range(256)) * 16)
    (root / "folder" / "deeper" / ("n" * 200)).write_bytes(b"long name")
    (root / "gr\u00fc\u00dfe").write_bytes(b"umlaut")
    (root / "link").symlink_to("folder/deeper/blocks.bin")
    (root / "far").symlink_to("/" + "component/" * 20 + "end")
    (root / "same.txt").hardlink_to(root / "hello.txt")
    (root / "folder" / "deeper").chmod(0o711)
    (root / "hello.txt").chmod(0o640)
    for number, path in enumerate([*sorted(root.rglob("*")), root]):
        os.utime(path, (1_500_000_000, 1_600_000_000 + number), follow_symlinks=False)
    return root


def disk_tree(root: Path) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for path in [root, *root.rglob("*")]:
        state = path.lstat()
        if stat.S_ISLNK(state.st_mode):
            what = os.readlink(os.fsencode(path))  # noqa: PTH115 - Path would tidy it up
        else:
            what = md5(path.read_bytes()).digest() if stat.S_ISREG(state.st_mode) else b""
        found[str(path.relative_to(root))] = (state.st_mode, int(state.st_mtime), what)
    return found


def extracted(image: Image, lba: int, target: Path) -> dict[str, Entry]:
    problems: list[ExtractProblem] = []
    loaded = image.load(lba)
    assert loaded.problems == []
    extract_tree(image, loaded.root, os.fsencode(target), on_problem=problems.append)
    assert problems == []
    return disk_tree(target)


Maker = Callable[[Path, Path], object]


def by_xorriso(*settings: str) -> Maker:
    return lambda source, image: write(image, source, *settings)


MAKERS: dict[str, Maker] = {
    "plain": by_xorriso("-md5", "off"),
    "md5": by_xorriso("-md5", "on"),
    "moved": by_xorriso("-md5", "on", "-compliance", "deep_paths_off"),
    "hardlinks": by_xorriso("-md5", "on", "-hardlinks", "on"),
    "joliet": by_xorriso("-md5", "on", "-joliet", "on"),
    "backup": by_xorriso("-for_backup"),
    "rrip 1.12": by_xorriso("-md5", "on", "-compliance", "new_rr:aaip_susp_1_10_off"),
    "local times": by_xorriso("-compliance", "always_gmt_off:rec_mtime"),
    "mkisofs": lambda source, image: xorriso("-as", "mkisofs", "--md5", "-J", "-R", "-o", image, source),
    "genisoimage": lambda source, image: run(
        "genisoimage", "-quiet", "-R", "-J", "-input-charset", "utf-8", "-o", image, source
    ),
    "relocated": lambda source, image: run(
        "genisoimage", "-quiet", "-R", "-D", "-input-charset", "utf-8", "-o", image, source
    ),
    "bsdtar": lambda source, image: run(
        "bsdtar", "-c", "--format", "iso9660", "-f", image, "-C", source, "."
    ),
}


@pytest.mark.parametrize("maker", [maker for maker in MAKERS if maker != "bsdtar"])
def test_extraction_gives_the_source(maker: str, source: Path, tmp_path: Path) -> None:
    path = tmp_path / "image.iso"
    MAKERS[maker](source, path)
    assert extracted(Image(path), 0, tmp_path / "target") == disk_tree(source)


@pytest.mark.parametrize("maker", [*MAKERS])
def test_the_real_program_sees_the_same(maker: str, source: Path, tmp_path: Path) -> None:
    path = tmp_path / "image.iso"
    MAKERS[maker](source, path)
    target = tmp_path / "theirs"
    xorriso("-osirrox", "on", "-indev", path, "-extract", "/", target)
    assert without_link_times(extracted(Image(path), 0, tmp_path / "ours")) == without_link_times(
        disk_tree(target)
    )


def without_link_times(tree: dict[str, Entry]) -> dict[str, Entry]:
    """The real program doesn't restore them."""
    return {
        name: (mode, 0 if stat.S_ISLNK(mode) else mtime, what) for name, (mode, mtime, what) in tree.items()
    }


def test_deep_directories_that_were_moved(tmp_path: Path) -> None:
    root = tmp_path / "source"
    deep = root.joinpath(*(f"d{number}" for number in range(11)))
    deep.mkdir(parents=True)
    (deep / "bottom").write_bytes(b"deep")
    for number, path in enumerate([*sorted(root.rglob("*"), reverse=True), root]):
        os.utime(path, (1_500_000_000, 1_600_000_000 + number))
    path = tmp_path / "image.iso"
    run("genisoimage", "-quiet", "-R", "-o", path, tmp_path / "source")
    loaded = Image(path).load()
    assert find_node(loaded.root, os.fsencode(f"/{deep.relative_to(tmp_path / 'source')}/bottom"))
    xorriso("-osirrox", "on", "-indev", path, "-extract", "/", tmp_path / "theirs")
    assert extracted(Image(path), 0, tmp_path / "ours") == disk_tree(tmp_path / "theirs")


def paths_by_xorriso(path: Path, *settings: str) -> set[str]:
    found = xorriso(*settings, "-indev", path, "-find", "/", "-exec", "echo").stdout
    return {line[1:-1] for line in found.splitlines()}


@pytest.mark.parametrize(
    ("namespace", "setting"), [(Namespace.JOLIET, "norock"), (Namespace.ISO, "ecma")], ids=["joliet", "plain"]
)
def test_other_trees(namespace: Namespace, setting: str, source: Path, tmp_path: Path) -> None:
    path = tmp_path / "image.iso"
    run("genisoimage", "-quiet", "-R", "-J", "-input-charset", "utf-8", "-o", path, source)
    if namespace == Namespace.ISO:
        run("genisoimage", "-quiet", "-input-charset", "utf-8", "-o", path, source, check=False)
    loaded = Image(path).load(0, namespace)
    ours = {os.fsdecode(node.path()) for node in walk(loaded.root)}
    assert ours == paths_by_xorriso(path, "-read_fs", "any" if namespace == Namespace.ISO else setting)


def test_images_of_pycdlib(tmp_path: Path) -> None:
    import io

    import pycdlib  # type: ignore[import-untyped]

    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, rock_ridge="1.12", joliet=3)
    iso.add_directory("/DIR1", rr_name="dir1", joliet_path="/dir1")
    data = b"pycdlib" * 1000
    iso.add_fp(io.BytesIO(data), len(data), "/DIR1/FOO.;1", rr_name="foo.txt", joliet_path="/dir1/foo.txt")
    iso.add_symlink("/SYM.;1", rr_symlink_name="sym", rr_path="dir1/foo.txt")
    path = tmp_path / "image.iso"
    iso.write(str(path))
    iso.close()
    loaded = Image(path).load()
    assert loaded.problems == []
    assert {node.path() for node in walk(loaded.root)} == {b"/", b"/dir1", b"/dir1/foo.txt", b"/sym"}
    extract_tree(Image(path), loaded.root, os.fsencode(tmp_path / "t"))
    assert (tmp_path / "t" / "sym").read_bytes() == data


# Several sessions.


def grown(source: Path, path: Path) -> None:
    write(path, source, "-md5", "on")
    drive = ("-md5", "on", "-dev", f"stdio:{path}")
    more = source.parent / "more"
    more.write_bytes(b"more" * 1000)
    xorriso(*drive, "-map", more, "/more", "-rm", "/hello.txt", "--", "-commit")
    xorriso(*drive, "-map", more, "/folder/again", "-chmod", "0600", "/more", "--")


def columns(text: str, label: str) -> list[list[str]]:
    """The numbers and words behind a label, line by line."""
    lines = [line for line in text.splitlines() if line.startswith(label)]
    return [line.split(":", 1)[1].replace(",", " ").split() for line in lines]


def test_sessions(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "image.iso"
    grown(source, path)
    image = Image(path)
    sessions, warnings = emulated_sessions(image, image(0, 32), image.blocks)
    assert warnings == []
    toc = columns(xorriso("-indev", path, "-toc").stdout, "ISO session")
    assert [(span.start, span.blocks) for span in sessions] == [
        (int(t[1]), int(t[2].rstrip("s"))) for t in toc
    ]
    assert len(sessions) == 3
    for span in sessions:
        theirs = paths_by_xorriso(path, "-load", "lba", str(span.start))
        assert {os.fsdecode(node.path()) for node in walk(image.load(span.start).root)} == theirs
    check = check_media(image, [(span.start, span.blocks) for span in sessions], image.blocks)
    told = xorriso("-md5", "on", "-indev", path, "-check_media", "--").stdout
    ranges = [
        [str(found.lba), str(found.blocks), "+", "md5_match"] for found in check.ranges if found.matches
    ]
    assert ranges == columns(told, "MD5 tag range")
    regions = [[str(region.lba), str(region.blocks), region.quality.value] for region in check.regions]
    assert regions == [[c[0], c[1], c[3]] for c in columns(told, "Media region")]


def test_sequential_sessions(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "image.raw"
    write(path, source, "-md5", "on", "-compliance", "no_emul_toc")
    base = aligned(path.stat().st_size // BLOCK, 16) + 16
    second = tmp_path / "second.raw"
    with second.open("wb") as out:
        words = ["xorriso", "-no_rc", "-md5", "on", "-indev", f"stdio:{path}", "-grow_blindly", str(base)]
        words += [
            "-outdev",
            f"stdio:/dev/fd/{out.fileno()}",
            "-map",
            str(source / "hello.txt"),
            "/second",
            "-commit",
        ]
        subprocess.run(words, pass_fds=(out.fileno(),), capture_output=True, check=True, timeout=60)
    with path.open("r+b") as whole:
        whole.seek(base * BLOCK)
        whole.write(second.read_bytes())
    image = Image(path)
    loaded = image.load(base)
    assert loaded.problems == []
    assert find_node(loaded.root, b"/second") is not None
    files = [node for node in walk(loaded.root) if isinstance(node, File)]
    assert {check.verdict for check in check_files(image, files)} == {Verdict.MATCH}
    assert loaded.checksums is not None
    assert check_session(image, loaded.checksums, loaded.session_md5) is Verdict.MATCH


# Checksums.


def test_mismatches_are_the_same_as_told_by_the_real_program(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "image.iso"
    grown(source, path)
    image = Image(path)
    loaded = image.load()
    spoiled = [b"/folder/deeper/blocks.bin", b"/more"]
    with path.open("r+b") as file:
        for name in spoiled:
            node = find_node(loaded.root, name)
            assert isinstance(node, File)
            file.seek(node.content.extents[0].lba * BLOCK + 100)  # type: ignore[union-attr]
            file.write(b"spoiled")
    files = [node for node in walk(loaded.root) if isinstance(node, File)]
    ours = [check.node.path() for check in check_files(image, files) if check.verdict is Verdict.MISMATCH]
    told = xorriso("-md5", "on", "-indev", path, "-check_md5_r", "sorry", "/", "--", check=False)
    assert told.returncode == 32
    bad = [line for line in told.stdout.splitlines() if line.startswith("MD5 MISMATCH")]
    theirs = [line.split("'")[1].encode() for line in bad]
    assert sorted(ours) == sorted(theirs)
    assert b"/more" in ours


def test_attributes_and_acl(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    file = source / "f"
    file.write_bytes(b"x")
    try:
        os.setxattr(file, "user.mime", b"text/plain")
        os.setxattr(file, "user.long", bytes(range(1, 256)) * 10)
        run("setfacl", "-m", "u:1000:rw,g:33:r", file)
    except OSError:
        pytest.skip("the file system has no extended attributes")
    path = tmp_path / "image.iso"
    write(path, source, "-xattr", "on", "-acl", "on", "-md5", "on")
    problems: list[ExtractProblem] = []
    image = Image(path)
    extract_tree(image, image.load().root, os.fsencode(tmp_path / "t"), on_problem=problems.append)
    assert problems == []
    names = sorted(os.listxattr(file))
    assert sorted(os.listxattr(tmp_path / "t" / "f")) == names
    for name in names:
        assert os.getxattr(tmp_path / "t" / "f", name) == os.getxattr(file, name)


def test_hard_links_come_back(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "image.iso"
    MAKERS["hardlinks"](source, path)
    image = Image(path)
    options = ExtractOptions(hardlinks=True)
    extract_tree(image, image.load().root, os.fsencode(tmp_path / "t"), options)
    assert (tmp_path / "t" / "hello.txt").stat().st_ino == (tmp_path / "t" / "same.txt").stat().st_ino
    assert (tmp_path / "t" / "empty").stat().st_nlink == 1


def test_the_front_of_the_library(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "image.iso"
    MAKERS["md5"](source, path)
    checks = check_image(path)
    assert {check.verdict for check in checks} == {Verdict.MATCH}
    assert b"/hello.txt" in {check.node.path() for check in checks}
    summary = extract_image(path, tmp_path / "t", b"/folder")
    assert summary.problems == 0
    assert disk_tree(tmp_path / "t") == disk_tree(source / "folder")
