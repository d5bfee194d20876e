"""A disc that a served recorder burns, and everybody else's commands on it meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from burnlab.burn.drive import DriveError, WriteRequest
from burnlab.burn.mmc import MmcDrive
from burnlab.cli import disc as cli
from burnlab.disc import Disc, WriteType
from burnlab.disc.folder import create, open_disc
from burnlab.iscsi.client import IscsiUnit
from support.drive import pattern
from support.served import ServedProcess, burnlab, info

BLOCK = 2048


def drive_at(served: ServedProcess, name: str) -> MmcDrive:
    """The drive, as one initiator has it."""
    unit = IscsiUnit.connect(served.url, initiator=f"iqn.2024-01.test:{name}")
    return MmcDrive(served.url, unit, time.sleep, unit.close)


def ignore(_done: float | None) -> None:
    """Progress that nobody looks at."""


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """A DVD-RW with one closed session of 64 blocks."""
    path = tmp_path / "x.disc"
    create(path, "dvd-rw")
    with closing(open_disc(path)) as disc:
        disc.write(0, pattern(0, 64), WriteType.INCREMENTAL)
        disc.close_track(1)
        disc.close_session(appendable=True)
    return path


@pytest.fixture
def served(tmp_path: Path, disc: Path) -> Iterator[ServedProcess]:
    """A recorder that has it in its tray."""
    with ServedProcess(tmp_path, disc) as process:
        yield process


def test_a_burn_and_everybody_else(tmp_path: Path, disc: Path, served: ServedProcess) -> None:
    with closing(drive_at(served, "first")) as drive, closing(drive_at(served, "second")) as other:
        lba = drive.medium().next_writable
        assert lba is not None
        drive.begin(WriteRequest(lba, 64, mode="tao"))
        drive.write(pattern(lba, 32))

        report = info(disc)
        assert [s["blocks"] for s in report["sessions"]] == [64]
        assert f"process {served.process.pid} (burnlab recorder serve" in report["in_use"]
        check = burnlab("disc", "check", disc)
        assert check.returncode == 0
        assert "in use by" in check.stdout
        repair = burnlab("disc", "repair", disc, "--yes")
        assert (repair.returncode, list(disc.glob("before-repair-*"))) == (0, [])
        assert burnlab("disc", "export", disc, tmp_path / "one.iso").stdout == "64 blocks\n"
        assert (tmp_path / "one.iso").read_bytes() == pattern(0, 64)

        for words in (
            ("recorder", "serve", "--disc", disc, "--listen", "127.0.0.1:0", "--control", tmp_path / "b"),
            ("xorriso", "-dev", f"disc:{disc}", "-toc"),
        ):
            refused = burnlab(*words)
            assert refused.returncode != 0
            assert f"in use by another recorder: process {served.process.pid}" in refused.stderr
            assert str(served.control) in refused.stderr, "where it can be ejected"

        assert other.read(0, 64) == pattern(0, 64)
        other.medium()
        drive.write(pattern(lba + 32, 32))
        drive.finish(ignore)
    assert burnlab("disc", "export", disc, tmp_path / "two.iso").returncode == 0
    assert (tmp_path / "two.iso").read_bytes()[lba * BLOCK :] == pattern(lba, 64)
    assert served.end() == ""
    assert info(disc)["in_use"] is None


def test_two_that_burn_at_once(disc: Path, served: ServedProcess) -> None:
    """The second one's session breaks the first one's burn: that one is told, and nothing is overwritten."""
    with closing(drive_at(served, "first")) as drive, closing(drive_at(served, "second")) as other:
        lba = drive.medium().next_writable
        assert lba is not None
        drive.begin(WriteRequest(lba, 64, mode="tao"))
        drive.write(pattern(lba, 32))
        other.begin(WriteRequest(lba + 32, 32, mode="tao"))
        other.write(pattern(lba + 32, 32))
        with pytest.raises(DriveError):
            drive.write(pattern(lba + 32, 32))
            drive.finish(ignore)
    with closing(open_disc_after(served, disc)) as seen:
        assert seen.read(0, 64) == pattern(0, 64)
        assert seen.read(lba, 64) == pattern(lba, 64)


def open_disc_after(served: ServedProcess, path: Path) -> Disc:
    """The disc, once its recorder has ended."""
    served.end()
    return open_disc(path)


def test_killed_with_two_on_it(disc: Path, served: ServedProcess) -> None:
    with closing(drive_at(served, "first")) as drive:
        lba = drive.medium().next_writable
        assert lba is not None
        drive.begin(WriteRequest(lba, 64, mode="tao"))
        drive.write(pattern(lba, 32))
        served.kill()
    assert (disc / "in-use").exists(), "the note of a process that was killed stays"
    assert info(disc)["in_use"] is None, "but nobody holds the disc"
    assert burnlab("disc", "check", disc).returncode == 0
    with closing(open_disc(disc)) as again:
        assert [t.blocks for t in again.state.tracks] == [64, 32]
    assert not (disc / "in-use").exists()


def test_an_export_that_fails_leaves_nothing(
    tmp_path: Path, disc: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The disc is blanked while it is exported: the half image goes away."""
    real = cli.export_image

    def blank_meanwhile(seen: Disc, image: Path) -> int:
        with closing(open_disc(disc)) as held:
            held.blank(full=True)
        return real(seen, image)

    monkeypatch.setattr(cli, "export_image", blank_meanwhile)
    with pytest.raises(Exception) as ended:
        cli.export(disc, tmp_path / "out.iso")
    assert getattr(ended.value, "exit_code", None) == 1
    assert "was written while it was read" in capsys.readouterr().err
    assert not (tmp_path / "out.iso").exists()


def test_an_export_never_removes_what_was_there(tmp_path: Path, disc: Path) -> None:
    (tmp_path / "out.iso").write_text("mine")
    assert burnlab("disc", "export", disc, tmp_path / "out.iso").returncode == 1
    assert (tmp_path / "out.iso").read_text() == "mine"
