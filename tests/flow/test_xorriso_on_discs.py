"""The burn program on emulated discs: every recordable medium, through a recorder in memory."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from burnlab.burn.drive import DriveError
from burnlab.cli.units import open_drive
from burnlab.disc.folder import create, export_image, open_disc
from burnlab.xorriso.environment import Environment
from burnlab.xorriso.messages import Streams
from burnlab.xorriso.program import Program
from support.served import info

SEQUENTIAL = ("cd-r", "cd-rw", "dvd-r", "dvd-rw", "dvd+r", "dvd+r-dl", "bd-r")
OVERWRITABLE = ("dvd-rw-ovw", "dvd+rw", "dvd-ram", "bd-re")
TYPES = (*SEQUENTIAL, *OVERWRITABLE)
NAMES = {
    "cd-r": "CD-R",
    "cd-rw": "CD-RW",
    "dvd-r": "DVD-R sequential recording",
    "dvd-rw": "DVD-RW sequential recording",
    "dvd-rw-ovw": "DVD-RW restricted overwrite",
    "dvd+r": "DVD+R",
    "dvd+r-dl": "DVD+R/DL",
    "dvd+rw": "DVD+RW",
    "dvd-ram": "DVD-RAM",
    "bd-r": "BD-R sequential recording",
    "bd-re": "BD-RE",
}
MATCH = "File contents and their MD5 checksums match.\n"
ROW = re.compile(r"^ISO session  : +(\d+) , +(\d+) , +(\d+)s , (.*)$", re.MULTILINE)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs the program's words in a folder with some trees: exit value, standard output, standard error."""
    for number in (1, 2, 3):
        tree = tmp_path / f"tree{number}"
        (tree / "deep").mkdir(parents=True)
        (tree / "data").write_bytes(os.urandom(70_001 * number))
        (tree / "deep" / "empty").write_bytes(b"")

    def run_words(*words: str) -> tuple[int, str, str]:
        out: list[str] = []
        err: list[str] = []
        environment = Environment(
            streams=Streams(out.append, err.append),
            directory=str(tmp_path),
            variables={},
            clock=time.time,
            monotonic=time.monotonic,
            sleep=time.sleep,
            read_line=lambda: "",
            open_drive=open_drive,
        )
        value = Program(environment).run(words)
        return value, "".join(out), "".join(err)

    return run_words


def add(run: Run, address: str, number: int, *more: str) -> str:
    words = ("-md5", "on", *more, "-dev", address, "-volid", f"S{number}", "-add", f"tree{number}", "--")
    value, _, err = run(*words)
    assert value == 0, err
    return err


def sessions(run: Run, address: str) -> list[tuple[int, int, int, str]]:
    value, out, err = run("-indev", address, "-toc")
    assert value == 0, err
    return [(int(n), int(start), int(size), name) for n, start, size, name in ROW.findall(out)]


@pytest.mark.parametrize("kind", TYPES)
def test_three_sessions(kind: str, run: Run, tmp_path: Path) -> None:
    disc = tmp_path / "x.disc"
    create(disc, kind)
    address = f"disc:{disc}"
    written = []
    for number in (1, 2, 3):
        said = add(run, address, number, "-close", "on" if number == 3 else "off")
        written += [int(n) for n in re.findall(r"^Written to medium : (\d+) sectors", said, re.MULTILINE)]
        value, out, err = run("-md5", "on", "-indev", address, "-check_md5_r", "sorry", "/", "--")
        assert (value, out) == (0, MATCH), err
    rows = sessions(run, address)
    assert [row[3] for row in rows] == ["S1", "S2", "S3"]
    assert [row[0] for row in rows] == [1, 2, 3]

    told = info(disc)
    if kind in SEQUENTIAL:
        assert told["state"] == "closed"
        assert [s["start_lba"] for s in told["sessions"]] == [row[1] for row in rows]
        assert [s["blocks"] for s in told["sessions"]] == written
    else:
        assert rows[0][1] == 32
        assert all(row[1] % 32 == 0 for row in rows)
    _, out, _ = run("-dev", address, "-toc")
    status = "is written , is closed" if kind in SEQUENTIAL else "is written , is appendable"
    assert f"Media current: {NAMES[kind]}\n" in out
    assert f"Media status : {status}\n" in out
    assert told["product"] in out

    value, out, err = run("-md5", "on", "-indev", address, "-check_media", "event=SORRY", "--")
    assert value == 0, err
    assert out.count("+ md5_match") == 3
    assert "unreadable" not in out

    value, out, err = run("-md5", "on", "-load", "session", "1", "-indev", address, "-ls", "/", "--")
    assert (value, out) == (0, "'tree1'\n"), err


@pytest.mark.parametrize("kind", SEQUENTIAL)
def test_a_closed_disc_takes_nothing(kind: str, run: Run, tmp_path: Path) -> None:
    disc = tmp_path / "x.disc"
    create(disc, kind)
    address = f"disc:{disc}"
    add(run, address, 1, "-close", "on")
    before = info(disc)
    value, _, err = run("-dev", address, "-add", "tree2", "--")
    assert value == 32
    assert "FAILURE" in err
    value, _, err = run("-outdev", address, "-add", "tree2", "--")
    assert value == 32
    assert "-indev differs from -outdev and -outdev media is not blank" in err
    value, _, err = run("-outdev", address, "-blank", "as_needed")
    if before["type"].endswith("rw"):
        assert value == 0, err
        assert info(disc)["state"] == "blank"
        add(run, address, 2)
        assert [row[3] for row in sessions(run, address)] == ["S2"]
    else:
        assert value == 5
        assert "Media is not of erasable type" in err
        assert info(disc) == before


@pytest.mark.parametrize("kind", ["cd-r", "cd-rw", "dvd-r", "dvd-rw"])
def test_simulation_leaves_no_trace(kind: str, run: Run, tmp_path: Path) -> None:
    disc = tmp_path / "x.disc"
    create(disc, kind)
    before = info(disc)
    value, _, err = run("-dummy", "on", "-outdev", f"disc:{disc}", "-add", "tree1", "--")
    assert value == 0, err
    assert "completed successfully" in err
    assert info(disc) == before


@pytest.mark.parametrize("kind", ["dvd+r", "bd-r", "dvd+rw", "dvd-ram", "bd-re"])
def test_what_cannot_simulate_says_so(kind: str, run: Run, tmp_path: Path) -> None:
    disc = tmp_path / "x.disc"
    create(disc, kind)
    before = info(disc)
    value, _, err = run("-dummy", "on", "-outdev", f"disc:{disc}", "-add", "tree1", "--")
    assert value == 32
    assert "libburn : SORRY : Drive offers no suitable write mode with this job" in err
    assert "simulation of write job not supported by drive and media" in err
    assert info(disc) == before


def test_a_dvd_rw_is_formatted_and_deformatted(run: Run, tmp_path: Path) -> None:
    disc = tmp_path / "x.disc"
    create(disc, "dvd-rw")
    address = f"disc:{disc}"
    value, _, err = run("-outdev", address, "-format", "as_needed")
    assert value == 0, err
    assert "Formatting done" in err
    assert info(disc)["type"] == "dvd-rw-ovw"
    add(run, address, 1)
    _, _, err = run("-outdev", address, "-format", "as_needed")
    assert "-format as_needed: no need for action detected" in err
    value, _, err = run("-outdev", address, "-blank", "deformat_quickest")
    assert value == 0, err
    assert "is blank , but will need -close on" in err
    value, _, err = run("-outdev", address, "-add", "tree1", "--")
    assert value == 32
    assert 'This DVD-RW media can only be written with -close "on"' in err
    add(run, address, 2, "-close", "on")
    _, _, err = run("-outdev", address, "-blank", "as_needed")
    assert "Mode 'fast' defaulted to mode 'all'" in err
    assert "Media status : is blank\n" in err
    add(run, address, 3)
    assert [row[3] for row in sessions(run, address)] == ["S3"]


def test_a_quick_format_is_written_in_parts(run: Run, tmp_path: Path) -> None:
    disc = tmp_path / "x.disc"
    create(disc, "dvd-rw")
    address = f"disc:{disc}"
    value, _, err = run("-outdev", address, "-format", "fast")
    assert value == 0, err
    assert info(disc)["formatted_blocks"] == 65536
    for number in (1, 2):
        add(run, address, number)
    value, out, err = run("-md5", "on", "-indev", address, "-check_md5_r", "sorry", "/", "--")
    assert (value, out) == (0, MATCH), err


def test_a_bd_re_gets_the_size_that_is_asked_for(run: Run, tmp_path: Path) -> None:
    disc = tmp_path / "x.disc"
    create(disc, "bd-re")
    address = f"disc:{disc}"
    value, out, err = run("-outdev", address, "-list_formats")
    assert value == 0, err
    assert "Format status: unformatted, up to 23866.0 MiB\n" in out
    assert "Format idx 4 : 30h , 12088320s , 23610.0 MiB\n" in out
    value, _, err = run("-outdev", address, "-format", "by_index_4", "-blank", "as_needed")
    assert value == 0, err
    _, out, _ = run("-outdev", address, "-list_formats")
    assert "Format status: formatted, with 23610.0 MiB\n" in out
    assert "BD Spare Area: 0 blocks consumed, 131072 blocks available\n" in out
    value, _, err = run("-outdev", address, "-format", "by_index_99")
    assert value == 5
    assert "-format by_index_99: format descriptors range from index 0 to 5" in err


def test_spares_of_a_bd_r(run: Run, tmp_path: Path) -> None:
    disc = tmp_path / "x.disc"
    create(disc, "bd-r")
    address = f"disc:{disc}"
    value, _, err = run("-outdev", address, "-format", "as_needed")
    assert value == 0, err
    assert info(disc)["spare_blocks"] == 393216
    add(run, address, 1)
    add(run, address, 2)
    assert [row[3] for row in sessions(run, address)] == ["S1", "S2"]


def test_a_disc_that_is_too_small(run: Run, tmp_path: Path) -> None:
    disc = tmp_path / "x.disc"
    create(disc, "dvd+r", capacity_blocks=160)
    value, _, err = run("-outdev", f"disc:{disc}", "-add", "tree3", "--")
    assert value == 32
    assert re.search(r"FAILURE : Image size \d+s exceeds free space on media 160s", err)
    assert info(disc)["state"] == "blank"


def test_lists_and_eject(run: Run, tmp_path: Path) -> None:
    disc = tmp_path / "x.disc"
    create(disc, "dvd-ram")
    address = f"disc:{disc}"
    _, out, _ = run("-outdev", address, "-list_profiles", "out")
    assert "Profile      : 0x0012 (DVD-RAM) (current)\n" in out
    _, out, _ = run("-outdev", address, "-list_speeds")
    assert re.search(r"^Write speed H: +22160k , 16.0xD$", out, re.MULTILINE)
    value, _, err = run("-dev", address, "-eject", "all", "-toc")
    assert value == 5
    assert "No input drive acquired on attempt to print Table Of Content" in err


def test_from_one_disc_to_another(run: Run, tmp_path: Path) -> None:
    for name, kind in (("a.disc", "dvd-rw"), ("b.disc", "bd-re")):
        create(tmp_path / name, kind)
    source, target = (f"disc:{tmp_path / name}" for name in ("a.disc", "b.disc"))
    for number in (1, 2):
        add(run, source, number)
    value, _, err = run("-md5", "on", "-indev", source, "-outdev", target, "-rm_r", "/tree1", "--", "-commit")
    assert value == 0, err
    value, out, err = run(
        "-md5", "on", "-indev", target, "-check_md5_r", "sorry", "/", "--", "-ls", "/", "--"
    )
    assert (value, out) == (0, MATCH + "'tree2'\n"), err


def test_what_is_no_disc(run: Run, tmp_path: Path) -> None:
    value, _, err = run("-indev", f"disc:{tmp_path}", "-toc")
    assert value == 5
    assert f"burnlab : FAILURE : {tmp_path} is not a disc folder" in err
    assert f"Cannot acquire drive 'disc:{tmp_path}'" in err


def test_a_disc_in_use(tmp_path: Path) -> None:
    disc = tmp_path / "x.disc"
    create(disc, "dvd+rw")
    drive = open_drive(f"disc:{disc}")
    with pytest.raises(DriveError, match="in use by another recorder"):
        open_drive(f"disc:{disc}")
    drive.close()
    open_drive(f"disc:{disc}").close()


@pytest.mark.compat
@pytest.mark.skipif(not shutil.which("xorriso"), reason="the real xorriso reads what is exported")
@pytest.mark.parametrize("kind", TYPES)
def test_the_real_program_reads_it(kind: str, run: Run, tmp_path: Path) -> None:
    disc_path = tmp_path / "x.disc"
    create(disc_path, kind)
    for number in (1, 2):
        add(run, f"disc:{disc_path}", number)
    rows = sessions(run, f"disc:{disc_path}")
    image, choice = disc_path / "surface", []
    if kind in SEQUENTIAL:
        image, choice = tmp_path / "exported", ["-load", "lba", str(rows[-1][1])]
        disc = open_disc(disc_path, read_only=True)
        export_image(disc, image)
        disc.close()
    check = ["-check_md5_r", "sorry", "/", "--", "-ls", "/", "--"]
    words = ["-md5", "on", *choice, "-indev", str(image), *check]
    done = subprocess.run(["xorriso", *words], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == MATCH + "'tree1'\n'tree2'\n"
