"""`burnlab recorder attach` on a Linux host: a guest with open-iscsi gets a /dev/sr0."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from burnlab.iscsi.server import DEFAULT_IQN as IQN
from burnlab.vm import MicroGuest
from burnlab.vm.spec import HOST_ADDRESS
from support.attached import command, host_guest, start_daemon
from support.served import ServedProcess, burnlab, info

pytestmark = pytest.mark.vm

US, IT = ("initiator", "a secret of sixteen"), ("recorder", "another one of it")
CHAP = ("--chap-user", US[0], "--chap-secret-file", "/tmp/ours")
MUTUAL = ("--mutual-user", IT[0], "--mutual-secret-file", "/tmp/its")
SETTINGS = "/etc/iscsi/iscsid.conf"


@dataclass
class Place:
    """A recorder that wants CHAP, and the guest that stands for a host."""

    guest: MicroGuest
    disc: Path
    portal: str

    @property
    def url(self) -> str:
        """The recorder as the guest finds it."""
        return f"iscsi://{self.portal}/{IQN}/0"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("recorder")
    disc = folder / "rw.disc"
    made = burnlab("disc", "create", disc, "--type", "dvd-rw")
    assert made.returncode == 0, made.stderr
    for name, secret in (("ours", US[1]), ("its", IT[1])):
        (folder / name).write_text(secret)
        (folder / name).chmod(0o600)
    chap = ("--chap-user", US[0], "--chap-secret-file", folder / "ours")
    mutual = ("--mutual-user", IT[0], "--mutual-secret-file", folder / "its", "--announce", HOST_ADDRESS)
    with ServedProcess(folder, disc, *map(str, (*chap, *mutual))) as served, host_guest() as guest:
        for name, secret in (("ours", US[1]), ("its", IT[1]), ("wrong", "not a secret of it")):
            guest.run(f"umask 077; printf '{secret}' >/tmp/{name}")
        yield Place(guest, disc, f"{HOST_ADDRESS}:{served.port}")


def refused(place: Place, *words: str) -> str:
    """What `attach` says on stderr when it can't be done; it prints no node, and leaves no record behind."""
    done = command(place.guest, "recorder", "attach", *words)
    assert done.exit_code == 1, done.stdout + done.stderr
    assert done.stdout == "" and "Traceback" not in done.stderr
    assert place.guest.run("find /etc/iscsi/nodes -type f").stdout == ""
    return done.stderr


def test_each_thing_that_a_host_may_lack(place: Place) -> None:
    """In the order of a host that is being set up; the last of them is the daemon, which then stays."""
    guest = place.guest
    guest.run("mv /usr/sbin/iscsiadm /tmp/away")
    assert "apt-get install open-iscsi" in refused(place, place.url, *CHAP)
    guest.run("mv /tmp/away /usr/sbin/iscsiadm; printf '#!/bin/sh\\nexit 1\\n' >/tmp/no; chmod 755 /tmp/no")
    guest.run(f"sed -i '/^iscsid.startup/d' {SETTINGS}; echo 'iscsid.startup = /tmp/no' >>{SETTINGS}")
    said = refused(place, place.url, *CHAP)
    assert "iscsid, doesn't run" in said and "systemctl start iscsid" in said
    start_daemon(guest)
    assert "refused the name or secret" in refused(
        place, place.url, "--chap-user", US[0], "--chap-secret-file", "/tmp/wrong"
    )
    assert "refused" in refused(place, place.url)
    unserved = refused(place, f"iscsi://{HOST_ADDRESS}:9/{IQN}/0")
    assert re.search("nothing answers there|took too long", unserved) and "recorder status" in unserved


def test_attach_burn_and_detach(place: Place) -> None:
    guest = place.guest
    settings = guest.run(f"cat {SETTINGS}").stdout
    done = command(guest, "recorder", "attach", place.portal, *CHAP, *MUTUAL)
    assert (done.exit_code, done.stdout) == (0, "/dev/sr0\n"), done.stderr
    assert re.search(
        r"^/dev/sr0, /dev/sg0: 'burnlab ' 'BD-RE RECORDER  ' at iscsi://", done.stderr, re.MULTILINE
    )
    again = command(guest, "recorder", "attach", place.url, "--json")
    drive = json.loads(again.stdout)
    assert (drive["node"], drive["generic"], drive["was_there"]) == ("/dev/sr0", "/dev/sg0", True)

    guest.run("mkdir -p /tmp/tree; head -c 900000 /dev/urandom >/tmp/tree/noise")
    burnt = guest.run("xorriso -md5 on -outdev /dev/sr0 -add /tmp/tree --", timeout=120)
    assert "Writing to '/dev/sr0' completed successfully." in burnt.stderr, burnt.stderr
    check = guest.run("xorriso -md5 on -indev /dev/sr0 -check_md5_r sorry / --", timeout=120)
    assert "File contents and their MD5 checksums match." in check.stdout

    guest.run("mkdir -p /media; mount -t iso9660 -o ro /dev/sr0 /media")
    held = command(guest, "recorder", "detach", place.url)
    assert held.exit_code == 1 and "umount /media" in held.stderr, held.stderr
    guest.run("umount /media")
    gone = command(guest, "recorder", "detach", place.portal)
    assert gone.exit_code == 0, gone.stderr
    assert guest.run("test -e /sys/block/sr0").exit_code != 0, "the drive has gone with the session"
    assert guest.run("find /etc/iscsi/nodes -type f").stdout == "", "and the record with its secret, too"
    assert guest.run(f"cat {SETTINGS}").stdout == settings, "the host's own settings stay"
    twice = command(guest, "recorder", "detach", place.url)
    assert twice.exit_code == 1 and "isn't logged in" in twice.stderr
    assert info(place.disc)["sessions"][0]["number"] == 1
