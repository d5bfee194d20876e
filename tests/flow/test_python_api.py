"""The Python API: every example of its manual page, and what goes wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from burnlab.api import (
    DiscDrive,
    DriveError,
    ImageError,
    ImageOptions,
    MediumError,
    Status,
    TooLargeError,
    open_disc_drive,
)
from burnlab.iso9660.tree import Directory, find_node
from support.burning import DRIVE, Burner, at_write
from support.faulty_unit import WRITE_ERROR, Trouble

PAGE = Path(__file__).parent.parent.parent / "docs" / "manual" / "python.md"
BLOCK_OF_CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OPTIONS = ImageOptions(now=1_700_000_000, volume_id=b"TEST", md5=True)
TYPES = (
    "cd-r", "cd-rw", "dvd-r", "dvd-rw", "dvd+r", "dvd+r-dl", "bd-r",
    "dvd-rw-ovw", "dvd+rw", "dvd-ram", "bd-re",
)  # fmt: skip


@pytest.fixture
def burner(tmp_path: Path) -> Burner:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "data").write_bytes(b"d" * 1_000_001)
    return Burner(tmp_path)


def opened(burner: Burner) -> DiscDrive:
    return DiscDrive(burner.open_drive(DRIVE))


def rename(root: Directory) -> None:
    node = find_node(root, b"/data")
    assert node is not None
    root.remove(b"data")
    node.name = b"renamed"
    root.add(node)


def test_the_examples_of_the_manual(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    blocks = BLOCK_OF_CODE.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) >= 6
    for number, block in enumerate(blocks, 1):
        exec(compile(block, f"{PAGE.name}, block {number}", "exec"), names)
    out = capsys.readouterr().out
    for text in ("DVD-RW sequential recording BLANK", "100 %", "is not blank", "nowhere.disc"):
        assert text in out


@pytest.mark.parametrize("kind", TYPES)
def test_burn_append_verify_on_every_medium(kind: str, burner: Burner) -> None:
    burner.insert(kind)
    seen: list[tuple[int, int]] = []
    with opened(burner) as drive:
        assert drive.medium().status is Status.BLANK
        drive.burn(burner.folder / "tree", OPTIONS, progress=lambda *now: seen.append(now))
        assert seen[-1][0] == seen[-1][1] > 500
        assert drive.medium().status is Status.APPENDABLE
        drive.append(rename, OPTIONS)
        assert drive.medium().sessions == 2
        assert drive.verify() == []
        assert sorted(drive.image().root.children) == [b"renamed"]
    assert not burner.recorder.removal_prevented
    # And the burn program sees the same.
    said = burner.run("-md5", "on", "-indev", DRIVE, "-check_md5_r", "sorry", "/", "--")
    assert said.value == 0, said.err


def test_a_ready_image_is_replaced_on_overwritable_media(burner: Burner) -> None:
    burner.insert("dvd+rw")
    image = burner.folder / "image"
    with opened(burner) as drive:
        for fill in (b"1", b"2"):
            image.write_bytes(fill * 100_000)
            drive.burn_image(image)
            assert drive.read(0, 48) == (fill * 100_000).ljust(49 * 2048, b"\0")[: 48 * 2048]


def test_verify_tells_what_is_wrong(burner: Burner) -> None:
    burner.insert("dvd-ram")
    with opened(burner) as drive:
        drive.burn(burner.folder / "tree", OPTIONS)
        node = find_node(drive.image().root, b"/data")
        lba = node.content.extents[0][0]  # type: ignore[union-attr]
        drive.drive.write_at(lba, bytes(2048))
        (check,) = drive.verify()
        assert check.node.name == b"data"


def test_unfit_media(burner: Burner) -> None:
    with opened(burner) as drive:
        for action in (drive.blank, drive.format, drive.verify, lambda: drive.burn(burner.folder, OPTIONS)):
            with pytest.raises(MediumError, match="There is no medium in the drive"):
                action()  # type: ignore[operator]
    burner.insert("dvd+r")
    with opened(burner) as drive:
        with pytest.raises(ImageError, match="blank"):
            drive.image()
        with pytest.raises(MediumError, match="nothing to append to"):
            drive.append(rename, OPTIONS)
        drive.burn(burner.folder / "tree", OPTIONS, close=True)
        with pytest.raises(MediumError, match="can't be written"):
            drive.append(rename, OPTIONS)
        with pytest.raises(MediumError, match="can't be blanked"):
            drive.blank()


def test_too_large(burner: Burner) -> None:
    burner.insert("cd-r", 400)
    with opened(burner) as drive:
        free = drive.medium().free
        with pytest.raises(
            TooLargeError, match=rf"blocks of 2048 bytes are needed, {free} are free"
        ) as caught:
            drive.burn(burner.folder / "tree", OPTIONS)
        assert caught.value.free == free < caught.value.needed
        assert drive.medium().status is Status.BLANK


def test_a_write_error_has_sense_and_advice(burner: Burner) -> None:
    burner.insert("dvd-rw")
    with opened(burner) as drive:
        drive.burn(burner.folder / "tree", OPTIONS)
        burner.trouble(Trouble(0x2A, 10, WRITE_ERROR))
        with pytest.raises(DriveError, match=r"medium error, write error") as caught:
            drive.append(lambda _root: None, OPTIONS)
        assert str(caught.value.sense) == "3/0C/00"
        assert "What was there before is found with -load session 1" in caught.value.__notes__


def test_an_interrupted_burn_is_given_up_in_order(burner: Burner) -> None:
    burner.insert("bd-r")

    def interrupt() -> None:
        raise KeyboardInterrupt

    with opened(burner) as drive:
        burner.trouble(at_write(5, interrupt))
        with pytest.raises(KeyboardInterrupt) as caught:
            drive.burn(burner.folder / "tree", OPTIONS)
        assert caught.value.__notes__
        burner.trouble()
        assert drive.medium().status is Status.APPENDABLE
    assert not burner.recorder.removal_prevented


def test_no_such_drive(tmp_path: Path) -> None:
    with pytest.raises(DriveError):
        open_disc_drive(f"disc:{tmp_path / 'none.disc'}")
