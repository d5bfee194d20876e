"""What open-iscsi is told, and how what it tells is read; texts as iscsiadm 2.1.8 printed them."""

from __future__ import annotations

from burnlab.iscsi.chap import ChapCredentials
from burnlab.iscsi.open_iscsi import (
    END_OF_RECORD,
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
from burnlab.iscsi.server import announced

IQN = "iqn.2024-01.org.burnlab:recorder"
PORTAL = "10.0.2.2:36313"

SESSIONS = """iSCSI Transport Class version 2.0-870
version 2.1.8
Target: iqn.2024-01.org.burnlab:recorder (non-flash)
	Current Portal: 10.0.2.2:36313,1
	Persistent Portal: 10.0.2.2:36313,1
		**********
		Interface:
		**********
		Iface Name: default
		Iface Transport: tcp
		SID: 1
		iSCSI Connection State: LOGGED IN
		iSCSI Session State: LOGGED_IN
		************************
		Negotiated iSCSI params:
		************************
		HeaderDigest: CRC32C
		DataDigest: None
		MaxRecvDataSegmentLength: 262144
		************************
		Attached SCSI devices:
		************************
		Host Number: 1	State: running
		scsi1 Channel 00 Id 0 Lun: 0
			Attached scsi disk sr1		State: running
Target: iqn.2024-01.org.burnlab:other (non-flash)
	Current Portal: 10.0.2.2:36314,1
		SID: 2
		iSCSI Connection State: TRANSPORT WAIT
		************************
		Attached SCSI devices:
		************************
		Host Number: 2	State: running
		scsi2 Channel 00 Id 0 Lun: 0
"""


def test_commands() -> None:
    assert " ".join(discovery_argv(PORTAL)) == f"iscsiadm -m discovery -t sendtargets -p {PORTAL}"
    assert " ".join(login_argv(IQN, PORTAL)) == f"iscsiadm -m node -T {IQN} -p {PORTAL} --login"
    assert " ".join(logout_argv(IQN, PORTAL)) == f"iscsiadm -m node -T {IQN} -p {PORTAL} --logout"
    assert " ".join(sessions_argv()) == "iscsiadm -m session -P 3"


def test_found_targets() -> None:
    assert found_targets(f"{PORTAL},1 {IQN}\n[::1]:3260,-1 {IQN}:b\n\n") == [
        (PORTAL, IQN),
        ("[::1]:3260", f"{IQN}:b"),
    ]


def test_sessions() -> None:
    assert sessions(SESSIONS) == [
        Session(IQN, PORTAL, "LOGGED IN", "CRC32C", "None", ("sr1",)),
        Session("iqn.2024-01.org.burnlab:other", "10.0.2.2:36314", "TRANSPORT WAIT", "", "", ()),
    ]
    assert sessions("iscsiadm: No active sessions.\n") == []


def test_settings_of_a_record() -> None:
    record = (
        "# BEGIN RECORD 2.1.8\nnode.name = x\nnode.session.auth.authmethod = None\n"
        "node.session.auth.chap_algs = MD5\nnode.conn[0].iscsi.HeaderDigest = None\n# END RECORD\n"
    )
    told = with_settings(
        record,
        settings(ChapCredentials("me", "secret one", "it", "secret two"), header_digest="CRC32C"),
    )
    lines = told.splitlines()
    assert lines[:3] == ["# BEGIN RECORD 2.1.8", "node.name = x", "node.session.auth.chap_algs = MD5"]
    assert lines[-1] == END_OF_RECORD
    for line in (
        "node.session.auth.authmethod = CHAP",
        "node.session.auth.username = me",
        "node.session.auth.password = secret one",
        "node.session.auth.username_in = it",
        "node.session.auth.password_in = secret two",
        "discovery.sendtargets.auth.password = secret one",
        "node.conn[0].iscsi.HeaderDigest = CRC32C",
        "node.conn[0].iscsi.DataDigest = None",
    ):
        assert lines.count(line) == 1


def test_no_secret_stays_behind() -> None:
    told = with_settings(
        "node.startup = manual\n", settings(ChapCredentials("me", "secret one", "it", "other"))
    )
    after = with_settings(told, settings(ChapCredentials("you", "something else")))
    assert "secret one" not in after and "other" not in after and "_in" not in after
    assert with_settings(after, settings()).count("authmethod = None") == 2
    assert "something else" not in with_settings(after, settings())


def test_what_discovery_tells() -> None:
    assert announced("", "127.0.0.1", 4000) == "127.0.0.1:4000"
    assert announced("10.0.2.2", "127.0.0.1", 4000) == "10.0.2.2:4000"
    assert announced("host.example:3260", "127.0.0.1", 4000) == "host.example:3260"
    assert announced("[fd00::1]", "127.0.0.1", 4000) == "[fd00::1]:4000"
