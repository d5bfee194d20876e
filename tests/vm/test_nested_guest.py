"""A drive of a host in a guest, without a drive: the host is a guest, its /dev/sr0 our recorder.

In it `burnlab vm start --recorder` boots a second guest, which burns. That takes minutes: it is for
`make nested`, not for `make test`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from burnlab.vm import DebianGuest
from burnlab.vm.command import CommandResult
from support.nested import host_in_a_guest
from support.served import ServedProcess, burn, burnlab, info

pytestmark = [pytest.mark.vm, pytest.mark.timeout(3600)]

PATIENCE = 1500.0
START = "burnlab vm start --guest micro --memory 256 --cpus 1 --timeout 1200 --recorder"
BURN = (
    "xorriso -abort_on FAILURE -md5 on -outdev /dev/sr1 -close on -map /etc/burnlab /b -map /bin/busybox /x"
)
CHECK = "xorriso -abort_on FAILURE -md5 on -indev /dev/sr1 -check_md5_r sorry / --"
MATCH = "File contents and their MD5 checksums match."


@dataclass
class Room:
    """The host that is a guest, and the recorder that it takes for its own."""

    folder: Path
    served: ServedProcess
    host: DebianGuest
    discs: int = 0

    def insert(self, medium: str) -> Path:
        """Put a new disc into the recorder."""
        self.discs += 1
        path = self.folder / f"{self.discs}.disc"
        assert burnlab("disc", "create", path, "--type", medium).returncode == 0
        loaded = burnlab("recorder", "load", path, "--control", self.served.control)
        assert loaded.returncode == 0, loaded.stderr
        return path

    def eject(self) -> None:
        """Empty the tray."""
        burnlab("recorder", "eject", "--force", "--control", self.served.control)

    def run(self, command: str, exit_code: int | None = 0, timeout: float = PATIENCE) -> CommandResult:
        """Run a command on the host as its normal user; the time it took is told."""
        done = self.host.run(
            command, timeout=timeout, on_line=lambda _name, line: print(f"  {line}", flush=True)
        )
        print(f"{done.seconds:6.0f} s  {command}", flush=True)
        assert exit_code is None or done.exit_code == exit_code, f"{done.stdout}\n{done.stderr}"
        return done

    def inside(self, command: str, exit_code: int | None = 0) -> CommandResult:
        """Run a command in the guest within the guest."""
        return self.run(f"burnlab vm ssh -- {command}", exit_code)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("recorder")
    began = time.monotonic()
    with ServedProcess(folder, None) as served, host_in_a_guest(served.url) as host:
        print(f"{time.monotonic() - began:6.0f} s  the host is up", flush=True)
        yield Room(folder, served, host)
        print(f"{time.monotonic() - began:6.0f} s  in all", flush=True)


@pytest.fixture
def tray(room: Room) -> Iterator[Room]:
    """The room with an empty tray, and without a guest in the end."""
    room.eject()
    yield room
    room.run("burnlab vm stop --all --now", None)


def burns_and_verifies(room: Room, disc: Path) -> None:
    """Burn, close and check-read inside; look at the disc outside."""
    room.inside(BURN)
    assert MATCH in room.inside(CHECK).stdout
    room.run("burnlab vm stop --now")
    report = info(disc)
    assert (report["state"], len(report["sessions"])) == ("closed", 1)
    room.eject()
    assert burnlab("disc", "check", disc).returncode == 0
    image = disc.with_suffix(".iso")
    assert burnlab("disc", "export", disc, image).returncode == 0
    checked = burn(room.folder, "-md5", "on", "-indev", image.name, "-check_md5_r", "sorry", "/", "--")
    assert checked.returncode == 0 and MATCH in checked.stdout, checked.stderr


def test_a_blank_medium_at_start(tray: Room) -> None:
    disc = tray.insert("dvd-rw")
    started = tray.run(f"{START} /dev/sr0")
    assert "holds DVD-RW, blank" in started.stderr
    # What the host may still do with a drive that a guest has: nothing.
    second = tray.run(f"{START} /dev/sg0 --name second", 3)
    assert "/dev/sg0 is in use by burnlab-default (process " in second.stderr
    other = tray.run("xorriso -outdev /dev/sr0 -toc", None)
    assert other.exit_code != 0 and "busy" in other.stderr
    burns_and_verifies(tray, disc)


def test_an_empty_tray_at_start(tray: Room) -> None:
    started = tray.run(f"{START} /dev/sr0")
    assert "its tray is open" in started.stderr or "no medium is in it" in started.stderr
    asked = tray.inside("xorriso -outdev /dev/sr1 -toc", None)
    assert "Media status : is not present" in asked.stdout + asked.stderr
    burns_and_verifies(tray, tray.insert("bd-r"))


def test_the_generic_node(tray: Room) -> None:
    disc = tray.insert("dvd+r")
    started = tray.run(f"{START} /dev/sg0")
    assert "holds DVD+R, blank" in started.stderr
    burns_and_verifies(tray, disc)
