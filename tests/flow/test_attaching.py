"""Attaching a recorder to a host of cardboard: what open-iscsi is told, and what is said of failures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from burnlab.iscsi.chap import ChapCredentials
from burnlab.iscsi.initiator_events import FoundTarget
from burnlab.iscsi.open_iscsi import TROUBLES, Trouble
from burnlab.iscsi.url import IscsiUrl, parse_url
from burnlab.lab.attaching import Attacher, AttachError, Said, ThisHost, only_target
from support.served import burnlab

IQN = "iqn.2024-01.org.burnlab:recorder"
URL = parse_url(f"iscsi://127.0.0.1:4000/{IQN}/0")
PORTAL = "127.0.0.1:4000"
RECORD = f"# BEGIN RECORD 2.1.8\nnode.name = {IQN}\nnode.startup = automatic\n# END RECORD\n"
SECRETS = ChapCredentials("me", "secret one", "it", "secret two")


@dataclass
class Cardboard:
    """A host with folders below `root`, an open-iscsi that keeps records, and a kernel that makes drives."""

    root: Path
    login: Said = field(default_factory=lambda: Said(0))
    other: dict[str, Said] = field(default_factory=dict)
    """What a command answers in place of the usual; named by its last word."""
    lun: int = 0
    drive: str = "sr1"
    argvs: list[list[str]] = field(default_factory=list)
    logged_in: bool = False
    slept: float = 0

    @property
    def record(self) -> Path:
        """Where open-iscsi keeps what it knows of the target."""
        return self.root / "etc/iscsi/nodes" / IQN / "127.0.0.1,4000,1" / "default"

    def obstacle(self) -> AttachError | None:
        """There is none."""
        return None

    def sleep(self, seconds: float) -> None:
        """Time passes; the kernel finds the drive after a while."""
        self.slept += seconds

    def run(self, argv: Sequence[str]) -> Said:
        """Do what open-iscsi would do."""
        self.argvs.append(list(argv))
        last = argv[-1]
        if last in self.other:
            return self.other[last]
        return {"3": self._show, "new": self._new, "delete": self._delete, "--login": self._login}.get(
            last, self._logout
        )()

    def _show(self) -> Said:
        if not self.logged_in:
            return Said(21, stderr="iscsiadm: No active sessions.")
        disk = f"\t\tAttached scsi disk {self.drive}\t\tState: running\n" if self.slept > 0.15 else ""
        return Said(0, f"Target: {IQN} (non-flash)\n\tCurrent Portal: {PORTAL},1\n{disk}")

    def _new(self) -> Said:
        self.record.parent.mkdir(parents=True)
        self.record.write_text(RECORD)
        return Said(0)

    def _delete(self) -> Said:
        self.record.unlink()
        return Said(0)

    def _login(self) -> Said:
        if self.login.exit_value == 0:
            self.logged_in = True
            self._make_drive()
        return self.login

    def _logout(self) -> Said:
        self.logged_in = False
        return Said(0)

    def _make_drive(self) -> None:
        device = self.root / f"sys/devices/host1/session1/target1:0:0/1:0:0:{self.lun}"
        (device / "scsi_generic/sg2").mkdir(parents=True)
        (device / "vendor").write_text("burnlab \n")
        (device / "model").write_text("BD-RE RECORDER  \n")
        block = self.root / "sys/class/block" / self.drive
        block.mkdir(parents=True)
        (block / "device").symlink_to(device)
        (self.root / "dev").mkdir()
        (self.root / "dev" / self.drive).touch()


@pytest.fixture
def host(tmp_path: Path) -> Cardboard:
    return Cardboard(tmp_path)


def test_attach_and_detach(host: Cardboard) -> None:
    drive = Attacher(host).attach(URL, SECRETS)
    assert (drive.node, drive.generic, drive.vendor, drive.product) == (
        *("/dev/sr1", "/dev/sg2"),
        *("burnlab ", "BD-RE RECORDER  "),
    )
    assert not drive.was_there
    lines = host.record.read_text().splitlines()
    for line in (
        "node.startup = manual",
        "node.session.auth.username = me",
        "node.session.auth.password = secret one",
        "node.session.auth.password_in = secret two",
    ):
        assert lines.count(line) == 1
    assert "node.startup = automatic" not in lines and lines[-1] == "# END RECORD"
    assert not any("discovery" in line for line in lines), (
        "iscsiadm would complain of those in a node's record"
    )
    assert host.record.stat().st_mode & 0o777 == 0o600
    assert "secret" not in str(host.argvs), "a list of processes shows no secret"

    assert Attacher(host).attach(URL, SECRETS).was_there
    assert Attacher(host).detach(URL) == "/dev/sr1"
    assert not host.record.exists() and not host.logged_in


def test_digests_of_the_address(host: Cardboard) -> None:
    Attacher(host).attach(parse_url(f"{URL}?header_digest=crc32c&data_digest=none-crc32c"))
    text = host.record.read_text()
    assert "node.conn[0].iscsi.HeaderDigest = CRC32C\n" in text
    assert "node.conn[0].iscsi.DataDigest = None,CRC32C\n" in text
    assert "node.session.auth.authmethod = None\n" in text


@pytest.mark.parametrize("trouble", TROUBLES)
def test_each_way_that_open_iscsi_fails(host: Cardboard, trouble: Trouble) -> None:
    """The message says what it means and what to do; the record that was made for it is gone again."""
    host.login = Said(trouble.value, stderr="iscsiadm: something of its own")
    with pytest.raises(AttachError) as caught:
        Attacher(host).attach(URL, SECRETS)
    assert (str(caught.value), caught.value.hint) == TROUBLES[trouble]
    assert not host.record.exists()


def test_a_failure_that_nobody_foresaw(host: Cardboard) -> None:
    host.login = Said(99, stderr="iscsiadm: first\niscsiadm: what is the matter\n")
    with pytest.raises(AttachError, match="what is the matter"):
        Attacher(host).attach(URL)
    host.other["new"] = Said(6)
    with pytest.raises(AttachError, match="can't keep its record"):
        Attacher(host).attach(URL)


def test_a_record_of_the_users_own_stays_if_the_login_fails(host: Cardboard) -> None:
    host.record.parent.mkdir(parents=True)
    host.record.write_text(RECORD)
    host.login = Said(24)
    with pytest.raises(AttachError, match="refused the name or secret"):
        Attacher(host).attach(URL, SECRETS)
    assert host.record.exists()


def test_records_where_they_are_kept_elsewhere(host: Cardboard, tmp_path: Path) -> None:
    """As a file, not a folder; and below /var/lib."""
    record = tmp_path / "var/lib/iscsi/nodes" / IQN / "127.0.0.1,4000"
    record.parent.mkdir(parents=True)
    record.write_text(RECORD)
    Attacher(host).attach(URL, SECRETS)
    assert "node.session.auth.username = me" in record.read_text()
    assert not any(argv[-1] == "new" for argv in host.argvs)


def test_no_drive_comes(host: Cardboard) -> None:
    """The session is there, but the kernel has no driver for it; or the drive is of another LUN."""
    host.drive = "sda"
    with pytest.raises(AttachError, match="no optical drive appeared") as caught:
        Attacher(host, settle_seconds=1).attach(URL)
    assert "modprobe sr_mod" in caught.value.hint
    assert 0.8 < host.slept < 1.2


def test_another_lun(host: Cardboard) -> None:
    host.lun = 1
    with pytest.raises(AttachError, match="no optical drive appeared"):
        Attacher(host, settle_seconds=1).attach(URL)


def test_detach_what_isnt_there_or_is_mounted(host: Cardboard, tmp_path: Path) -> None:
    with pytest.raises(AttachError, match="isn't logged in"):
        Attacher(host).detach(URL)
    Attacher(host).attach(URL)
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/mounts").write_text("/dev/sr1 /media/disc iso9660 ro 0 0\n")
    with pytest.raises(AttachError, match="mounted at /media/disc") as caught:
        Attacher(host).detach(URL)
    assert caught.value.hint.endswith("sudo umount /media/disc") and host.logged_in


def test_the_one_target() -> None:
    portal = IscsiUrl("127.0.0.1", 4000)
    assert only_target(portal, [FoundTarget(IQN)]) == URL
    with pytest.raises(AttachError, match="no target"):
        only_target(portal, [])
    with pytest.raises(AttachError, match="several targets") as caught:
        only_target(portal, [FoundTarget(IQN), FoundTarget(f"{IQN}2")])
    assert "iscsi://127.0.0.1:4000/IQN/0" in caught.value.hint


def test_the_target_that_this_host_is_logged_in_to(host: Cardboard) -> None:
    portal = IscsiUrl("127.0.0.1", 4000)
    with pytest.raises(AttachError, match="isn't logged in to any"):
        Attacher(host).only_target_at(portal)
    Attacher(host).attach(URL)
    assert Attacher(host).only_target_at(portal) == URL


def test_a_host_without_open_iscsi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("burnlab.lab.attaching._SBIN", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    obstacle = ThisHost().obstacle()
    assert obstacle is not None and "apt-get install open-iscsi" in obstacle.hint
    program = tmp_path / "iscsiadm"
    program.write_text("#!/bin/sh\necho $LC_ALL $*; exit 21\n")
    program.chmod(0o755)
    assert ThisHost().run(["iscsiadm", "-m", "session"]) == Said(21, "C -m session\n", "")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    obstacle = ThisHost().obstacle()
    assert obstacle is not None and "Become root: sudo" in obstacle.hint
    monkeypatch.setattr("sys.platform", "darwin")
    obstacle = ThisHost().obstacle()
    assert obstacle is not None and "isn't Linux" in str(obstacle)


def test_words_that_are_refused(tmp_path: Path) -> None:
    """Before anything is looked at: secrets in an address, half of CHAP, an address that is none."""
    secret = tmp_path / "secret"
    secret.write_text("a secret of sixteen")
    for words, told in (
        ([f"iscsi://me%word@127.0.0.1/{IQN}/0"], "list of processes"),
        (["127.0.0.1:port"], "'port' is no port"),
        (["--chap-user", "me"], "needs a name and a secret"),
        (["--mutual-user", "it", "--mutual-secret-file", secret], "Give --chap-user"),
    ):
        done = burnlab("recorder", "attach", *words)
        assert done.returncode == 2 and told in done.stderr
        assert "word@" not in done.stderr and "Traceback" not in done.stderr
