"""A medium as its report shows it: state by what is written there, sessions real or emulated, room."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from burnlab.burn.drive import BLOCK, FILE_PROFILE, Access, Drive, Medium, Status, Track

if TYPE_CHECKING:
    from collections.abc import Iterator

    from burnlab.iso9660.sessions import SessionSpan

HEAD_BLOCKS: Final = 32


class Row(NamedTuple):
    """A line of the table of contents: `kind` is `ISO`, `Other`, `Incmp`, `what` is `session` or `track`."""

    kind: str
    what: str
    number: int
    start: int
    blocks: int
    volume_id: str = ""


@dataclass(frozen=True, slots=True)
class MediumView:
    """What was found out about the medium in a drive, in blocks of 2048 bytes.

    `next_start` is where a further session would begin, None if there can't be one. `load_start` is where the
    newest image is. `warnings` are for whoever asked to look.
    """

    medium: Medium
    rows: tuple[Row, ...] = ()
    data_blocks: int = 0
    readable: int = 0
    free: int = 0
    writable: int = 0
    next_start: int | None = None
    load_start: int = 0
    warnings: tuple[str, ...] = ()
    head: bytes = b""
    """Blocks 0 to 31 of a medium whose sessions are emulated."""
    trouble: str = ""
    """Why it can't be read at all."""

    @property
    def status(self) -> Status:
        """State of the medium."""
        return self.medium.status

    @property
    def sessions(self) -> int:
        """How many sessions there are."""
        return sum(1 for row in self.rows if row.what == "session" and row.kind != "Incmp")

    @property
    def overall(self) -> int:
        """Blocks that the medium has at all."""
        if self.medium.overall_blocks:
            return self.medium.overall_blocks
        if self.medium.access is Access.SEQUENTIAL and self.next_start:
            return self.next_start + self.free
        return self.readable + self.writable

    def track_blocks(self, blocks: int, *, at_once: bool) -> int:
        """Blocks that are written for so many blocks of data: whole units, or exactly those if `at_once`."""
        medium = self.medium
        blocks = max(blocks, medium.least_track)
        if at_once and medium.closes_at_once and self.status is Status.BLANK:
            return blocks
        return -(-blocks // medium.write_align) * medium.write_align

    def start_of(self, what: str, number: int) -> int | None:
        """First block of a session or track; None if there is none of that number."""
        if what == "track":
            return self.rows[number - 1].start if 1 <= number <= len(self.rows) else None
        return next((r.start for r in self.rows if r.what == "session" and r.number == number), None)


def look(drive: Drive, *, without_emulation: bool = False) -> MediumView:
    """Look at the medium in a drive. `without_emulation`: a first session is to begin at block 0."""
    medium = drive.medium()
    if medium.is_overwritable:
        return _look_at_overwritable(drive, medium, 0 if without_emulation else HEAD_BLOCKS)
    return _look_at_sequential(drive, medium)


def as_if_blank(view: MediumView) -> MediumView:
    """An overwritable medium whose content doesn't matter, for it will be overwritten from its beginning."""
    if not view.medium.is_overwritable:
        return view
    size = view.medium.free_blocks
    blank = replace(view.medium, status=Status.BLANK, next_writable=0)
    return MediumView(blank, free=max(0, size - HEAD_BLOCKS), writable=size, next_start=0, head=view.head)


def _look_at_overwritable(drive: Drive, medium: Medium, first: int) -> MediumView:
    from burnlab.iso9660.sessions import HeadState, emulated_sessions, head_state, next_base

    head, trouble = _read_head(drive, medium)
    state = HeadState.BLANK if medium.status is Status.BLANK or head is None else head_state(head)
    if head is None and medium.status is not Status.BLANK and not trouble:
        state = HeadState.OTHER
    size = medium.free_blocks
    if state is HeadState.BLANK:
        blank = replace(medium, status=Status.BLANK, next_writable=first)
        free = max(0, size - first)
        return MediumView(
            blank, free=free, writable=size, next_start=first, head=head or b"", trouble=trouble
        )
    if state is HeadState.OTHER:
        closed = replace(medium, status=Status.CLOSED, next_writable=None)
        end = medium.readable_blocks
        rows = (Row("Other", "session", 1, end if medium.profile == FILE_PROFILE else 0, end),)
        return MediumView(closed, rows if end else (), end, end, head=head or b"")
    assert head is not None
    start = next_base(head)
    rows_found, warnings = _rows_of_emulated(emulated_sessions(drive.read, head, medium.readable_blocks))
    free = max(0, size - start)
    return MediumView(
        replace(medium, status=Status.APPENDABLE, next_writable=start),
        rows_found,
        sum(row.blocks for row in rows_found),
        min(start, medium.readable_blocks),
        free,
        free,
        start,
        0,
        warnings,
        head,
    )


def _read_head(drive: Drive, medium: Medium) -> tuple[bytes | None, str]:
    """The first 64 KiB, None if they can't be read; and why a file isn't readable at all."""
    if not medium.readable_blocks:
        return None, ""
    try:
        return drive.read(0, HEAD_BLOCKS), ""
    except PermissionError as error:
        return None, error.strerror or "Permission denied"
    except OSError:
        return None, ""


def _rows_of_emulated(found: tuple[list[SessionSpan], list[str]]) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    spans, warnings = found
    rows = (
        Row("ISO", "session", number, span.start, span.blocks, _text(span.volume_id))
        for number, span in enumerate(spans, 1)
    )
    return tuple(rows), tuple(warnings)


def _text(volume_id: bytes) -> str:
    return volume_id.decode("utf-8", "surrogateescape")


def _look_at_sequential(drive: Drive, medium: Medium) -> MediumView:
    rows: list[Row] = []
    warnings: list[str] = []
    data_blocks = load_start = 0
    for _, group in groupby(medium.tracks, key=lambda track: track.session):
        tracks = list(group)
        rows.extend(_rows_of_session(drive, tracks, warnings))
        if tracks[0].is_complete:
            load_start = tracks[0].start
            data_blocks += tracks[-1].start + tracks[-1].blocks - tracks[0].start
    copied = _sessions_of_copy(drive, medium, rows)
    if copied:
        rows, data_blocks = copied, sum(row.blocks for row in copied)
    free = medium.free_blocks
    return MediumView(
        medium,
        tuple(rows),
        data_blocks,
        medium.readable_blocks,
        free,
        free,
        medium.next_writable,
        load_start,
        tuple(warnings),
    )


def _sessions_of_copy(drive: Drive, medium: Medium, rows: list[Row]) -> list[Row]:
    """The sessions of an overwritable medium that was copied to one which is closed; none if it wasn't."""
    from burnlab.iso9660.sessions import emulated_sessions

    is_single = medium.status is Status.CLOSED and [(row.kind, row.start) for row in rows] == [("ISO", 0)]
    if not is_single or medium.readable_blocks <= HEAD_BLOCKS:
        return []
    head, _trouble = _read_head(drive, medium)
    if head is None:
        return []
    found, _warnings = _rows_of_emulated(emulated_sessions(drive.read, head, medium.readable_blocks))
    return list(found) if found and found[0].start else []


def _rows_of_session(drive: Drive, tracks: list[Track], warnings: list[str]) -> Iterator[Row]:
    from burnlab.iso9660.sessions import image_at

    for index, track in enumerate(tracks):
        what, number = ("track", track.number) if index else ("session", track.session)
        if not track.is_complete:
            yield Row("Incmp", "session", track.session, track.start, track.blocks)
            continue
        image = image_at(drive.read, track.start) if track.is_data and track.blocks > 16 else None
        if image is None:
            yield Row("Other", what, number, track.start, track.blocks)
            continue
        if image.blocks > track.blocks:
            warnings.append(
                f"{what.capitalize()} {number} bears ISO image size {image.blocks}s larger than track size "
                f"{track.blocks}s"
            )
        blocks = min(image.blocks, track.blocks)
        yield Row("ISO", what, number, track.start, blocks, _text(image.volume_id))


def describe_bytes(blocks: int) -> str:
    """A number of blocks as bytes in five characters."""
    from burnlab.xorriso.pacifier import scaled

    return scaled(float(blocks * BLOCK)).rjust(5)
