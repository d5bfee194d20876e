"""Linux's own initiator, open-iscsi, in a guest: discovery, CHAP both ways, digests, a burn, a new login."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from burnlab.iscsi.chap import ChapCredentials
from burnlab.iscsi.open_iscsi import (
    Session,
    discovery_argv,
    found_targets,
    login_argv,
    logout_argv,
    sessions,
    sessions_argv,
    settings,
    with_settings,
)
from burnlab.iscsi.server import DEFAULT_IQN as IQN
from burnlab.vm import MicroGuest, micro_guest
from burnlab.vm.command import CommandResult
from burnlab.vm.spec import HOST_ADDRESS
from support.served import ServedProcess, burnlab, info

pytestmark = pytest.mark.vm

CONF = "/etc/iscsi/iscsid.conf"
MATCH = "File contents and their MD5 checksums match."
US, IT = ("initiator", "a secret of sixteen"), ("recorder", "another one of it")
ONE_WAY, MUTUAL = ChapCredentials(*US), ChapCredentials(*US, *IT)


@dataclass
class Place:
    """A recorder that wants CHAP, and what starts it again."""

    folder: Path
    disc: Path
    served: ServedProcess

    @property
    def portal(self) -> str:
        """Where the guest finds it."""
        return f"{HOST_ADDRESS}:{self.served.port}"


def serve(folder: Path, disc: Path, port: int = 0) -> ServedProcess:
    """A recorder that wants to know who asks, and proves who it is if it is asked."""
    for name, secret in (("ours", US[1]), ("its", IT[1])):
        (folder / name).write_text(secret)
        (folder / name).chmod(0o600)
    chap = ("--chap-user", US[0], "--chap-secret-file", folder / "ours")
    mutual = ("--mutual-user", IT[0], "--mutual-secret-file", folder / "its")
    return ServedProcess(folder, disc, *map(str, (*chap, *mutual, "--announce", HOST_ADDRESS)), port=port)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("recorder")
    disc = folder / "rw.disc"
    made = burnlab("disc", "create", disc, "--type", "dvd-rw")
    assert made.returncode == 0, made.stderr
    found = Place(folder, disc, serve(folder, disc))
    yield found
    found.served.kill()


@pytest.fixture(scope="module")
def guest() -> Iterator[MicroGuest]:
    with micro_guest(programs=("xorriso", "open-iscsi"), network=True, progress=print) as running:
        said(
            running,
            "mkdir -p /run/lock; echo InitiatorName=iqn.2024-01.test:guest >/etc/iscsi/initiatorname.iscsi",
        )
        said(running, "iscsid -f >/tmp/iscsid.log 2>&1 &")
        yield running


def run(guest: MicroGuest, words: str | Sequence[str]) -> CommandResult:
    """Run a command."""
    return guest.run(words if isinstance(words, str) else shlex.join(words), timeout=120)


def said(guest: MicroGuest, words: str | Sequence[str]) -> str:
    """What a command that must end well says on its standard output."""
    done = run(guest, words)
    assert done.exit_code == 0, (
        f"{words}\n{done.stdout}\n{done.stderr}\n{run(guest, 'cat /tmp/iscsid.log').stdout}"
    )
    return done.stdout


def set_up(guest: MicroGuest, credentials: ChapCredentials | None, **digests: str) -> None:
    """Forget all targets, and take other settings for those that are found from now on."""
    run(guest, "iscsiadm -m node -o delete")
    text = with_settings(said(guest, f"cat {CONF}"), settings(credentials, **digests))
    said(guest, f"printf %s {shlex.quote(text)} >{CONF}")


def attach(guest: MicroGuest, place: Place) -> Session:
    """Find the target, log in, and wait for its drive."""
    assert found_targets(said(guest, discovery_argv(place.portal))) == [(place.portal, IQN)]
    said(guest, login_argv(IQN, place.portal))
    return settled(guest)


def settled(guest: MicroGuest) -> Session:
    """The session, once it is logged in and its drive is there."""
    for _ in range(200):
        shown = run(guest, sessions_argv()).stdout
        (session,) = sessions(shown)
        if session.state == "LOGGED IN" and session.devices:
            device = f"/dev/{session.devices[0]}"
            if run(guest, f"test -b {device}").exit_code == 0:
                return session
        time.sleep(0.1)
    raise AssertionError(shown)


def test_discovery_and_login_want_the_secret(guest: MicroGuest, place: Place) -> None:
    for credentials in (None, ChapCredentials(US[0], "a wrong secret 16"), ChapCredentials("other", US[1])):
        set_up(guest, credentials)
        refused = run(guest, discovery_argv(place.portal))
        assert refused.exit_code != 0, refused.stdout
    wrong_target = ChapCredentials(*US, IT[0], "not what it says")
    set_up(guest, wrong_target)
    assert run(guest, discovery_argv(place.portal)).exit_code != 0, "the target isn't who it should be"


@pytest.mark.parametrize(
    ("credentials", "header", "data"),
    [(ONE_WAY, "CRC32C", "None"), (MUTUAL, "None,CRC32C", "CRC32C")],
    ids=["one-way CHAP and header digests", "mutual CHAP and data digests"],
)
def test_login_and_logout(
    guest: MicroGuest, place: Place, credentials: ChapCredentials, header: str, data: str
) -> None:
    set_up(guest, credentials, header_digest=header, data_digest=data)
    session = attach(guest, place)
    assert (session.target, session.portal, session.devices) == (IQN, place.portal, ("sr1",))
    assert (session.header_digest, session.data_digest) == (header.partition(",")[0], data)
    listed = said(guest, "xorriso -devices")
    assert "'/dev/sr1'" in listed and "'burnlab ' 'BD-RE RECORDER'" in listed
    said(guest, logout_argv(IQN, place.portal))
    assert run(guest, sessions_argv()).exit_code != 0
    assert run(guest, "test -e /sys/block/sr1").exit_code != 0, "the drive has gone with the session"


def test_burn_with_both_digests_and_read_after_coming_back(guest: MicroGuest, place: Place) -> None:
    set_up(guest, MUTUAL, header_digest="CRC32C", data_digest="CRC32C")
    session = attach(guest, place)
    assert (session.header_digest, session.data_digest) == ("CRC32C", "CRC32C")
    said(guest, "mkdir -p /tmp/tree; head -c 900000 /dev/urandom >/tmp/tree/noise")
    burnt = run(guest, "xorriso -md5 on -outdev /dev/sr1 -add /tmp/tree --")
    assert burnt.exit_code == 0, burnt.stderr
    assert "Writing to '/dev/sr1' completed successfully." in burnt.stderr
    said(guest, logout_argv(IQN, place.portal))
    set_up(guest, ONE_WAY)
    attach(guest, place)
    check = "xorriso -md5 on -indev /dev/sr1 -check_md5_r sorry / --"
    assert MATCH in said(guest, check)
    assert info(place.disc)["sessions"][0]["number"] == 1


def test_a_recorder_that_was_away_is_found_again(guest: MicroGuest, place: Place) -> None:
    """The connection breaks, the recorder comes back at the same port: open-iscsi logs in by itself."""
    settled(guest)
    place.served.end()
    place.served = serve(place.folder, place.disc, place.served.port)
    assert run(guest, "xorriso -md5 on -indev /dev/sr1 -toc").exit_code == 0
    settled(guest)
    assert MATCH in said(guest, "xorriso -md5 on -indev /dev/sr1 -check_md5_r sorry / --")
    said(guest, logout_argv(IQN, place.portal))
