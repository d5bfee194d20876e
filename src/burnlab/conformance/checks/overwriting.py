"""Media that are written anywhere, any number of times, and pressed ones, which can't be written at all."""

from __future__ import annotations

from typing import Final

from burnlab.conformance.bench import BLOCK, Bench, holds, not_here, same
from burnlab.conformance.burning import (
    CLOSE_SESSION,
    pattern,
    reads_back,
    select,
    synchronize,
    way,
    write,
)
from burnlab.conformance.case import Chapter
from burnlab.conformance.conditions import OVERWRITABLE, is_overwritable, is_pressed, medium_of
from burnlab.conformance.refusal import (
    END_OF_AREA,
    INVALID_FIELD,
    INVALID_OPCODE,
    INVALID_PARAMETER,
    MEDIUM,
    NOT_AT_NEXT,
    OUT_OF_RANGE,
    PACKET_SIZE,
    PROTECTED,
    SEQUENCE,
    SESSION,
    WRONG_MODE,
)
from burnlab.scsi.commands import Read10, ReadCapacity10, Write10, Write12, WriteAndVerify10
from burnlab.scsi.mmc.commands import Blank, CloseTrackSession, ReserveTrack, SendOpcInformation
from burnlab.scsi.mmc.profiles import Profile
from burnlab.scsi.record import Cdb

OVERWRITING: Final = Chapter("overwrite", is_overwritable, destroys=True)
PRESSED: Final = Chapter("pressed", is_pressed)

FAR: Final = 0x7FFFFF00
SALT: Final = 0xA5A50000
RESTRICTED: Final = Profile.DVD_RW_RESTRICTED_OVERWRITE
REFUSALS: Final = (
    *(MEDIUM, PROTECTED, INVALID_OPCODE, INVALID_FIELD, INVALID_PARAMETER),
    *(WRONG_MODE, SEQUENCE, SESSION, NOT_AT_NEXT, OUT_OF_RANGE),
)


def _blocks(bench: Bench) -> int:
    """The formatted size; NotApplicable where the medium isn't formatted."""
    select(bench)
    if bench.subject.blocks < 8 * way(bench).unit:
        raise not_here("the medium isn't formatted, or too small")
    return bench.subject.blocks


@OVERWRITING.case("MMC-5, 6.44 and 6.15")
def anywhere(bench: Bench) -> None:
    """First, last and some blocks between can be written in any order, and read back."""
    end, unit = _blocks(bench), way(bench).unit
    places = (end // unit * unit - unit, 0, end // 2 // unit * unit, 4 * unit)
    for lba in places:
        write(bench, lba, unit)
    synchronize(bench)
    for lba in places:
        holds(f"the blocks from {lba} on", reads_back(bench, lba, unit), "other data")


@OVERWRITING.case("MMC-5, 6.44 and 6.15")
def again(bench: Bench) -> None:
    """What is written again takes the place of what was there, and of nothing else."""
    _blocks(bench)
    unit = way(bench).unit
    write(bench, 0, 3 * unit)
    write(bench, unit, unit, SALT)
    synchronize(bench)
    for lba, salt in ((0, 0), (unit, SALT), (2 * unit, 0)):
        holds(f"the blocks from {lba} on", reads_back(bench, lba, unit, salt), "other data")


@OVERWRITING.case("MMC-5, 6.44", medium_of(OVERWRITABLE - {RESTRICTED}, "the medium takes no single blocks"))
def single_blocks(bench: Bench) -> None:
    """A single block can be written: those beside it stay."""
    _blocks(bench)
    unit = way(bench).unit
    write(bench, 0, unit)
    bench.good(Write10(3, 1), pattern(3, 1, SALT))
    synchronize(bench)
    same("block 3", pattern(3, 1, SALT), bench.read(Read10(3, 1), 1))
    for lba, count in ((0, 3), (4, unit - 4)):
        holds(f"the blocks from {lba} on", reads_back(bench, lba, count), "other data")


@OVERWRITING.case("MMC-5, 6.44", medium_of((RESTRICTED,), "the medium is no DVD-RW of restricted overwrite"))
def whole_units_only(bench: Bench) -> None:
    """Restricted overwrite takes whole units of 16 blocks only."""
    _blocks(bench)
    write(bench, 0, 2 * way(bench).unit)
    refusals = (PACKET_SIZE, NOT_AT_NEXT, INVALID_FIELD)
    for lba, count in ((8, 16), (0, 1), (16, 8)):
        bench.refused(Write10(lba, count), *refusals, data_out=pattern(lba, count, SALT))
    holds("the blocks as before", reads_back(bench, 0, 2 * way(bench).unit), "other data")


@OVERWRITING.case("MMC-5, 6.45 and 6.46")
def other_write_commands(bench: Bench) -> None:
    """WRITE (12) and WRITE AND VERIFY (10) write as WRITE (10) does."""
    _blocks(bench)
    unit = way(bench).unit
    forms: tuple[Cdb, ...] = (Write12(2 * unit, unit), WriteAndVerify10(3 * unit, unit))
    for lba, cdb in zip((2 * unit, 3 * unit), forms, strict=True):
        bench.good(cdb, pattern(lba, unit, SALT))
        synchronize(bench)
        holds(f"the blocks of {cdb.NAME}", reads_back(bench, lba, unit, SALT), "other data")


@OVERWRITING.case("MMC-5, 6.44")
def behind_the_end(bench: Bench) -> None:
    """Behind the last address nothing can be written, nor across it."""
    end, unit = _blocks(bench), way(bench).unit
    refusals = (OUT_OF_RANGE, END_OF_AREA, NOT_AT_NEXT)
    for lba in (end // unit * unit, FAR // unit * unit):
        bench.refused(Write10(lba, unit), *refusals, data_out=pattern(lba, unit))
    last = end // unit * unit - unit
    before = bench.read(Read10(last, unit), unit)
    bench.refused(Write10(last, 2 * unit), *refusals, data_out=pattern(last, 2 * unit, SALT))
    same("the last blocks", before, bench.read(Read10(last, unit), unit))


@OVERWRITING.case("MMC-5, 6.44")
def nothing_at_all(bench: Bench) -> None:
    """A transfer length of 0 is no error, and writes nothing."""
    _blocks(bench)
    before = bench.read(Read10(0, 16), 16)
    bench.good(Write10(0, 0))
    same("blocks", before, bench.read(Read10(0, 16), 16))


@OVERWRITING.case("MMC-5, 6.3 and 6.19")
def size_stays(bench: Bench) -> None:
    """Writing, flushing and, where it may be, closing the session leave size and data as they are."""
    end = _blocks(bench)
    write(bench, 0, way(bench).unit)
    synchronize(bench)
    if bench.attempt(CloseTrackSession(immed=True, function=CLOSE_SESSION)) is not None:
        bench.wait()
    same("last address", end - 1, int.from_bytes(bench.good(ReadCapacity10(), answer=8)[0:4], "big"))
    holds("the blocks that were written", reads_back(bench, 0, way(bench).unit), "other data")


@OVERWRITING.case("MMC-5, 6.31")
def no_tracks_to_reserve(bench: Bench) -> None:
    """There is nothing to reserve on an overwritable medium."""
    _blocks(bench)
    bench.refused(ReserveTrack(size=way(bench).unit), *REFUSALS)


def _write_to_pressed(bench: Bench, *commands: tuple[Cdb, bytes]) -> None:
    before = bench.attempt(ReadCapacity10(), answer=8)
    for cdb, data in commands:
        bench.refused(cdb, *REFUSALS, data_out=data)
        bench.wait()
    same("capacity", before, bench.attempt(ReadCapacity10(), answer=8))


@PRESSED.case("MMC-5, 6.44")
def no_write(bench: Bench) -> None:
    """A pressed medium takes no write."""
    _write_to_pressed(
        bench, (Write10(0, 16), bytes(16 * BLOCK)), (Write10(bench.subject.blocks, 16), bytes(16 * BLOCK))
    )


@PRESSED.case("MMC-5, 6.2, 6.3 and 6.31")
def nothing_else_either(bench: Bench) -> None:
    """It can't be blanked, calibrated, reserved or closed."""
    _write_to_pressed(
        bench,
        (Blank(immed=True, blanking_type=1), b""),
        (SendOpcInformation(do_opc=True), b""),
        (ReserveTrack(size=16), b""),
        (CloseTrackSession(immed=True, function=CLOSE_SESSION), b""),
    )


PRESSED_CHAPTERS: Final = (PRESSED,)
CHAPTERS: Final = (OVERWRITING,)
