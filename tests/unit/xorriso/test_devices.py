"""The lists of drives: order of columns, links, and what a user may not touch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from burnlab.burn.drive import DriveError, DriveEvent, ScannedDrive
from burnlab.xorriso.program import Program
from support.burn_program import World

BAR = "-" * 77
FIRST = ScannedDrive("/dev/sr0", "QEMU", "QEMU DVD-ROM", "rwrw--", ("/dev/cdrom", "/dev/dvd"))
SECOND = ScannedDrive("/dev/sr10", "LongVendor", "BD RW BD-5300S", "rw----")


def run(*words: str, drives: tuple[ScannedDrive, ...] = (FIRST, SECOND)) -> tuple[int, World]:
    world = World()
    environment = replace(world.environment(), scan_drives=lambda: list(drives))
    return Program(environment).run(list(words)), world


def test_drives_are_listed_in_columns() -> None:
    value, world = run("-devices")
    assert value == 0
    assert world.out == (
        "0  -dev '/dev/sr0'  rwrw-- :  'QEMU    ' 'QEMU DVD-ROM' \n"
        "1  -dev '/dev/sr10' rw---- :  'LongVend' 'BD RW BD-5300S' \n"
    )
    assert world.err == f"Beginning to scan for devices ...\nFull drive scan done\n{BAR}\n{BAR}\n"


@pytest.mark.parametrize(
    ("links", "shown"),
    [
        (("/dev/cdrom", "/dev/cdrw", "/dev/dvd"), "/dev/cdrw"),
        (("/dev/cdrom", "/dev/dvd1"), "/dev/dvd1"),
        (("/dev/dvdrw", "/dev/cdrw"), "/dev/dvdrw"),
        (("/dev/recorder",), "/dev/sr0"),
    ],
)
def test_the_most_telling_link_is_shown(links: tuple[str, ...], shown: str) -> None:
    _, world = run("-device_links", drives=(FIRST._replace(links=links),))
    assert world.out.startswith(f"0  -dev '{shown}' rwrw-- :  'QEMU    '")


def test_drives_of_others_are_not_listed_but_told_of() -> None:
    value, world = run("-devices", drives=(FIRST._replace(is_usable=False), SECOND))
    assert (value, world.out.count("\n")) == (0, 1)
    value, world = run("-devices", drives=(FIRST._replace(is_usable=False),))
    assert value == 32
    assert "xorriso : SORRY : No drives found\n" in world.err
    assert "burnlab : HINT : There is '/dev/sr0', but this user may not write to it" in world.err


def test_no_drives() -> None:
    value, world = run("-devices", drives=())
    assert (value, world.out) == (32, "")


def test_a_drive_that_fails_in_the_midst_of_a_command_ends_it_as_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_program: Program, _words: list[str]) -> None:
        events = (DriveEvent("FAILURE", "The drive is gone"), DriveEvent("HINT", "Look", "burnlab"))
        raise DriveError("gone", *events)

    monkeypatch.setattr("burnlab.xorriso.program.handler_of", lambda _command: fail)
    value, world = run("-list_formats")
    assert value == 5
    assert world.err.startswith("libburn : FAILURE : The drive is gone\nburnlab : HINT : Look\n")
