"""READ (10), READ (12), READ CD, VERIFY and SEEK: data as it lies there, and none where none is."""

from __future__ import annotations

from typing import Final

from burnlab.conformance.bench import BLOCK, Bench, holds, not_here, same
from burnlab.conformance.case import Chapter
from burnlab.conformance.conditions import is_blank_medium, is_cd, is_dvd_or_bd, not_cd, readable
from burnlab.conformance.refusal import INVALID_FIELD, MISCOMPARE, OUT_OF_RANGE, UNREADABLE
from burnlab.scsi.commands import Read10, Read12, Seek10, Verify10
from burnlab.scsi.mmc.commands import ReadCd

READ: Final = Chapter("read", readable)
READ_CD: Final = Chapter("read-cd", is_cd, readable)
BLANK: Final = Chapter("read-blank", is_blank_medium)
VERIFY: Final = Chapter("verify", readable)
SEEK: Final = Chapter("seek", readable)

SOME: Final = 16
FAR: Final = 0x7FFFFFF0
"""Beyond every medium."""
TYPE_AUDIO: Final = 1


def _start(bench: Bench, blocks: int = SOME) -> int:
    """Where so many blocks of data begin."""
    data = bench.subject.data
    if len(data) < blocks:
        raise not_here(f"there are fewer than {blocks} blocks of data")
    return data.start


@READ.case("MMC-5, 6.15")
def several_blocks(bench: Bench) -> None:
    """What several blocks read at once hold is what they hold one by one."""
    start = _start(bench)
    together = bench.read(Read10(start, SOME), SOME)
    for n in range(0, SOME, 5):
        piece = together[n * BLOCK : (n + 1) * BLOCK]
        same(f"block {start + n}", piece, bench.read(Read10(start + n, 1), 1))


@READ.case("MMC-5, 6.16", is_dvd_or_bd)
def twelve_byte_form(bench: Bench) -> None:
    """READ (12) gives what READ (10) gives, with and without the streaming bit."""
    start = _start(bench)
    wanted = bench.read(Read10(start, SOME), SOME)
    for streaming in (False, True):
        same("blocks", wanted, bench.read(Read12(start, SOME, streaming=streaming), SOME))


@READ.case("MMC-5, 6.15")
def nothing_at_all(bench: Bench) -> None:
    """A transfer length of 0 is no error, and gives nothing."""
    same("bytes", b"", bench.good(Read10(_start(bench, 1), 0)))


@READ.case("MMC-5, 6.15 and 6.19", not_cd)
def last_block(bench: Bench) -> None:
    """The last address that READ CAPACITY tells can be read."""
    bench.read(Read10(bench.subject.blocks - 1, 1), 1)


@READ.case("MMC-5, 6.15 and 6.19")
def behind_the_last_block(bench: Bench) -> None:
    """The address behind it can't be read, neither alone nor together with the last one."""
    end = bench.subject.blocks
    bench.refused(Read10(end, 1), *UNREADABLE, answer=BLOCK)
    bench.refused(Read10(end - 1, 2), *UNREADABLE, answer=2 * BLOCK)


@READ.case("MMC-5, 6.15; SPC-4, 4.5.6")
def far_out(bench: Bench) -> None:
    """An address beyond every medium is out of range."""
    bench.refused(Read10(FAR, 1), OUT_OF_RANGE, answer=BLOCK)
    bench.refused(Read10(FAR, SOME), OUT_OF_RANGE, answer=SOME * BLOCK)


@READ.case("MMC-5, 6.16; SPC-4, 4.5.6", is_dvd_or_bd)
def far_out_twelve_byte_form(bench: Bench) -> None:
    """For READ (12) it is out of range, too."""
    bench.refused(Read12(FAR, 1), OUT_OF_RANGE, answer=BLOCK)


@READ.case("MMC-5, 6.15")
def twice_the_same(bench: Bench) -> None:
    """Reading again, elsewhere in between, gives the same."""
    start, end = _start(bench), bench.subject.data.stop
    first = bench.read(Read10(start, SOME), SOME)
    bench.read(Read10(end - SOME, 1), 1)
    same("blocks", first, bench.read(Read10(start, SOME, fua=True), SOME))


@READ_CD.case("MMC-5, 6.20")
def user_data(bench: Bench) -> None:
    """READ CD for user data gives what READ (10) gives."""
    start = _start(bench)
    wanted = bench.read(Read10(start, SOME), SOME)
    data = bench.good(ReadCd(lba=start, length=SOME, user_data=True), answer=SOME * BLOCK)
    same("blocks", wanted, data)


@READ_CD.case("MMC-5, 6.20")
def whole_sectors(bench: Bench) -> None:
    """A whole sector of mode 1 has 2352 bytes: sync, its own address, mode 1, and the user data."""
    start = _start(bench)
    cdb = ReadCd(lba=start, length=1, sync=True, header_codes=3, user_data=True, edc_ecc=True)
    sector = bench.good(cdb, answer=2352)
    same("bytes", 2352, len(sector))
    same("sync pattern", b"\0" + b"\xff" * 10 + b"\0", sector[:12])
    if sector[15] != 1:
        raise not_here("the track is of mode 2")
    same("address in the header", _bcd(start + 150), sector[12:15])
    same("user data", bench.read(Read10(start, 1), 1), sector[16:2064])


def _bcd(frames: int) -> bytes:
    parts = (frames // (75 * 60), frames // 75 % 60, frames % 75)
    return bytes(part // 10 << 4 | part % 10 for part in parts)


@READ_CD.case("MMC-5, 6.20")
def wrong_sector_type(bench: Bench) -> None:
    """A sector of another type than the expected one is refused."""
    start = _start(bench)
    cdb = ReadCd(sector_type=TYPE_AUDIO, lba=start, length=1, user_data=True)
    bench.refused(cdb, *UNREADABLE, answer=2352)


@READ_CD.case("MMC-5, 6.20; SPC-4, 4.5.6")
def far_out_of_the_disc(bench: Bench) -> None:
    """An address beyond every medium can't be read."""
    bench.refused(ReadCd(lba=FAR, length=1, user_data=True), *UNREADABLE, INVALID_FIELD, answer=2352)


@BLANK.case("MMC-5, 6.15")
def nothing_recorded(bench: Bench) -> None:
    """Of a blank medium nothing can be read."""
    bench.refused(Read10(0, 1), *UNREADABLE, answer=BLOCK)
    bench.refused(Read10(0, SOME), *UNREADABLE, answer=SOME * BLOCK)


@VERIFY.case("MMC-5, 6.43")
def recorded(bench: Bench) -> None:
    """What can be read passes VERIFY."""
    bench.good(Verify10(_start(bench), SOME))


@VERIFY.case("MMC-5, 6.43")
def out_of_range(bench: Bench) -> None:
    """An address beyond every medium doesn't pass."""
    bench.refused(Verify10(FAR, 1), *UNREADABLE)


@VERIFY.case("MMC-5, 6.43; SBC-3, VERIFY (10)")
def byte_check(bench: Bench) -> None:
    """With BYTCHK the blocks are compared with what was brought, or the bit is an invalid field."""
    start = _start(bench)
    same_data = bench.read(Read10(start, 1), 1)
    other = bytes((same_data[0] ^ 0xFF,)) + same_data[1:]
    if bench.attempt(Verify10(start, 1, bytchk=True), same_data) is None:
        bench.refused(Verify10(start, 1, bytchk=True), INVALID_FIELD, data_out=same_data)
        return
    bench.refused(Verify10(start, 1, bytchk=True), MISCOMPARE, data_out=other)


@SEEK.case("MMC-5, SEEK (10)")
def to_data(bench: Bench) -> None:
    """SEEK to a block that can be read is no error."""
    bench.good(Seek10(_start(bench, 1)))
    holds("the unit ready afterwards", not [s for s in bench.wait() if s.key > 2], "an error")


CHAPTERS: Final = (READ, READ_CD, BLANK, VERIFY, SEEK)
