"""A run of -check_media: what is read, what is told on the way, and the report at its end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from burnlab.burn.drive import BLOCK, FILE_PROFILE, DriveEvent, ReadFailed
from burnlab.xorriso.acquire import fail
from burnlab.xorriso.media_check import (
    CHUNK_BLOCKS,
    TAG_NAMES,
    Checker,
    Limits,
    MediaReport,
    Quality,
    Region,
    Segment,
    TagFound,
)
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.burn.drive import Drive
    from burnlab.iso9660.tree import File
    from burnlab.xorriso.media_options import MediaOptions
    from burnlab.xorriso.medium_view import MediumView
    from burnlab.xorriso.program import Program

EVENT_TEXT: Final = "Event triggered by media read error or MD5 comparison mismatch"
HEAD_BLOCKS: Final = 32
CD: Final = "C"
RUN_OUT: Final = 2
DRIVE_CHUNK_BLOCKS: Final = 32
"""What a drive is asked for at once; files have larger chunks."""


def run_check(program: Program, drive: Drive, view: MediumView, options: MediaOptions) -> None:
    """Read the medium and report.

    Raises:
        CommandFailed: blocks can't be copied to where they shall go.
    """
    from burnlab.xorriso.pacifier import Counter

    segments, total = _segments(program, view, options)
    counter = Counter(program, "blocks read", speed=_block_speed(view))
    is_counted = options.what != "tracks" or _has_range(options)

    def progress(count: int) -> None:
        counter.at(count, total if is_counted else 0)

    with _storing(program, options) as store:
        checker = Checker(
            _padded(drive, view.medium.readable_blocks),
            _limits(program, view, options),
            program.environment.monotonic,
            lambda found: _tell(program, found),
            progress,
            store,
            lambda error: _complain(program, error),
        )
        gap = Quality.OFF_TRACK if options.what == "tracks" and not _has_range(options) else Quality.UNTESTED
        end = max(view.medium.readable_blocks, segments[-1].end if segments else 0)
        report = checker.check(segments, end, gap)
    if checker.is_stopped and options.item_limit >= 0 and len(report.regions) >= options.item_limit:
        note = f"-check_media: Reached item_limit={options.item_limit}"
        program.messages.event(Severity.NOTE, note)
    if report.blocks_read:
        counter.end(report.blocks_read, total if is_counted else 0)
    _show(program, report, options)
    if options.event != "ALL" and report.is_bad:
        program.messages.event(Severity[options.event], EVENT_TEXT)


def _block_speed(view: MediumView) -> tuple[str, int]:
    letter, per_second = view.medium.speed_unit
    return letter, per_second // BLOCK


def _padded(drive: Drive, readable: int) -> Callable[[int, int], bytes]:
    """Blocks of a drive; the last part of a file counts as a block."""

    def read(lba: int, count: int) -> bytes:
        if lba >= readable:
            text = f"Read start address {lba}s larger than number of readable blocks {readable}"
            raise ReadFailed(text, DriveEvent("SORRY", text))
        data = drive.read_once(lba, count)
        rest = -len(data) % BLOCK
        return data + bytes(rest) if rest else data

    return read


def _has_range(options: MediaOptions) -> bool:
    return options.min_lba >= 0 or options.max_lba >= 0


def _segments(program: Program, view: MediumView, options: MediaOptions) -> tuple[list[Segment], int]:
    """What to read, and how many blocks that is."""
    readable = view.medium.readable_blocks
    has_tags = program.settings.md5
    if _has_range(options):
        start = max(0, options.min_lba)
        end = options.max_lba + 1 if options.max_lba >= 0 else readable
        segments = [Segment(start, end, None)] if end > start else []
    elif options.what == "disc":
        segments = [Segment(0, readable, 0 if has_tags else None)]
    elif options.what == "image" and program.volume.loaded is not None:
        end = _end_of_image(program, view)
        segments = [Segment(0, min(end, readable), 0 if has_tags else None)]
    else:
        segments = list(_tracks(view, has_tags=has_tags))
    return segments, sum(segment.end - segment.start for segment in segments)


def _end_of_image(program: Program, view: MediumView) -> int:
    loaded = program.volume.loaded
    assert loaded is not None
    base = loaded.base if loaded.base >= HEAD_BLOCKS or not view.medium.is_overwritable else 0
    return base + loaded.size_blocks


def _tracks(view: MediumView, *, has_tags: bool) -> Iterator[Segment]:
    """Every track; what is read of an emulated first session begins with the head."""
    if view.medium.is_overwritable:
        spans = [(row.start, row.blocks) for row in view.rows if row.kind == "ISO"]
        if not spans:
            spans = [(0, view.medium.readable_blocks)]
    else:
        spans = [(t.start, t.blocks) for t in view.medium.tracks if t.is_data and t.is_complete]
    run_out = RUN_OUT if view.medium.speed_unit[0] == CD else 0
    for start, blocks in spans:
        first = 0 if view.medium.is_overwritable and start == HEAD_BLOCKS else start
        yield Segment(first, start + blocks, start if has_tags else None, run_out)


def _limits(program: Program, view: MediumView, options: MediaOptions) -> Limits:
    now = program.environment.monotonic
    began, began_on_clock = now(), program.environment.clock()

    def is_over(items: int) -> bool:
        if 0 <= options.item_limit <= items + 1:
            return True
        if options.time_limit >= 0 and now() - began >= options.time_limit:
            return True
        return bool(options.abort_file) and _is_fresh(options.abort_file, began_on_clock)

    is_cd = view.medium.speed_unit[0] == CD
    is_mmc = view.medium.profile != FILE_PROFILE
    may_retry = options.retry == "on" or (options.retry == "default" and (is_cd or not is_mmc))
    usual = DRIVE_CHUNK_BLOCKS if is_mmc else CHUNK_BLOCKS
    chunk = max(1, options.chunk_size // BLOCK) if options.chunk_size else usual
    return Limits(is_over, chunk, options.slow_limit, may_retry, RUN_OUT if is_cd else 0)


def _complain(program: Program, error: OSError) -> None:
    """Say what a drive says of blocks that it can't read; the report tells of a file."""
    if isinstance(error, ReadFailed):
        program.messages.event(Severity[error.event.severity], error.event.text, error.event.origin)


def _is_fresh(path: str, began: float) -> bool:
    try:
        return os.stat(path).st_mtime >= began  # noqa: PTH116
    except OSError:
        return False


@contextmanager
def _storing(program: Program, options: MediaOptions) -> Iterator[Callable[[int, bytes], None] | None]:
    """Where readable blocks are copied to."""
    if not options.data_to:
        yield None
        return
    path = os.path.join(program.settings.disk_directory, options.data_to)  # noqa: PTH118
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        text = f"Cannot open path for data_to={options.data_to} : {error.strerror}"
        raise fail(program, text) from error

    def store(lba: int, data: bytes) -> None:
        view, offset = memoryview(data), lba * BLOCK
        try:
            while view:
                done = os.pwrite(fd, view, offset)
                view, offset = view[done:], offset + done
        except OSError as error:
            text = f"Cannot write to data_to={options.data_to} : {error.strerror}"
            raise fail(program, text) from error

    try:
        yield store
    finally:
        os.close(fd)


def _tell(program: Program, found: TagFound) -> None:
    name = TAG_NAMES[found.kind]
    event = program.messages.event
    if found.expected is not None:
        event(Severity.NOTE, f"Found MD5 {name} tag which covers different data range")
        event(Severity.NOTE, f"              Expected: {found.expected}  Found: {found.start}")
        return
    word, severity = ("matching", Severity.UPDATE) if found.matches else ("NON-MATCHING", Severity.WARNING)
    event(severity, f"Found {word} MD5 {name} tag: start={found.start} size={found.blocks}")


def _show(program: Program, report: MediaReport, options: MediaOptions) -> None:
    say = program.messages.result
    if options.report != "files":
        say("Media checks :        lba ,       size , quality")
        for region in report.regions:
            say(f"Media region : {_columns(region, options)}")
        if report.ranges:
            say("MD5 checks   :        lba ,       size , result")
            for region in report.ranges:
                say(f"MD5 tag range: {_columns(region, options)}")
    if options.report != "blocks":
        say("Report layout:  at byte ,    Range , Filesize , ISO image path")
        _show_files(program, report, options)


def _columns(region: Region, options: MediaOptions) -> str:
    quality = region.quality.value
    if region.quality is Quality.MD5_MISMATCH and options.bad_limit == "md5_mismatch":
        quality = f"-{quality[1:]}"
    return f"{region.start:10d} , {region.blocks:10d} , {quality}"


def _show_files(program: Program, report: MediaReport, options: MediaOptions) -> None:
    from burnlab.iso9660.tree import File, ImageContent, walk

    root = program.volume.root
    if root is None:
        return
    bad = [r for r in report.regions if r.quality is Quality.UNREADABLE]
    if options.bad_limit == "md5_mismatch":
        bad += [r for r in report.ranges if r.quality is Quality.MD5_MISMATCH]
    for node in walk(root) if bad else ():
        if isinstance(node, File) and isinstance(node.content, ImageContent):
            for at, size in _damage(node.content, bad):
                _show_file(program, node, at, size)


def _damage(content: object, bad: list[Region]) -> Iterator[tuple[int, int]]:
    """Ranges of bytes of a content that lie in bad regions."""
    from burnlab.iso9660.tree import ImageContent

    assert isinstance(content, ImageContent)
    at = 0
    for lba, size in content.extents:
        for region in bad:
            first = max(0, (region.start - lba) * BLOCK)
            last = min(size, (region.end - lba) * BLOCK)
            if first < last:
                yield at + first, last - first
        at += size


def _show_file(program: Program, node: File, at: int, size: int) -> None:
    path = quote(node.path().decode("utf-8", "surrogateescape"))
    line = f"File damaged : {at:8d} , {size:8d} , {node.content.size:8d} , {path}"
    program.messages.result(line)
