"""GET EVENT STATUS NOTIFICATION: what happened to tray, medium and operation since the last question."""

from __future__ import annotations

from enum import IntEnum


class EventClass(IntEnum):
    """Notification classes.    Source: MMC-5, 6.7."""

    OPERATIONAL_CHANGE = 1
    POWER_MANAGEMENT = 2
    EXTERNAL_REQUEST = 3
    MEDIA = 4
    MULTI_INITIATOR = 5
    DEVICE_BUSY = 6


class MediaEvent(IntEnum):
    """Media event codes.    Source: MMC-5, 6.7."""

    NO_CHANGE = 0
    EJECT_REQUEST = 1
    NEW_MEDIA = 2
    MEDIA_REMOVAL = 3
    MEDIA_CHANGED = 4


SUPPORTED = 1 << EventClass.OPERATIONAL_CHANGE | 1 << EventClass.MEDIA | 1 << EventClass.DEVICE_BUSY


def notification(event_class: EventClass | None, payload: bytes = b"") -> bytes:
    """Header and one event of 4 bytes; no event at all (NEA) for None.    Source: MMC-5, 6.7."""
    if event_class is None:
        return bytes((0, 2, 0x80, SUPPORTED))
    return (2 + len(payload)).to_bytes(2, "big") + bytes((event_class, SUPPORTED)) + payload


def media_event(event: MediaEvent, *, tray_open: bool, present: bool) -> bytes:
    """A media event with the tray's state.    Source: MMC-5, 6.7."""
    return notification(EventClass.MEDIA, bytes((event, tray_open | present << 1, 0, 0)))


def busy_event(*, busy: bool, progress: int) -> bytes:
    """A device busy event; `progress` 0..65535.    Source: MMC-5, 6.7."""
    return notification(EventClass.DEVICE_BUSY, bytes((0, int(busy))) + progress.to_bytes(2, "big"))


def operational_event() -> bytes:
    """No operational change.    Source: MMC-5, 6.7."""
    return notification(EventClass.OPERATIONAL_CHANGE, bytes(4))
