"""An image of ours as isoinfo, bsdtar, 7zz, pycdlib and xorriso see it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pycdlib
import pytest

from burnlab.iso9660 import ImageOptions, grow_image, write_image
from support.foreign_readers import DIRECTORY, Seen, change_tree, make_tree, on_disk, run

pytestmark = pytest.mark.compat

OPTIONS = ImageOptions(now=1_600_000_000, md5=True, joliet=True)


@pytest.fixture(scope="module", params=["first", "grown"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Seen]:
    """An image with MD5, hard links and Joliet, of one session or of two, and the tree that it holds."""
    folder = tmp_path_factory.mktemp("readers")
    tree = make_tree(folder / "tree")
    image = folder / "ours.iso"
    write_image(tree, image, OPTIONS)
    if request.param == "grown":
        grow_image(image, change_tree(tree), OPTIONS)
    return image, on_disk(tree)


def files_of(seen: Seen) -> Seen:
    return {path: kind for path, kind in seen.items() if not kind.startswith("->")}


def test_isoinfo_lists_it_and_gives_contents(written: tuple[Path, Seen]) -> None:
    image, expected = written
    listed = run("isoinfo", "-R", "-f", "-i", image).splitlines()
    assert {line.removeprefix("/") for line in listed} == set(expected)
    text = run("isoinfo", "-R", "-x", "/Grüße.txt", "-i", image)
    assert hashlib.md5(text.encode()).hexdigest() == expected["Grüße.txt"]


def test_bsdtar_extracts_it(tmp_path: Path) -> None:
    """Of one session: bsdtar refuses continuation areas of grown images, xorriso's own ones as well."""
    tree = make_tree(tmp_path / "tree")
    write_image(tree, tmp_path / "ours.iso", OPTIONS)
    (tmp_path / "out").mkdir()
    run("bsdtar", "-xf", tmp_path / "ours.iso", "-C", tmp_path / "out")
    assert on_disk(tmp_path / "out") == on_disk(tree)


def test_7zz_extracts_it(written: tuple[Path, Seen], tmp_path: Path) -> None:
    image, expected = written
    # 7zz shows Joliet where there is one: no links, and names of at most 64 characters.
    run("7zz", "x", "-bd", f"-o{tmp_path}", image)
    seen = on_disk(tmp_path)
    short = {path: kind for path, kind in files_of(expected).items() if len(Path(path).name) <= 64}
    assert {path: seen.get(path) for path in short} == short


def test_pycdlib_reads_it(written: tuple[Path, Seen]) -> None:
    image, expected = written
    iso = pycdlib.PyCdlib()
    iso.open(str(image))
    seen: Seen = {}
    try:
        for folder, names, files in iso.walk(rr_path="/"):
            inside = folder.strip("/")
            for name in names:
                seen[f"{inside}/{name}".lstrip("/")] = DIRECTORY
            for name in files:
                path = f"{inside}/{name}".lstrip("/")
                record = iso.get_record(rr_path=f"/{path}")
                if record.rock_ridge.is_symlink():
                    seen[path] = f"-> {record.rock_ridge.symlink_path().decode()}"
                    continue
                data = io.BytesIO()
                iso.get_file_from_iso_fp(data, rr_path=f"/{path}")
                seen[path] = hashlib.md5(data.getvalue()).hexdigest()
    finally:
        iso.close()
    assert seen == expected


def test_xorriso_extracts_it_and_its_sums_match(written: tuple[Path, Seen], tmp_path: Path) -> None:
    image, expected = written
    said = run("xorriso", "-md5", "on", "-osirrox", "on", "-indev", image, "-check_md5_r", "sorry", "/", "--",
               "-extract", "/", tmp_path / "out")  # fmt: skip
    assert "File contents and their MD5 checksums match." in said
    assert on_disk(tmp_path / "out") == expected
