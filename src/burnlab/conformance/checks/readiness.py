"""TEST UNIT READY, REQUEST SENSE, commands that nobody knows, and what an empty tray says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from burnlab.conformance.bench import BLOCK, Bench, at_least, holds, same, told
from burnlab.conformance.case import Chapter, Deviation
from burnlab.conformance.conditions import a_medium, counts_bytes, no_medium
from burnlab.conformance.refusal import INVALID_FIELD, INVALID_OPCODE, NO_MEDIUM
from burnlab.scsi import commands
from burnlab.scsi.mmc import commands as mmc
from burnlab.scsi.mmc.features import Configuration
from burnlab.scsi.mmc.formats import CapacityType
from burnlab.scsi.record import Cdb
from burnlab.scsi.sense import SenseKey
from burnlab.scsi.task import Status

READY: Final = Chapter("test-unit-ready")
SENSE: Final = Chapter("request-sense")
OPCODES: Final = Chapter("invalid-opcode")
EMPTY: Final = Chapter("no-medium", no_medium)

FIXED, DESCRIPTOR = 0x70, 0x72
SENSE_BYTES: Final = 18


@READY.case("SPC-4, 6.37", a_medium)
def with_medium(bench: Bench) -> None:
    """With a medium the unit is ready, each time anew."""
    for _ in range(3):
        reply = bench.send(commands.TestUnitReady())
        if reply.status is not Status.GOOD:
            raise Deviation("GOOD", told(reply))


@READY.case("SPC-4, 6.37; MMC-5, TEST UNIT READY", no_medium)
def without_medium(bench: Bench) -> None:
    """Without a medium it says so."""
    bench.refused(commands.TestUnitReady(), NO_MEDIUM)


def _sense(bench: Bench, length: int = 252) -> bytes:
    return bench.good(commands.RequestSense(allocation_length=length))


@SENSE.case("SPC-4, 6.29", a_medium)
def nothing_to_tell(bench: Bench) -> None:
    """With nothing pending the sense key is NO SENSE, in the fixed format of a current error."""
    data = _sense(bench)
    at_least(data, 14)
    same("response code", f"{FIXED:02X}h", f"{data[0] & 0x7F:02X}h")
    same("sense key", SenseKey.NO_SENSE.value, data[2] & 0x0F)


@SENSE.case("SPC-4, 4.5.3", counts_bytes)
def length(bench: Bench) -> None:
    """The additional sense length counts what follows it, and an answer of 18 bytes is as long as that."""
    data = _sense(bench)
    at_least(data, 8)
    same("bytes in all, by the additional sense length", data[7] + 8, len(data))
    same("bytes of an answer cut to 18", min(SENSE_BYTES, len(data)), len(_sense(bench, SENSE_BYTES)))


@SENSE.case("SPC-4, 6.29; SAM-5, autosense", a_medium)
def told_once(bench: Bench) -> None:
    """What a CHECK CONDITION has told isn't told again."""
    bench.refused(bytes((NEVER_IN_MMC[0],)).ljust(6, b"\0"), INVALID_OPCODE)
    data = _sense(bench)
    at_least(data, 14)
    same("sense key", SenseKey.NO_SENSE.value, data[2] & 0x0F)


@SENSE.case("SPC-4, 6.29")
def descriptor_format(bench: Bench) -> None:
    """Descriptor format sense data come as asked for, or are refused as an invalid field."""
    cdb = commands.RequestSense(desc=True, allocation_length=252)
    reply = bench.outcome(cdb)
    if reply.status is not Status.GOOD:
        bench.refused(cdb, INVALID_FIELD)
        return
    at_least(bytes(reply.data_in), 8)
    same("response code", f"{DESCRIPTOR:02X}h", f"{reply.data_in[0] & 0x7F:02X}h")


# Of other device types, and reserved: nothing that could do harm if a unit took it for something else.
NEVER_IN_MMC: Final = (0x05, 0x11, 0x1F, 0x89, 0x9F)
CDB_BYTES: Final = {0: 6, 1: 10, 2: 10, 4: 16, 5: 12}
"""Group code of an opcode → length of the CDB.    Source: SPC-4, 4.3.2."""


def _unknown(opcode: int) -> Callable[[Bench], None]:
    def check(bench: Bench) -> None:
        bench.refused(bytes((opcode,)).ljust(CDB_BYTES[opcode >> 5], b"\0"), INVALID_OPCODE)

    return check


for _opcode in NEVER_IN_MMC:
    _says = "A command that no MMC unit has is refused as an invalid opcode."
    OPCODES.add(f"{_opcode:02x}h", "SPC-4, 4.5.6", _says, _unknown(_opcode))


# Without a medium. The same commands are sent while the tray is open: see `tray`.

MEDIUM_COMMANDS: Final[tuple[tuple[str, Cdb, int], ...]] = (
    ("read-capacity", commands.ReadCapacity10(), 8),
    ("read-10", commands.Read10(0, 1), BLOCK),
    ("read-12", commands.Read12(0, 1), BLOCK),
    ("read-toc", mmc.ReadTocPmaAtip(allocation_length=12), 12),
    ("read-disc-information", mmc.ReadDiscInformation(allocation_length=34), 34),
    ("read-track-information", mmc.ReadTrackInformation(address_type=1, address=1, allocation_length=36), 36),
    ("read-disc-structure", mmc.ReadDiscStructure(allocation_length=4), 4),
    ("seek", commands.Seek10(0), 0),
    ("verify", commands.Verify10(0, 1), 0),
    ("synchronize-cache", commands.SynchronizeCache10(), 0),
    ("close-session", mmc.CloseTrackSession(immed=True, function=2), 0),
)
"""Commands that need a medium, and none of which would write if there were one. Third: bytes of an answer."""


def needs_medium(cdb: Cdb, answer: int) -> Callable[[Bench], None]:
    """A check that a command is refused because there is no medium."""

    def check(bench: Bench) -> None:
        bench.refused(cdb, NO_MEDIUM, answer=answer)

    return check


for _name, _cdb, _answer in MEDIUM_COMMANDS:
    _says = f"Without a medium {_cdb.NAME} is refused because there is none."
    EMPTY.add(_name, f"MMC-5, {_cdb.NAME}", _says, needs_medium(_cdb, _answer))


@EMPTY.case("MMC-5, 6.6.2")
def profile(bench: Bench) -> None:
    """Without a medium no profile is current."""
    data = bench.good(mmc.GetConfiguration(allocation_length=8))
    at_least(data, 8)
    same("current profile", 0, int.from_bytes(data[6:8], "big"))


@EMPTY.case("MMC-5, 6.24.3.2")
def format_capacities(bench: Bench) -> None:
    """READ FORMAT CAPACITIES answers without a medium, and says that there is none."""
    data = bench.good(mmc.ReadFormatCapacities(allocation_length=252))
    at_least(data, 12)
    same("descriptor type", CapacityType.NO_MEDIUM.value, data[8] & 0x03)


@EMPTY.case("MMC-5, 6.6")
def media_features(bench: Bench) -> None:
    """Without a medium no feature that tells of a medium is current."""
    configuration = Configuration.unpack(bench.good(mmc.GetConfiguration(allocation_length=0xFFFE)))
    found = [f.code for f in configuration.features if f.current and 0x0010 <= f.code < 0x0100]
    holds("no feature 0010h to 00FFh current", not found, " ".join(f"{code:04X}h" for code in found))


CHAPTERS: Final = (READY, SENSE, OPCODES)
EMPTY_CHAPTERS: Final = (EMPTY,)
