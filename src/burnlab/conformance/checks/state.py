"""GET EVENT STATUS NOTIFICATION, MECHANISM STATUS, READ BUFFER CAPACITY, GET PERFORMANCE, SET STREAMING."""

from __future__ import annotations

from typing import Final

from burnlab.conformance.bench import Bench, announced, at_least, holds, not_here, same
from burnlab.conformance.case import Chapter
from burnlab.conformance.conditions import a_medium, counts_bytes, no_medium
from burnlab.conformance.refusal import INVALID_FIELD, INVALID_PARAMETER, LIST_LENGTH
from burnlab.scsi.mmc.commands import (
    GetEventStatusNotification,
    GetPerformance,
    MechanismStatus,
    ReadBufferCapacity,
    SetCdSpeed,
    SetStreaming,
)
from burnlab.scsi.mmc.events import EventClass
from burnlab.scsi.mmc.structures import StreamingParameters, WriteSpeed

EVENTS: Final = Chapter("event-status")
MECHANISM: Final = Chapter("mechanism-status")
BUFFER: Final = Chapter("buffer-capacity")
PERFORMANCE: Final = Chapter("get-performance")
SPEED: Final = Chapter("set-speed")

EVENT_BYTES: Final = 8
NO_EVENT: Final = 0x80
MOST_EVENTS: Final = 16
TRAY_OPEN, PRESENT = 0x01, 0x02
NOMINAL, WRITE_SPEEDS, NO_TYPE = 0x00, 0x03, 0xF0
FASTEST: Final = 0xFFFF


def ask_events(bench: Bench, classes: int) -> bytes:
    """GET EVENT STATUS NOTIFICATION, polled, for a mask of classes."""
    cdb = GetEventStatusNotification(polled=True, class_request=classes, allocation_length=EVENT_BYTES)
    data = bench.good(cdb)
    at_least(data, 4)
    return data


def media_event(bench: Bench) -> bytes:
    """The next event of the media class; its code is 0 if nothing happened."""
    data = ask_events(bench, 1 << EventClass.MEDIA)
    at_least(data, EVENT_BYTES)
    same("event class, and an event available", EventClass.MEDIA.value, data[2] & 0x87)
    return data


def media_events(bench: Bench) -> list[int]:
    """The codes of all media events that are pending."""
    codes: list[int] = []
    while len(codes) < MOST_EVENTS and (code := media_event(bench)[4] & 0x0F):
        codes.append(code)
    return codes


@EVENTS.case("MMC-5, 6.7")
def supported_classes(bench: Bench) -> None:
    """Media events are among the supported classes, and class 0, which is reserved, isn't."""
    classes = ask_events(bench, 0xFE)[3]
    holds("class 4 supported", bool(classes >> EventClass.MEDIA & 1), f"{classes:02X}h")
    holds("class 0 not supported", not classes & 1, f"{classes:02X}h")


@EVENTS.case("MMC-5, 6.7")
def no_class(bench: Bench) -> None:
    """Asked for no class, the unit answers with a header alone: no event available."""
    data = announced(ask_events(bench, 0), 0, 2, 2)
    same("bytes", 4, len(data))
    same("no event available", NO_EVENT, data[2] & NO_EVENT)


@EVENTS.case("MMC-5, 6.7")
def each_class(bench: Bench) -> None:
    """Every supported class answers with an event of its own, 4 bytes behind the header."""
    classes = ask_events(bench, 0xFE)[3]
    for code in (code for code in range(1, 7) if classes >> code & 1):
        data = ask_events(bench, 1 << code)
        at_least(data, EVENT_BYTES)
        same("descriptor length", 6, int.from_bytes(data[0:2], "big"))
        same("class, and an event available", code, data[2] & 0x87)


@EVENTS.case("MMC-5, 6.7")
def told_once(bench: Bench) -> None:
    """Media events end: each is told once."""
    codes = media_events(bench)
    holds(f"fewer than {MOST_EVENTS} events", len(codes) < MOST_EVENTS, codes)
    same("media event after the last one", 0, media_event(bench)[4] & 0x0F)


@EVENTS.case("MMC-5, 6.7", a_medium)
def medium_present(bench: Bench) -> None:
    """The media status says that the tray is closed, and the medium present."""
    same("media status", PRESENT, media_event(bench)[5] & (TRAY_OPEN | PRESENT))


@EVENTS.case("MMC-5, 6.7", no_medium)
def medium_absent(bench: Bench) -> None:
    """The media status says that there is no medium."""
    same("medium present bit", 0, media_event(bench)[5] & PRESENT)


@EVENTS.case("MMC-5, 6.7")
def asynchronous(bench: Bench) -> None:
    """Asynchronous notification, without the polled bit, is an invalid field."""
    bench.refused(
        GetEventStatusNotification(class_request=0x10, allocation_length=EVENT_BYTES), INVALID_FIELD
    )


@MECHANISM.case("MMC-5, MECHANISM STATUS")
def header(bench: Bench) -> None:
    """Mechanism status has 8 bytes, then 4 for each slot; no fault, and with a medium no open door."""
    data = bench.good(MechanismStatus(allocation_length=252))
    at_least(data, 8)
    same("fault bit", 0, data[0] & 0x80)
    slots = int.from_bytes(data[6:8], "big")
    same("bytes of slot tables beside whole ones", 0, slots % 4)
    at_least(data, min(252, 8 + slots))
    if bench.subject.has_medium:
        same("door open bit", 0, data[1] & 0x10)


@BUFFER.case("MMC-5, 6.18.2", a_medium)
def sizes(bench: Bench) -> None:
    """The buffer has a size, and no more of it is free than there is."""
    data = bench.good(ReadBufferCapacity(allocation_length=12))
    same("bytes", 12, len(data))
    same("data length", 10, int.from_bytes(data[0:2], "big"))
    size, free = int.from_bytes(data[4:8], "big"), int.from_bytes(data[8:12], "big")
    holds("a size above 0", size > 0, size)
    holds(f"{size} free bytes or fewer", free <= size, free)


def _performance(bench: Bench, kind: int, maximum: int = 64) -> bytes:
    cdb = GetPerformance(tolerance=2, type=kind, maximum_descriptors=maximum)
    data = bench.good(cdb, answer=8 + 16 * maximum)
    at_least(data, 8)
    return announced(data, 0, 4, 4) if maximum else data


@PERFORMANCE.case("MMC-5, 6.8", a_medium)
def nominal(bench: Bench) -> None:
    """Nominal performance: whole descriptors of 16 bytes with rising addresses and speeds above 0."""
    data = _performance(bench, NOMINAL)
    same("bytes beside whole descriptors", 8, len(data) % 16)
    rows = [data[n : n + 16] for n in range(8, len(data), 16)]
    holds("one descriptor or more", bool(rows), data)
    for row in rows:
        start, end = int.from_bytes(row[0:4], "big"), int.from_bytes(row[8:12], "big")
        holds("an end not below the start", start <= end, (start, end))
        holds("a speed above 0", any(row[4:8]), row)


@PERFORMANCE.case("MMC-5, 6.8", a_medium)
def write_speeds(bench: Bench) -> None:
    """Write speeds: whole descriptors of 16 bytes, each with a speed above 0, none twice."""
    data = _performance(bench, WRITE_SPEEDS)
    rows = [WriteSpeed.unpack(data[n : n + 16]) for n in range(8, len(data) - 15, 16)]
    if not rows:
        raise not_here("the unit tells of no write speeds with this medium")
    holds("speeds above 0", all(row.write_kbps for row in rows), [row.write_kbps for row in rows])
    same("different descriptors", len(rows), len(set(rows)))


@PERFORMANCE.case("MMC-5, 6.8.3", a_medium)
def header_first(bench: Bench) -> None:
    """Asked for no descriptors, the unit announces all of them."""
    whole = _performance(bench, NOMINAL)
    header_alone = _performance(bench, NOMINAL, 0)
    same("header", whole[0:4], header_alone[0:4])
    same("bytes", 8, len(header_alone))


@PERFORMANCE.case("MMC-5, 6.8.3", a_medium, counts_bytes)
def length(bench: Bench) -> None:
    """The data length counts all that follows it, and nothing more is given."""
    data = bench.good(GetPerformance(tolerance=2, maximum_descriptors=64), answer=8 + 16 * 64)
    same("bytes in all, by the data length", len(announced(data, 0, 4, 4)), len(data))


@PERFORMANCE.case("MMC-5, 6.8; SPC-4, 3.3 (reserved)", a_medium)
def reserved_type(bench: Bench) -> None:
    """A reserved type is an invalid field."""
    _performance(bench, NOMINAL)
    bench.refused(GetPerformance(type=NO_TYPE, maximum_descriptors=1), INVALID_FIELD, answer=24)


@SPEED.case("MMC-5, 6.37", a_medium)
def fastest(bench: Bench) -> None:
    """SET CD SPEED with FFFFh, the fastest, is taken."""
    bench.good(SetCdSpeed(FASTEST, FASTEST))


@SPEED.case("MMC-5, 6.39.2", a_medium)
def defaults(bench: Bench) -> None:
    """SET STREAMING takes a performance descriptor that restores the unit's defaults."""
    wish = StreamingParameters(restore_defaults=True).pack()
    bench.good(SetStreaming(parameter_list_length=len(wish)), wish)


@SPEED.case("MMC-5, 6.39.2", a_medium)
def short_list(bench: Bench) -> None:
    """SET STREAMING refuses a performance descriptor that is cut short."""
    wish = StreamingParameters(restore_defaults=True).pack()
    bench.good(SetStreaming(parameter_list_length=len(wish)), wish)
    short = wish[:8]
    cdb = SetStreaming(parameter_list_length=len(short))
    bench.refused(cdb, LIST_LENGTH, INVALID_FIELD, INVALID_PARAMETER, data_out=short)


CHAPTERS: Final = (EVENTS, MECHANISM, BUFFER, PERFORMANCE, SPEED)
