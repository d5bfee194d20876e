"""A CD as an image of whole sectors, FILE.bin, with a sheet that tells its tracks, FILE.cue.

The image holds every sector from the start of each session to its lead-out; what lies between sessions is
left out. CD-TEXT goes to a third file, FILE.cdt.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from burnlab.disc import cd_read, cd_sector
from burnlab.disc.cd_model import CdTrack, SectorForm
from burnlab.disc.cd_regions import cd_track, recorded_end
from burnlab.disc.disc import Disc
from burnlab.disc.errors import WrongSectorForm
from burnlab.disc.folder import FolderError
from burnlab.disc.model import SessionView, Track

CD_PROFILES = (0x0008, 0x0009, 0x000A)
PIECE_SECTORS = 256
MODES = {
    SectorForm.AUDIO: "AUDIO",
    SectorForm.MODE_1: "MODE1/2352",
    SectorForm.MODE_2_FORM_1: "MODE2/2352",
    SectorForm.MODE_2: "MODE2/2352",
}
FLAGS = {0x1: "PRE", 0x2: "DCP", 0x8: "4CH"}
"""Bits of an audio track's control nibble."""


@dataclass(frozen=True, slots=True)
class _Part:
    """One session and where its first sector lies in the image."""

    session: SessionView
    start: int
    end: int
    offset: int


def export_bin_cue(disc: Disc, path: Path) -> int:
    """Write the image and its sheet beside each other; returns the sectors.

    FileExistsError if one of the files is there, FolderError if the disc is no CD with a closed session.
    """
    parts = list(_parts(disc))
    if disc.medium.profile not in CD_PROFILES or not parts:
        raise FolderError("only a CD with a closed session can be exported so", "export it as FILE.iso")
    text = next((x.text for x in disc.state.cd.lead_ins if x.text), "")
    with ExitStack() as stack:
        image = stack.enter_context(path.with_suffix(".bin").open("xb"))
        sheet = stack.enter_context(path.with_suffix(".cue").open("x", encoding="ascii"))
        sheet.write("\n".join(_sheet(disc, parts, path.with_suffix(".bin").name, bool(text))) + "\n")
        if text:
            stack.enter_context(path.with_suffix(".cdt").open("xb")).write(bytes.fromhex(text))
        for part in parts:
            for piece in _sectors(disc, part.start, part.end):
                image.write(piece)
    return sum(part.end - part.start for part in parts)


def _parts(disc: Disc) -> Iterator[_Part]:
    offset = 0
    for session in disc.session_views():
        last = disc.state.tracks[session.last_track - 1]
        end = recorded_end(last)
        yield _Part(session, session.start, end, offset)
        offset += end - session.start


def _sectors(disc: Disc, lba: int, end: int) -> Iterator[bytes]:
    while lba < end:
        count = min(PIECE_SECTORS, end - lba)
        try:
            piece = b"".join(sector for _, _, sector in cd_read.sectors(disc, lba, count))
        except WrongSectorForm:
            piece = b"".join(_sector(disc, n) for n in range(lba, lba + count))
        yield piece
        lba += count


def _sector(disc: Disc, lba: int) -> bytes:
    """One sector; the run-out of a data track, which no drive can read, as an empty one."""
    try:
        return next(cd_read.sectors(disc, lba, 1))[2]
    except WrongSectorForm:
        return cd_sector.mode_1(lba, bytes(2048))


def _sheet(disc: Disc, parts: list[_Part], image: str, with_text: bool) -> Iterator[str]:
    mcn = next((x.mcn for x in disc.state.cd.lead_ins if x.mcn), "")
    if mcn:
        yield f"CATALOG {mcn}"
    if with_text:
        yield f'CDTEXTFILE "{Path(image).with_suffix(".cdt").name}"'
    yield f'FILE "{image}" BINARY'
    for part in parts:
        if len(parts) > 1:
            yield f"  REM SESSION {part.session.number:02}"
        for number in range(part.session.first_track, part.session.last_track + 1):
            yield from _track(disc.state.tracks[number - 1], part)


def _track(track: Track, part: _Part) -> Iterator[str]:
    facts = cd_track(track)
    yield f"  TRACK {track.number:02} {MODES[facts.form]}"
    flags = [name for bit, name in FLAGS.items() if facts.control & bit]
    if flags and facts.form is SectorForm.AUDIO:
        yield f"    FLAGS {' '.join(flags)}"
    if facts.isrc:
        yield f"    ISRC {facts.isrc}"
    for number, lba in _marks(track, facts, part):
        yield f"    INDEX {number:02} {_time(lba - part.start + part.offset)}"


def _marks(track: Track, facts: CdTrack, part: _Part) -> Iterator[tuple[int, int]]:
    if facts.pregap and track.start - facts.pregap >= part.start:
        yield 0, track.start - facts.pregap
    yield 1, track.start
    yield from enumerate(facts.indexes, 2)


def _time(sectors: int) -> str:
    return f"{sectors // 4500:02}:{sectors // 75 % 60:02}:{sectors % 75:02}"
