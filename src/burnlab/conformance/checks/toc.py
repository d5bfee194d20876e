"""READ TOC/PMA/ATIP: tracks, sessions, and what lead-ins hold."""

from __future__ import annotations

from typing import Final, NamedTuple

from burnlab.conformance.bench import Bench, announced, at_least, holds, same
from burnlab.conformance.case import Chapter
from burnlab.conformance.conditions import is_cd, medium_of, not_cd, that, written
from burnlab.conformance.refusal import INVALID_FIELD
from burnlab.conformance.subject import ANSWER
from burnlab.scsi.mmc.commands import ReadTocPmaAtip
from burnlab.scsi.mmc.disc_info import DiscStatus
from burnlab.scsi.mmc.profiles import Profile
from burnlab.scsi.mmc.toc import LEAD_OUT, lba_of, msf

TOC: Final = Chapter("read-toc", written)
ATIP: Final = Chapter("read-atip", medium_of((Profile.CD_R, Profile.CD_RW), "the medium is no recordable CD"))

TRACKS, SESSIONS, RAW, _PMA, ATIP_FORMAT = range(5)
RESERVED_FORMAT: Final = 0x0F
POINT_FIRST, POINT_LAST, POINT_LEAD_OUT = 0xA0, 0xA1, 0xA2
LAST_MSF: Final = 89 * 60 * 75
"""Addresses from here on can't be told as minute, second and frame in one way only."""

is_closed: Final = that(
    "a session is open",
    lambda s: s.disc is not None and s.disc.status in (DiscStatus.COMPLETE, DiscStatus.OTHER),
)


class Row(NamedTuple):
    """A track descriptor."""

    control: int
    number: int
    address: bytes

    @property
    def lba(self) -> int:
        """The address as LBA."""
        return int.from_bytes(self.address, "big", signed=True)


def _ask(bench: Bench, form: int, track: int = 0, *, as_msf: bool = False) -> bytes:
    data = bench.good(ReadTocPmaAtip(msf=as_msf, format=form, track=track, allocation_length=ANSWER))
    at_least(data, 4)
    return announced(data, 0, 2, 2)


def _rows(data: bytes) -> list[Row]:
    rows = [data[n : n + 8] for n in range(4, len(data) - 7, 8)]
    return [Row(row[1], row[2], row[4:8]) for row in rows]


@TOC.case("MMC-5, 6.26.3.2")
def tracks(bench: Bench) -> None:
    """Format 0 lists the tracks from the first to the last in order, and the lead-out."""
    data = _ask(bench, TRACKS)
    same("numbers", [*range(data[2], data[3] + 1), LEAD_OUT], [row.number for row in _rows(data)])


@TOC.case("MMC-5, 6.26.3.2")
def addresses(bench: Bench) -> None:
    """Tracks begin one behind the other, the lead-out last."""
    starts = [row.lba for row in _rows(_ask(bench, TRACKS))]
    same("addresses in rising order", sorted(set(starts)), starts)


@TOC.case("MMC-5, 6.26.3.2 and 6.19", not_cd, is_closed)
def lead_out(bench: Bench) -> None:
    """The lead-out begins behind the last address that READ CAPACITY tells."""
    rows = _rows(_ask(bench, TRACKS))
    same("lead-out", bench.subject.blocks, rows[-1].lba if rows else None)


@TOC.case("MMC-5, 6.26 and 4.2.3.6")
def as_msf(bench: Bench) -> None:
    """With the MSF bit the same addresses come as minute, second and frame."""
    plain, positions = _rows(_ask(bench, TRACKS)), _rows(_ask(bench, TRACKS, as_msf=True))
    same("numbers", [row.number for row in plain], [row.number for row in positions])
    for row, position in zip(plain, positions, strict=True):
        if 0 <= row.lba < LAST_MSF:
            same(f"address {row.lba} as MSF", b"\0" + msf(row.lba), position.address)


@TOC.case("MMC-5, 6.26")
def from_a_track_on(bench: Bench) -> None:
    """Asked from the last track on, or for the lead-out, the unit leaves out what is before."""
    data = _ask(bench, TRACKS)
    same("numbers", [data[3], LEAD_OUT], [row.number for row in _rows(_ask(bench, TRACKS, data[3]))])
    same("numbers", [LEAD_OUT], [row.number for row in _rows(_ask(bench, TRACKS, LEAD_OUT))])


@TOC.case("MMC-5, 6.26")
def beyond_the_last(bench: Bench) -> None:
    """A track behind the last one is an invalid field."""
    last = _ask(bench, TRACKS)[3]
    bench.refused(ReadTocPmaAtip(track=last + 1, allocation_length=ANSWER), INVALID_FIELD)


@TOC.case("MMC-5, 6.26.3.3")
def sessions(bench: Bench) -> None:
    """Format 1 tells the first track of the last complete session, as format 0 tells of that track."""
    data = _ask(bench, SESSIONS)
    same("bytes", 12, len(data))
    holds("sessions from 1 on, the first not above the last", 1 <= data[2] <= data[3], (data[2], data[3]))
    same("first track of the last session", _rows(_ask(bench, TRACKS, data[6]))[0], _rows(data)[0])


@TOC.case("SFF-8020i; MMC-5, 6.26")
def old_format_field(bench: Bench) -> None:
    """The format may also stand in the last byte of the command, as Linux sends it."""
    old = bench.good(ReadTocPmaAtip(old_format=SESSIONS, allocation_length=12))
    same("answer", _ask(bench, SESSIONS), old)


@TOC.case("MMC-5, 6.26; SPC-4, 3.3 (reserved)")
def reserved_format(bench: Bench) -> None:
    """A reserved format is an invalid field."""
    _ask(bench, TRACKS)
    bench.refused(ReadTocPmaAtip(format=RESERVED_FORMAT, allocation_length=ANSWER), INVALID_FIELD)


@TOC.case("MMC-5, 6.26.3.4", is_cd)
def raw(bench: Bench) -> None:
    """Format 2 has whole entries: of each session the first and last track, the lead-out, and the tracks."""
    data = _ask(bench, RAW, 1, as_msf=True)
    same("bytes beside whole entries of 11", 4, len(data) % 11)
    entries = [data[n : n + 11] for n in range(4, len(data), 11)]
    for session in range(data[2], data[3] + 1):
        points = {entry[3]: entry[8:11] for entry in entries if entry[0] == session}
        wanted = {POINT_FIRST, POINT_LAST, POINT_LEAD_OUT}
        holds(f"points A0h, A1h and A2h of session {session}", wanted <= set(points), bytes(points))
        inside = range(points[POINT_FIRST][0], points[POINT_LAST][0] + 1)
        holds(f"tracks {inside} of session {session}", set(inside) <= set(points), bytes(points))


@TOC.case("MMC-5, 6.26.3.4 and 6.26.3.2", is_cd)
def raw_addresses(bench: Bench) -> None:
    """The tracks of format 2 begin where format 0 says."""
    plain = {row.number: row.lba for row in _rows(_ask(bench, TRACKS))}
    data = _ask(bench, RAW, 1, as_msf=True)
    for entry in (data[n : n + 11] for n in range(4, len(data), 11)):
        if entry[3] in plain:
            same(f"address of track {entry[3]}", plain[entry[3]], lba_of(entry[8:11]))


@ATIP.case("MMC-5, 6.26")
def atip(bench: Bench) -> None:
    """The ATIP tells of an unrestricted or erasable disc, and where lead-in and lead-out may lie."""
    data = _ask(bench, ATIP_FORMAT, as_msf=True)
    at_least(data, 15)
    erasable = bench.subject.profile == Profile.CD_RW
    same("disc type bit (CD-RW)", erasable, bool(data[6] & 0x40))
    holds("a lead-in from 80 minutes on", data[8] >= 80, data[8])
    lead_out_at = lba_of(data[12:15])
    holds("a last possible lead-out above LBA 0", lead_out_at > 0, lead_out_at)


CHAPTERS: Final = (TOC, ATIP)
