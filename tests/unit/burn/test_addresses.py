"""What an address means, what is said of drives that can't be had, and drives that are lost on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from burnlab.burn import opener
from burnlab.burn.drive import DriveError, WriteRequest
from burnlab.burn.mmc import MmcDrive
from burnlab.burn.opener import device_path
from burnlab.cli import units
from burnlab.disc import Disc
from burnlab.recorder import MODELS, ClockedUnit, EmulatedClock, Recorder
from burnlab.scsi import Reply, Status, Task
from burnlab.scsi.transport import Fault, TransportError

BLOCK = 2048
START_STOP_UNIT, READ, PREVENT = 0x1B, 0x28, 0x1E
LOST = TransportError(Fault.LOST, "the drive is gone", "Was it unplugged?")


class Fragile:
    """A recorder with a DVD+RW. `falls` are operation codes at which the way to it breaks, and how."""

    def __init__(self) -> None:
        self.clock = EmulatedClock()
        recorder = Recorder(MODELS["generic"])
        recorder.load(Disc.in_memory("dvd+rw", capacity_blocks=4096), 0.0)
        self.unit = ClockedUnit(recorder, self.clock.now)
        self.falls: dict[int, TransportError] = {}
        self.sent: list[int] = []

    def execute(self, task: Task) -> Reply:
        self.sent.append(task.cdb[0])
        error = self.falls.get(task.cdb[0], self.falls.get(-1))
        if error is not None:
            raise error
        return self.unit.execute(task)

    def drive(self) -> MmcDrive:
        return MmcDrive("/dev/sr7", self, self.clock.sleep)


@pytest.mark.parametrize(
    ("address", "path"),
    [
        *(("/dev/sr0", "/dev/sr0"), ("/dev/sr31", "/dev/sr31"), ("/dev//sr1", "/dev/sr1")),
        *(("mmc:/some/where", "/some/where"), ("mmc:x", "x"), ("/dev/sr32", ""), ("/dev/srx", "")),
        *(("stdio:/dev/sr0", ""), ("/dev/null", ""), ("/tmp/sr0", ""), ("-", ""), ("", "")),
        *(("/dev/sg999", ""), ("/dev/sda", "")),
    ],
)
def test_which_addresses_are_drives(address: str, path: str) -> None:
    assert device_path(address) == path


def test_a_link_to_a_drive_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link, other = tmp_path / "recorder", tmp_path / "generic"
    link.symlink_to("/dev/sr7")
    other.symlink_to("/dev/sg3")
    monkeypatch.setattr(opener.os.path, "lexists", lambda _path: True)
    assert device_path(str(link)) == str(link)
    assert device_path(str(other)) == str(other)
    monkeypatch.setattr(opener.os.path, "lexists", lambda _path: False)
    assert device_path(str(link)) == ""


@pytest.mark.parametrize(
    ("error", "events"),
    [
        (
            TransportError(Fault.ABSENT, "there is no device file", "Look"),
            [
                ("FAILURE", "File object '/dev/sr7' not found", "libburn"),
                ("FAILURE", "Cannot access '/dev/sr7' as SG_IO CDROM drive", "libburn"),
            ],
        ),
        (
            TransportError(Fault.BUSY, "it is mounted", "Unmount it"),
            [
                ("SORRY", "Cannot open busy device '/dev/sr7' : Device or resource busy", "libburn"),
                ("HINT", "Unmount it", "burnlab"),
            ],
        ),
        (
            TransportError(Fault.DENIED, "you may not", "Join the group"),
            [
                ("SORRY", "you may not", "burnlab"),
                ("FAILURE", "Cannot access '/dev/sr7' as SG_IO CDROM drive", "libburn"),
                ("HINT", "Join the group", "burnlab"),
            ],
        ),
    ],
)
def test_what_is_said_of_a_drive_that_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch, error: TransportError, events: list[tuple[str, str, str]]
) -> None:
    def refuse(_path: str, **_how: object) -> None:
        raise error

    monkeypatch.setattr("burnlab.burn.sg_io.SgIoUnit", refuse)
    monkeypatch.setattr(opener.os.path, "lexists", lambda _path: False)
    with pytest.raises(DriveError) as caught:
        units.open_drive("mmc:/dev/sr7")
    assert [tuple(event) for event in caught.value.events] == [
        (severity, text, origin) for severity, text, origin in events
    ]


def test_a_file_is_no_drive(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"x")
    with pytest.raises(DriveError) as caught:
        units.open_drive(f"mmc:{plain}")
    assert caught.value.events[1].text == f"Cannot access '{plain}' as SG_IO CDROM drive"
    assert plain.read_bytes() == b"x"


def test_a_target_that_nobody_serves_is_told_with_a_remedy() -> None:
    with pytest.raises(DriveError) as caught:
        units.open_drive("iscsi://127.0.0.1:1/iqn.2024-01.org.example:none/0")
    assert [event.severity for event in caught.value.events] == ["FAILURE", "HINT"]


def test_the_unit_is_let_go_if_the_drive_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    unit = Fragile()
    unit.falls[START_STOP_UNIT] = LOST
    released: list[bool] = []
    with pytest.raises(DriveError, match="the drive is gone"):
        units._mmc_drive("x", unit, lambda: released.append(True))
    assert released == [True]


def test_what_is_no_optical_drive_is_asked_only_who_it_is() -> None:
    sent: list[int] = []

    class Disk:
        def execute(self, task: Task) -> Reply:
            sent.append(task.cdb[0])
            return Reply(Status.GOOD, data_in=bytes(36))

    with pytest.raises(DriveError, match="type 00h, not an optical drive"):
        MmcDrive("/dev/sg0", Disk(), lambda _seconds: None)
    assert sent == [0x12]


def test_a_way_that_breaks_while_reading_is_an_input_error() -> None:
    unit = Fragile()
    drive = unit.drive()
    drive.begin(WriteRequest(0, 32))
    drive.write(bytes(32 * BLOCK))
    drive.finish(lambda _done: None)
    assert len(drive.read(0, 1)) == BLOCK
    unit.falls[READ] = LOST
    with pytest.raises(OSError, match="the drive is gone"):
        drive.read(0, 1)


def test_a_way_that_breaks_while_writing_is_told_and_nothing_more_fails() -> None:
    unit = Fragile()
    drive = unit.drive()
    drive.begin(WriteRequest(0, 64))
    unit.falls[-1] = LOST
    with pytest.raises(DriveError) as caught:
        drive.write(bytes(32 * BLOCK))
    assert [event.severity for event in caught.value.events] == ["FATAL", "HINT"]
    assert caught.value.events[-1].text == "Was it unplugged?"
    for question in (drive.formats, drive.speeds, drive.profiles, drive.medium):
        with pytest.raises(DriveError, match="the drive is gone"):
            question()
    drive.abort()
    drive.close()


def test_a_command_that_the_way_does_not_carry_is_done_without() -> None:
    unit = Fragile()
    unit.falls[PREVENT] = TransportError(Fault.DENIED, "the kernel holds it back")
    drive = unit.drive()
    assert PREVENT in unit.sent
    assert drive.medium().name == "DVD+RW"
