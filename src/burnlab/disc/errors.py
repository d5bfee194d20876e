"""What a medium refuses, told as physical truth. Whoever drives the disc turns it into its own words."""

from __future__ import annotations


class DiscError(Exception):
    """The medium can't do what was asked. Nothing on it has changed."""


class NotWritable(DiscError):
    """The disc is closed."""


class NotRecordable(DiscError):
    """The medium was never recordable."""


class CannotErase(DiscError):
    """The medium can't be blanked."""


class CannotFormat(DiscError):
    """The medium can't be formatted, or not any more."""


class BadFormat(DiscError):
    """The medium can't be given this format type or size."""


class NotFormatted(DiscError):
    """The medium must be formatted before it is written."""


class Unaligned(DiscError):
    """The medium takes only whole units at multiples of their size."""


class NotNextWritable(DiscError):
    """A write went somewhere else than to a next writable address."""

    def __init__(self, lba: int, next_writable: int | None) -> None:
        super().__init__(f"LBA {lba} is not the next writable address {next_writable}")
        self.next_writable = next_writable


class BeyondEnd(DiscError):
    """A write would go past the end of its track or of the medium."""


class OutOfRange(DiscError):
    """A write would go past the end of what is formatted."""


class NotRecorded(DiscError):
    """A block that was never recorded can't be read."""

    def __init__(self, lba: int) -> None:
        super().__init__(f"LBA {lba} is not recorded")
        self.lba = lba


class WrongWriteType(DiscError):
    """The write type doesn't fit the medium in its present state."""


class NoCueSheet(DiscError):
    """A session can't be written at once before a cue sheet has told what it will be."""


class WrongSectorForm(DiscError):
    """The sector is recorded, but it isn't of the form that was asked for."""


class NotAtOnceReadable(DiscError):
    """The disc is being recorded at once: it can't be read before that has ended."""


class NoSuchTrack(DiscError):
    """There is no track with this number."""


class CannotReserve(DiscError):
    """No track of this size can be reserved here."""


class NotReserved(DiscError):
    """Writing at once begins with reserving the track."""


class IncompleteTrack(DiscError):
    """A session can't be closed while one of its tracks is open."""


class SurfaceFailure(DiscError):
    """The file behind the surface took no more: its filesystem is full or broken."""
