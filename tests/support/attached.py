"""A guest that stands for a Linux host: it has open-iscsi and burnlab's own command, and no drive at all."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from burnlab.vm import CommandResult, MicroGuest, Share, micro_guest
from burnlab.vm.images.with_burnlab import PACKAGE_TAG

PACKAGES = "packages"
BURNLAB = f"PYTHONPATH=/mnt/{PACKAGE_TAG}:/mnt/{PACKAGES} python3 -m burnlab"
PROGRAMS = ("xorriso", "open-iscsi", "python3", "c++-runtime")


@contextmanager
def host_guest(*shares: Share) -> Iterator[MicroGuest]:
    """A host with a network and an initiator's name; its iscsid isn't started yet."""
    packages = Share(Path(typer.__file__).parent.parent, PACKAGES)
    with micro_guest(
        programs=PROGRAMS,
        network=True,
        dvdrom=False,
        own_program=True,
        shares=[packages, *shares],
        progress=print,
    ) as guest:
        name = "InitiatorName=iqn.2024-01.test:host"
        done = guest.run(f"mkdir -p /run/lock; echo {name} >/etc/iscsi/initiatorname.iscsi")
        assert done.exit_code == 0, done.stderr
        yield guest


def start_daemon(guest: MicroGuest) -> None:
    """Start iscsid, as systemd would."""
    assert guest.run("iscsid -f >/tmp/iscsid.log 2>&1 &").exit_code == 0


def command(guest: MicroGuest, *words: str) -> CommandResult:
    """Run `burnlab` in the guest."""
    return guest.run(f"{BURNLAB} {shlex.join(words)}", timeout=180)
