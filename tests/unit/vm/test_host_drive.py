"""What is found out about a drive of the host, and what it means for a guest."""

from __future__ import annotations

import errno
from dataclasses import replace

import pytest

from burnlab.vm.errors import HostFault
from burnlab.vm.handing import check, chosen_node
from burnlab.vm.host_drive import (
    DriveFacts,
    Holder,
    NodeKind,
    QueueLimits,
    Tray,
    Weight,
    findings,
    media_written,
    medium_of,
    parse_udev,
)

GOOD = DriveFacts(
    node="/dev/sr0",
    kind=NodeKind.BLOCK,
    user="joe",
    mode="brw-rw----",
    group="cdrom",
    sibling="/dev/sg1",
    vendor="ACME",
    product="BD-RE",
    revision="1.00",
    tray=Tray.LOADED,
    medium="BD-R, blank",
    has_rawio=True,
)
GENERIC = replace(GOOD, node="/dev/sg1", kind=NodeKind.GENERIC, mode="crw-rw----", sibling="/dev/sr0")


def told(facts: DriveFacts) -> list[tuple[str, str]]:
    return [(finding.weight.value, finding.message) for finding in findings(facts)]


def test_a_drive_that_is_free_only_tells_its_medium() -> None:
    assert told(GOOD) == [("tells", "/dev/sr0 (ACME BD-RE 1.00): holds BD-R, blank")]
    assert told(replace(GENERIC, medium="")) == []


@pytest.mark.parametrize(
    ("tray", "words"),
    [(Tray.EMPTY, "no medium is in it"), (Tray.OPEN, "its tray is open"), (Tray.BUSY, "isn't ready yet")],
)
def test_a_medium_that_isnt_there_hinders_nothing(tray: Tray, words: str) -> None:
    # What udev wrote down of the medium is that of the last one.
    ((weight, message),) = told(replace(GENERIC, tray=tray))
    assert weight == "tells" and words in message and "BD-R," not in message


REFUSED = [
    (replace(GOOD, kind=NodeKind.MISSING), "there is no drive /dev/sr0", "sudo modprobe sr_mod"),
    (
        replace(GENERIC, kind=NodeKind.MISSING, has_sg_module=False),
        "there is no drive /dev/sg1",
        "modprobe sg",
    ),
    (replace(GOOD, open_error=errno.ENXIO), "there is no drive /dev/sr0", "ls -l"),
    (replace(GOOD, kind=NodeKind.OTHER), "/dev/sr0 isn't the node of a drive", "ls -l"),
    (replace(GENERIC, device_type=0), "is no CD drive, but a SCSI device of type 0", "ls -l"),
    (
        replace(GOOD, may_use=False, group_may_use=True),
        "joe may not read and write /dev/sr0 (brw-rw----, group cdrom)",
        "sudo usermod -a -G cdrom joe; then log in again",
    ),
    (
        replace(GOOD, may_use=False, group_may_use=True, is_enlisted=True),
        "joe may not read and write /dev/sr0",
        "log in again.",
    ),
    (
        replace(GOOD, may_use=False, mode="brw-------", group="root"),
        "joe may not read and write /dev/sr0 (brw-------, group root)",
        "/etc/udev/rules.d/70-recorders.rules && sudo udevadm control --reload",
    ),
    (replace(GOOD, open_error=errno.EPERM), "although its permissions allow it", "DeviceAllow="),
    (replace(GOOD, mounted_at=("/media/joe/X Y",)), "mounted at /media/joe/X Y", "umount '/media/joe/X Y'"),
    (
        replace(GOOD, is_claimed=True, holders=(Holder(77, "xorriso"),)),
        "/dev/sr0 is in use by xorriso (process 77)",
        "sudo fuser -v /dev/sr0",
    ),
    (replace(GENERIC, open_error=errno.EBUSY), "/dev/sg1 is in use by another program", "fuser"),
    (replace(GOOD, open_error=errno.EIO), "/dev/sr0 can't be opened: EIO", "ls -l"),
]


@pytest.mark.parametrize(("facts", "message", "hint"), REFUSED, ids=[case[1] for case in REFUSED])
def test_what_stands_in_the_way_is_said_with_a_remedy(facts: DriveFacts, message: str, hint: str) -> None:
    (found,) = findings(facts)
    assert found.weight is Weight.REFUSES
    assert message in found.message
    assert hint in found.remedy
    with pytest.raises(HostFault) as caught:
        check(facts, print)
    assert caught.value.hint == found.remedy


def test_what_is_worth_knowing_is_told_and_hinders_nothing() -> None:
    facts = replace(
        GOOD, has_rawio=False, holders=(Holder(5, "vlc"),), automounters=("udisksd", "gvfs-udisks2-vo")
    )
    said: list[str] = []
    check(facts, said.append)
    assert [line.partition(" ")[0] for line in said] == ["vlc", "udisks,", "the", "/dev/sr0"]
    assert "vlc (process 5) has /dev/sr0 open, too" in said[0]
    assert "GNOME's volume monitor is running" in said[1]
    assert "get permission for /dev/sg1" in said[2]


def test_the_generic_node_filters_nothing_but_may_be_unguarded() -> None:
    assert told(replace(GENERIC, has_rawio=False, medium="")) == []
    ((weight, message),) = told(replace(GENERIC, sibling="", medium="", tray=Tray.UNKNOWN))
    assert weight == "warns" and "can't be kept out" in message


@pytest.mark.parametrize(
    ("kib", "segments", "sectors"),
    [(0, 0, 0), (120, 0, 240), (512, 128, 1016), (1280, 256, 2040), (64, 256, 128), (512, 1, 1024)],
)
def test_the_longest_transfer_is_what_queue_and_segments_allow(kib: int, segments: int, sectors: int) -> None:
    assert QueueLimits(kib, segments).sectors == sectors


UDEV = """S:cdrom
I:4500
E:ID_CDROM=1
E:ID_CDROM_CD_R=1
E:ID_CDROM_DVD_RW=1
E:ID_CDROM_DVD_RAM=0
E:ID_CDROM_BD_R=1
E:ID_CDROM_MEDIA=1
E:ID_CDROM_MEDIA_DVD_RW=1
E:ID_CDROM_MEDIA_DVD_RW_SEQ=1
E:ID_CDROM_MEDIA_STATE=blank
E:ID_MODEL=a=b
G:systemd
"""


def test_udevs_entry_tells_what_a_drive_writes_and_holds() -> None:
    properties = parse_udev(UDEV)
    assert properties["ID_MODEL"] == "a=b"
    assert media_written(properties) == ("CD-R", "DVD-RW", "BD-R")
    assert medium_of(properties) == "DVD-RW, blank"
    assert medium_of({**properties, "ID_CDROM_MEDIA": ""}) == ""
    assert medium_of({"ID_CDROM_MEDIA": "1"}) == "a medium"
    assert medium_of({"ID_CDROM_MEDIA": "1", "ID_CDROM_MEDIA_BD": "1"}) == "BD-ROM"


def test_qemu_works_a_drive_through_its_generic_node_where_it_may() -> None:
    assert chosen_node(GOOD, lambda _node: GENERIC) is GENERIC
    assert chosen_node(GENERIC, lambda _node: GOOD) is GENERIC
    for unusable in ({"may_use": False}, {"open_error": errno.EPERM}, {"kind": NodeKind.MISSING}):
        assert chosen_node(GOOD, lambda _node, facts=unusable: replace(GENERIC, **facts)) is GOOD
    assert chosen_node(replace(GOOD, sibling=""), lambda _node: GENERIC).node == "/dev/sr0"


def test_without_a_generic_node_qemu_needs_a_medium() -> None:
    (weight, message), _tray = told(replace(GOOD, tray=Tray.EMPTY))
    assert (weight, message) == ("warns", "QEMU can't start with /dev/sr0 while no medium is in it")
