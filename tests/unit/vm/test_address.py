"""What may be given as a recorder."""

from __future__ import annotations

from pathlib import Path

import pytest

from burnlab.vm.address import DiscFile, parse_iscsi, parse_recorder
from burnlab.vm.errors import BadRequest
from burnlab.vm.spec import HostDrive, IscsiAddress

IQN = "iqn.2024-01.lab:recorder"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (f"iscsi://127.0.0.1:3261/{IQN}/1", IscsiAddress("127.0.0.1", 3261, IQN, 1)),
        (f"iscsi://lab.local/{IQN}/0", IscsiAddress("lab.local", 3260, IQN, 0)),
        (f"iscsi://[::1]:3260/{IQN}", IscsiAddress("::1", 3260, IQN, 0)),
        ("iscsi://h/iqn.2024-01.lab%3Ax/2", IscsiAddress("h", 3260, "iqn.2024-01.lab:x", 2)),
    ],
)
def test_iscsi_addresses(text: str, address: IscsiAddress) -> None:
    assert parse_recorder(text) == address
    assert parse_iscsi(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "iscsi://",
        "iscsi://host",
        f"iscsi:///{IQN}/1",
        f"iscsi://host:port/{IQN}/1",
        f"iscsi://host:99999/{IQN}/1",
        f"iscsi://host/{IQN}/1/2",
        f"iscsi://host/{IQN}/one",
        f"iscsi://host/{IQN}/256",
        f"iscsi://joe%secret@host/{IQN}/1",
        "iscsi://host/no-such-name/1",
        "/dev/sda",
        "/dev/sr",
        "http://host/x.disc",
        "mmc:/dev/sr0",
    ],
)
def test_what_is_no_recorder_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_recorder(text)
    assert caught.value.hint


def test_drives_and_discs() -> None:
    assert parse_recorder("/dev/sr0") == HostDrive(Path("/dev/sr0"))
    assert parse_recorder("/dev/sg12") == HostDrive(Path("/dev/sg12"))
    assert HostDrive(Path("/dev/sg12")).is_generic
    assert not HostDrive(Path("/dev/sr0")).is_generic
    assert parse_recorder("blank.disc") == DiscFile(Path("blank.disc"))
    assert parse_recorder("/srv/discs/blank.disc") == DiscFile(Path("/srv/discs/blank.disc"))
