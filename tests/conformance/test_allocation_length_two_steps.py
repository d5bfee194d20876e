"""Two-step answers: the length field announces all there is, whatever was asked for; then it is cut."""

from __future__ import annotations

from dataclasses import replace

import pytest

from burnlab.scsi import Reply
from burnlab.scsi.commands import Inquiry, ModeSense6, ModeSense10, RequestSense
from burnlab.scsi.mmc.commands import (
    GetConfiguration,
    MechanismStatus,
    ReadBufferCapacity,
    ReadDiscInformation,
    ReadDiscStructure,
    ReadFormatCapacities,
    ReadTocPmaAtip,
    ReadTrackInformation,
)
from burnlab.scsi.record import Cdb
from support.drive import Drive, MakeDrive

COMMANDS = {
    "INQUIRY": Inquiry(),
    "INQUIRY page 83h": Inquiry(evpd=True, page_code=0x83),
    "REQUEST SENSE": RequestSense(),
    "GET CONFIGURATION": GetConfiguration(),
    "GET CONFIGURATION current": GetConfiguration(rt=1),
    "GET CONFIGURATION one": GetConfiguration(rt=2, starting_feature=0x21),
    "READ DISC INFORMATION": ReadDiscInformation(),
    "READ TRACK INFORMATION": ReadTrackInformation(address_type=1, address=1),
    "READ FORMAT CAPACITIES": ReadFormatCapacities(),
    "READ TOC": ReadTocPmaAtip(),
    "READ TOC sessions": ReadTocPmaAtip(format=1),
    "READ DISC STRUCTURE 00h": ReadDiscStructure(format=0x00),
    "READ DISC STRUCTURE 0Eh": ReadDiscStructure(format=0x0E),
    "READ DISC STRUCTURE 10h": ReadDiscStructure(format=0x10),
    "READ DISC STRUCTURE FFh": ReadDiscStructure(format=0xFF),
    "MODE SENSE (6) 2Ah": ModeSense6(page_code=0x2A),
    "MODE SENSE (10) 2Ah": ModeSense10(page_code=0x2A),
    "MODE SENSE (10) 05h": ModeSense10(page_code=0x05),
    "MODE SENSE (10) 3Fh": ModeSense10(page_code=0x3F),
    "READ BUFFER CAPACITY": ReadBufferCapacity(),
    "MECHANISM STATUS": MechanismStatus(),
}


@pytest.fixture
def written(make_drive: MakeDrive) -> Drive:
    drive = make_drive()
    drive.burn_session(16)
    return drive


def ask(drive: Drive, cdb: Cdb, length: int) -> Reply:
    return drive.send(replace(cdb, allocation_length=length))  # type: ignore[call-arg]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_shorter_answer_is_a_prefix(written: Drive, name: str) -> None:
    width = 255 if "(6)" in name or "REQUEST" in name else 0xFFFF
    full = bytes(ask(written, COMMANDS[name], width).data_in)
    assert 8 <= len(full) < width
    for length in (0, 1, 2, 4, 8, len(full) - 1, len(full), len(full) + 1):
        reply = ask(written, COMMANDS[name], length)
        assert reply.status == 0, f"allocation length {length} is no error"
        assert bytes(reply.data_in) == full[:length]


LENGTH_FIELDS = {
    # name: (first byte, width, what the field doesn't count)
    "INQUIRY": (4, 1, 5),
    "INQUIRY page 83h": (2, 2, 4),
    "GET CONFIGURATION": (0, 4, 4),
    "GET CONFIGURATION current": (0, 4, 4),
    "GET CONFIGURATION one": (0, 4, 4),
    "READ DISC INFORMATION": (0, 2, 2),
    "READ TRACK INFORMATION": (0, 2, 2),
    "READ FORMAT CAPACITIES": (3, 1, 4),
    "READ TOC": (0, 2, 2),
    "READ TOC sessions": (0, 2, 2),
    "READ DISC STRUCTURE 00h": (0, 2, 2),
    "READ DISC STRUCTURE 0Eh": (0, 2, 2),
    "READ DISC STRUCTURE 10h": (0, 2, 2),
    "READ DISC STRUCTURE FFh": (0, 2, 2),
    "MODE SENSE (6) 2Ah": (0, 1, 1),
    "MODE SENSE (10) 2Ah": (0, 2, 2),
    "MODE SENSE (10) 05h": (0, 2, 2),
    "MODE SENSE (10) 3Fh": (0, 2, 2),
    "READ BUFFER CAPACITY": (0, 2, 2),
}


@pytest.mark.parametrize("name", LENGTH_FIELDS)
def test_the_length_field_announces_everything(written: Drive, name: str) -> None:
    first, width, uncounted = LENGTH_FIELDS[name]
    full = len(ask(written, COMMANDS[name], 255 if "(6)" in name else 0xFFFF).data_in)
    for length in (first + width, 8, 12):
        answer = bytes(ask(written, COMMANDS[name], length).data_in)
        assert int.from_bytes(answer[first : first + width], "big") + uncounted == full


def test_the_initiator_takes_less_than_it_asked_for(written: Drive) -> None:
    cdb = GetConfiguration(allocation_length=0xFFFF)
    full = written.run(cdb)
    assert written.run(cdb, data_in=10) == full[:10]
    assert written.run(cdb, data_in=0) == b""


def test_lengths_that_programs_really_sent(written: Drive) -> None:
    # libburn 1.5.4 and Linux 6.1: first step, and where the second step's length comes from.
    head = written.run(bytes.fromhex("46000000000000000800"))
    total = int.from_bytes(head[0:4], "big") + 4
    assert len(written.run(bytes.fromhex("460000000000") + b"\0" + total.to_bytes(2, "big") + b"\0")) == total
    assert total <= 4096, "libburn refuses more"
    head = written.run(bytes.fromhex("5a002a00000000001e00"))
    assert len(head) == 30
    assert int.from_bytes(head[0:2], "big") + 2 == len(written.run(bytes.fromhex("5a002a0000000000ff00")))
    assert written.run(bytes.fromhex("51000000000000000200")) == b"\x00\x20"
    assert len(written.run(bytes.fromhex("51000000000000002200"))) == 34
    assert len(written.run(bytes.fromhex("52010000000100001400"))) == 20
    assert len(written.run(bytes.fromhex("52010000000100002200"))) == 34
