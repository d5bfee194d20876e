"""`burnlab disc` as a user types it: what works, and what bad input is told."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from burnlab.disc.state_file import STATE, read_state, write_state
from support.served import burnlab, info

BLOCK = 2048


def test_a_blank_disc_costs_kilobytes(tmp_path: Path) -> None:
    disc = tmp_path / "x.disc"
    assert burnlab("disc", "create", disc, "--type", "dvd-rw").returncode == 0
    report = info(disc)
    assert report == {
        "type": "dvd-rw",
        "profile": "0x0014",
        "state": "blank",
        "capacity_blocks": 2298496,
        "free_blocks": 2298496,
        "next_writable_address": 0,
        "sessions": [],
        "formatted_blocks": 0,
        "spare_blocks": 0,
        "product": "RITEKW04",
        "damaged_tracks": [],
        "in_use": None,
    }
    assert sum(f.stat().st_blocks * 512 for f in disc.iterdir()) < 64 * 1024


def test_an_image_goes_in_and_comes_out_again(tmp_path: Path) -> None:
    image = tmp_path / "in.iso"
    content = b"A" * 5 * BLOCK + bytes(3 << 20) + b"B" * 1000
    image.write_bytes(content)
    disc = tmp_path / "x.disc"
    assert burnlab("disc", "import", image, disc).returncode == 0
    report = info(disc)
    blocks = -(-len(content) // BLOCK)
    assert (report["type"], report["profile"], report["state"]) == ("dvd-rom", "0x0010", "closed")
    assert report["sessions"] == [{"number": 1, "start_lba": 0, "blocks": blocks, "tracks": 1}]
    out = tmp_path / "out.iso"
    assert burnlab("disc", "export", disc, out).stdout == f"{blocks} blocks\n"
    assert out.read_bytes() == content.ljust(blocks * BLOCK, b"\0")
    assert burnlab("disc", "export", disc, out).returncode == 1


def _foreign(path: Path) -> None:
    path.mkdir()


def _truncated(path: Path) -> None:
    image = path.with_suffix(".iso")
    image.write_bytes(bytes(64 * BLOCK - 1) + b"x")
    assert burnlab("disc", "import", image, path).returncode == 0
    with (path / "surface").open("r+b") as surface:
        surface.truncate(60 * BLOCK)


def _newer(path: Path) -> None:
    assert burnlab("disc", "create", path, "--type", "dvd-rw").returncode == 0
    with sqlite3.connect(path / "state.sqlite") as database:
        database.execute("PRAGMA user_version = 99")


def _no_database(path: Path) -> None:
    assert burnlab("disc", "create", path, "--type", "dvd-rw").returncode == 0
    (path / "state.sqlite").write_bytes(b"not a database at all" * 100)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_foreign, "is not a disc folder"),
        (_truncated, "the surface ends at block 60, but 64 are recorded"),
        (_newer, "has layout 99"),
        (_no_database, "no disc state can be read"),
    ],
)
@pytest.mark.parametrize("command", ["info", "export", "serve"])
def test_a_folder_that_is_no_disc(tmp_path: Path, spoil, told: str, command: str) -> None:  # type: ignore[no-untyped-def]
    disc = tmp_path / "x.disc"
    spoil(disc)
    words = {
        "info": ("disc", "info", disc),
        "export": ("disc", "export", disc, tmp_path / "out.iso"),
        "serve": (
            *("recorder", "serve", "--disc", disc, "--listen", "127.0.0.1:0"),
            *("--control", tmp_path / "panel"),
        ),
    }[command]
    result = burnlab(*words)
    assert result.returncode == 1
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 2, "a sentence and a hint"
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("words", "exit_value", "told"),
    [
        (("disc", "create", "X", "--type", "dvd-rx"), 2, "unknown medium type 'dvd-rx': use one of"),
        (("disc", "create", "X", "--type", "dvd-rom"), 1, "can't be blank"),
        (("disc", "create", "X", "--type", "dvd-rw", "--product", "THIRTEENCHARS"), 2, "doesn't fit"),
        (("disc", "create", "X", "--type", "dvd-rw", "--blocks", "-1"), 1, "out of range"),
        (("disc", "create", "no/such/X", "--type", "dvd-rw"), 1, "No such file or directory"),
        (("disc", "import", "no.iso", "X"), 1, "No such file or directory"),
        (("disc", "info", "no.disc"), 1, "is not a disc folder"),
        (("disc", "frobnicate"), 2, "No such command"),
        (("frobnicate",), 2, "No such command"),
    ],
)
def test_bad_words(tmp_path: Path, words: tuple[str, ...], exit_value: int, told: str) -> None:
    result = burnlab(*words, cwd=tmp_path)
    assert result.returncode == exit_value, result.stderr
    assert told in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "X").exists()


def test_an_existing_disc_is_never_touched(tmp_path: Path) -> None:
    disc = tmp_path / "x.disc"
    assert burnlab("disc", "create", disc, "--type", "dvd-rw", "--product", "MINE").returncode == 0
    again = burnlab("disc", "create", disc, "--type", "dvd-rw")
    assert again.returncode == 1
    assert "exists already" in again.stderr
    assert info(disc)["product"] == "MINE"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.disc"]


def test_a_copy_of_the_folder_is_a_disc(tmp_path: Path) -> None:
    disc = tmp_path / "x.disc"
    assert burnlab("disc", "create", disc, "--type", "dvd-rw").returncode == 0
    shutil.copytree(disc, tmp_path / "y.disc")
    assert json.dumps(info(tmp_path / "y.disc")) == json.dumps(info(disc))


def test_a_contradicting_state_is_told_and_mended(tmp_path: Path) -> None:
    """Two contradictions that one change mends: it is told once; another can't be mended."""
    path = tmp_path / "x.disc"
    assert burnlab("disc", "create", path, "--type", "dvd+r").returncode == 0
    state = read_state(path)
    (path / STATE).unlink()
    write_state(path, replace(state, closed_sessions=3, growing=True))
    refused = burnlab("disc", "info", path)
    assert refused.returncode != 0
    assert f"burnlab disc check {path}" in refused.stderr
    told = burnlab("disc", "check", path).stdout
    assert told.count("the state contradicts itself: ") == 2
    assert told.count("repair: count 0 closed sessions, forget that it is being formatted") == 1
    assert burnlab("disc", "repair", path, "--yes").returncode == 0
    assert burnlab("disc", "info", path).returncode == 0
    (path / STATE).unlink()
    write_state(path, replace(state, capacity_blocks=-3))
    told = burnlab("disc", "check", path).stdout
    assert "a capacity of -3 blocks is none" in told
    assert "this can't be repaired: copy the folder" in told
