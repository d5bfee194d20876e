"""libiscsi against our target: its tools, CHAP, digests, and the conformance tests that can apply."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from burnlab.iscsi.chap import ChapAuth
from burnlab.iscsi.server import TargetConfig, TargetServer
from support.iscsi_stub import MemoryUnit
from support.iscsi_tools import conformance, run

pytestmark = pytest.mark.compat

IQN = "iqn.2024-01.test:target"
AUTH = ChapAuth("user", "secret-of-user", "target", "secret-of-target")


@pytest.fixture
def server() -> Iterator[TargetServer]:
    with TargetServer(MemoryUnit(4096), TargetConfig(iqn=IQN, port=0)) as running:
        yield running


@pytest.fixture
def secured() -> Iterator[TargetServer]:
    with TargetServer(MemoryUnit(4096), TargetConfig(iqn=IQN, port=0, auth=AUTH)) as running:
        yield running


def portal(server: TargetServer) -> str:
    return "{}:{}".format(*server.address)


def test_discovery(server: TargetServer) -> None:
    listed = run("iscsi-ls", "-s", f"iscsi://{portal(server)}").stdout
    assert f"Target:{IQN} Portal:{portal(server)},1" in listed
    assert "Lun:0    Type:MMC" in listed


def test_inquiry(server: TargetServer) -> None:
    shown = run("iscsi-inq", server.url).stdout
    for line in ("Peripheral Device Type:MMC", "Removable:1", "Vendor:BURNLAB", "Product:MEMORY UNIT"):
        assert line in shown
    pages = run("iscsi-inq", "-e", "1", "-c", "0", server.url).stdout
    assert "0x83" in pages


def test_unit_that_is_not_there(server: TargetServer) -> None:
    result = run("iscsi-inq", server.url[:-1] + "3", check=False)
    assert "NOT_SUPPORTED" in (result.stdout + result.stderr).replace(" ", "_").upper() or result.returncode


@pytest.mark.parametrize("digest", ["crc32c", "none"])
def test_header_digest(server: TargetServer, digest: str) -> None:
    assert "Vendor:BURNLAB" in run("iscsi-inq", f"{server.url}?header_digest={digest}").stdout


def test_chap(secured: TargetServer) -> None:
    url = f"iscsi://user%secret-of-user@{portal(secured)}/{IQN}/0"
    assert "Vendor:BURNLAB" in run("iscsi-inq", url).stdout
    assert f"Target:{IQN}" in run("iscsi-ls", f"iscsi://user%secret-of-user@{portal(secured)}").stdout


@pytest.mark.parametrize("who", ["", "user%wrong-secret@", "other%secret-of-user@"])
def test_chap_refuses(secured: TargetServer, who: str) -> None:
    result = run("iscsi-inq", f"iscsi://{who}{portal(secured)}/{IQN}/0", check=False)
    assert result.returncode != 0
    assert (
        "Authentication" in result.stdout + result.stderr
        or "login" in (result.stdout + result.stderr).lower()
    )


def test_chap_mutual(secured: TargetServer) -> None:
    options = "target_user=target&target_password=secret-of-target"
    shown = run("iscsi-inq", f"iscsi://user%secret-of-user@{portal(secured)}/{IQN}/0?{options}").stdout
    assert "Vendor:BURNLAB" in shown


def test_chap_mutual_finds_a_wrong_target_out(secured: TargetServer) -> None:
    options = "target_user=target&target_password=something-else"
    result = run("iscsi-inq", f"iscsi://user%secret-of-user@{portal(secured)}/{IQN}/0?{options}", check=False)
    assert result.returncode != 0


NOT_SBC = "Not SBC device. Skipping test"
NOT_FOR_A_RECORDER = {
    "Read16Residuals": "READ16 is not implemented on this target and it does not claim SBC-3 support.",
    "Write10Residuals": NOT_SBC,
    "Write12Residuals": NOT_SBC,
    "Write16Residuals": NOT_SBC,
    "WriteVerify10Residuals": NOT_SBC,
    "WriteVerify12Residuals": NOT_SBC,
    "WriteVerify16Residuals": NOT_SBC,
    "AbortTaskSimpleAsync": NOT_SBC,
    "LUNResetSimpleAsync": NOT_SBC,
}
"""Tests of the family iSCSI that libiscsi itself runs on disks only, and what it says then."""


def test_conformance_of_a_recorder(server: TargetServer) -> None:
    found = conformance("iSCSI.*", server.url)
    assert {name: result for name, result in found.items() if result != "passed"} == NOT_FOR_A_RECORDER
    assert len(found) - len(NOT_FOR_A_RECORDER) >= 6


NO_COUNT_OF_WRITES = {"Write10Residuals", "Write12Residuals"}
"""A unit doesn't tell how much of the data of a write it has used, so such residuals stay 0."""


def test_conformance_of_a_disk() -> None:
    """The same target with a disk in it, for the sake of the tests that libiscsi runs on disks only.

    Its blocks have 512 bytes: AbortTaskSimpleAsync writes such ones whatever the disk says of itself.
    """
    disk = MemoryUnit(4096, device_type=0, block_bytes=512)
    with TargetServer(disk, TargetConfig(iqn=IQN, port=0)) as server:
        for family in ("iSCSI.iSCSITMF.*", "iSCSI.iSCSIcmdsn.*", "iSCSI.iSCSIdatasn.*"):
            found = conformance(family, server.url)
            assert found and set(found.values()) == {"passed"}, found
        residuals = conformance("iSCSI.iSCSIResiduals.*", server.url)
        failed = {name for name, result in residuals.items() if result == "failed"}
        assert failed == NO_COUNT_OF_WRITES
