"""A drive as a burn program sees it: what it is, what is in it, and what can be done to it.

The same protocol serves a plain file, a pipe, and a logical unit behind SCSI commands.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from burnlab.scsi.sense import SenseData

BLOCK: Final = 2048
CD_SPEED: Final = 150 * 1024
DVD_SPEED: Final = 1_385_000
BD_SPEED: Final = 4_495_625
NO_PROFILE: Final = 0
FILE_PROFILE: Final = 0xFFFF
"""Stands for media that aren't MMC media: files, devices, pipes."""

UNTOLD_PERCENT: Final = 50
"""How full the buffer of a drive is said to be that doesn't tell."""

Data: TypeAlias = bytes | bytearray | memoryview
Progress: TypeAlias = Callable[[float | None], None]
"""Told now and then how far a long operation has come: 0..1, or None if the drive doesn't say."""


class ScannedDrive(NamedTuple):
    """A drive that a scan found: its address, what it is, who may use it (owner, group, others), other names.

    `is_usable` says whether this user may read and write it.
    """

    address: str
    vendor: str
    product: str
    permissions: str = "rwrw--"
    links: tuple[str, ...] = ()
    is_usable: bool = True


class DriveEvent(NamedTuple):
    """Something to say about a drive: `severity` is a name such as `SORRY`, `origin` who says it."""

    severity: str
    text: str
    origin: str = "libburn"


class DriveError(Exception):
    """A drive can't do it, or didn't. `events` is what a burn library would say about it, gravest last.

    `sense` is what the drive answered, if it was the drive that refused.
    """

    def __init__(self, text: str, *events: DriveEvent, sense: SenseData | None = None) -> None:
        super().__init__(text)
        self.events = events or (DriveEvent("FAILURE", text),)
        self.sense = sense


class ReadFailed(OSError):
    """A drive couldn't read blocks. `event` is what a burn library would say about it."""

    def __init__(self, text: str, event: DriveEvent) -> None:
        super().__init__(errno.EIO, text)
        self.event = event


class Status(Enum):
    """State of a medium, as `Media status` tells it."""

    ABSENT = "is not present"
    UNKNOWN = "is not recognizable"
    BLANK = "is blank"
    APPENDABLE = "is written , is appendable"
    CLOSED = "is written , is closed"


class Access(Enum):
    """How blocks can be written."""

    OVERWRITABLE = "any block, any time"
    SEQUENTIAL = "at the next writable address only"
    READ_ONLY = "not at all"


class Track(NamedTuple):
    """A track of a real table of contents. `start` and `blocks` in blocks of 2048 bytes."""

    session: int
    number: int
    start: int
    blocks: int
    is_data: bool = True
    is_complete: bool = True


class FormatChoice(NamedTuple):
    """A row of the list of formats: type code, capacity in blocks, type dependent parameter."""

    code: int
    blocks: int
    parameter: int = 0


class FormatList(NamedTuple):
    """READ FORMAT CAPACITIES: `state` is `unformatted`, `formatted` or `unknown`, `blocks` its capacity."""

    state: str
    blocks: int
    choices: tuple[FormatChoice, ...] = ()


class SpeedChoice(NamedTuple):
    """A row of the list of write speeds: kB/s (1000 bytes), and the end block it holds for."""

    write_kb: int
    end: int
    source: int = 1
    read_kb: int = 0


@dataclass(frozen=True, slots=True)
class Identity:
    """INQUIRY texts of a drive."""

    vendor: str
    product: str
    revision: str
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Medium:
    """What is in a drive. Sizes and addresses count blocks of 2048 bytes.

    `tracks` is the real table of contents; media that can be overwritten have none: sessions on them are
    found by what is written there. `next_writable` is None if nothing can be written. `flaws` is added to
    the status.
    """

    status: Status
    access: Access
    profile: int = FILE_PROFILE
    name: str = ""
    tracks: tuple[Track, ...] = ()
    next_writable: int | None = None
    free_blocks: int = 0
    readable_blocks: int = 0
    is_erasable: bool = False
    speed_unit: tuple[str, int] = ("D", DVD_SPEED)
    product_id: str = ""
    maker: str = ""
    media_id: str = ""
    flaws: tuple[str, ...] = ()
    overall_blocks: int = 0
    """Size of the whole medium where that isn't what is readable and writable together; else 0."""
    write_align: int = 1
    """A session is padded to a multiple of this many blocks."""
    least_track: int = 0
    """A track is padded to at least this many blocks."""
    needs_format: bool = False
    """It can't be written before it is formatted."""
    closes_at_once: bool = False
    """A session that closes the blank medium is written at once, to the exact block."""
    needs_close: bool = False
    """It takes one session, and is closed by it."""
    can_simulate: bool = True
    can_stream: bool = False
    """It can be written without being read again by the drive at once."""
    is_formatting: bool = False
    """It is being formatted in the background, and can be used meanwhile."""
    is_formatted_in_parts: bool = False
    """Its head can be written, but not every block: what is formatted grows while it is written."""
    address_unit: int = 1
    """Blocks that the drive counts write addresses in."""
    spares: tuple[int, int] | None = None
    """Spare blocks that are used up and left, where the medium has such an area."""
    speed_limits: tuple[int, int] | None = None
    """The slowest and the fastest speed that a rewritable CD itself tells, as multiples of 1x."""

    @property
    def is_overwritable(self) -> bool:
        """Whether sessions have to be emulated."""
        return self.access is Access.OVERWRITABLE


SYNC_BYTES: Final = 16 << 20
SYNC_AT_END: Final = 0
SYNC_NEVER: Final = -1
"""What `WriteRequest.sync_bytes` may be: a number of bytes, or one of the last two."""


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """What is going to be written: start LBA, number of blocks (None if not known), and how.

    `close` says that nothing shall be appended later. `mode` is `auto`, `tao` or `sao`. `speed` is in kB/s,
    0 the fastest. `sync_bytes` is for files: after so many bytes they are brought to the disk,
    or SYNC_AT_END or SYNC_NEVER.
    """

    lba: int
    blocks: int | None
    close: bool = False
    mode: str = "auto"
    dummy: bool = False
    speed: int = 0
    stream_recording: bool = False
    sync_bytes: int = SYNC_BYTES


class Drive(Protocol):
    """What every drive can do; DriveError for what it refuses or fails to do."""

    @property
    def address(self) -> str:
        """As the user typed it."""
        ...

    @property
    def is_mmc(self) -> bool:
        """Whether it obeys MMC commands: has a tray, profiles, lists of formats and speeds."""
        ...

    @property
    def identity(self) -> Identity:
        """Vendor, product, revision."""
        ...

    @property
    def buffer_percent(self) -> int:
        """How full its buffer was when it was last asked, 0 to 100; 50 if it doesn't tell."""
        ...

    def medium(self) -> Medium:
        """Look at the medium again."""
        ...

    def read(self, lba: int, blocks: int, /) -> bytes:
        """Blocks from `lba`, shorter at the end of the medium; OSError if they can't be read."""
        ...

    def read_once(self, lba: int, blocks: int, /) -> bytes:
        """The same, but what can't be read at once isn't tried in smaller pieces: ReadFailed or OSError."""
        ...

    def begin(self, request: WriteRequest) -> None:
        """Get ready for a session or track that `write` will fill from `request.lba` on."""
        ...

    def write(self, data: Data) -> None:
        """The next blocks of what was begun; whole blocks."""
        ...

    def finish(self, progress: Progress, /) -> None:
        """End what was begun: everything is on the medium, and track and session are closed."""
        ...

    def abort(self) -> None:
        """Give up what was begun, as well as the medium allows. Never raises."""
        ...

    def write_at(self, lba: int, data: Data, /) -> None:
        """Overwrite blocks; they are on the medium when it returns. For overwritable media only."""
        ...

    def blank(self, mode: str, progress: Progress, /) -> None:
        """Make the medium blank: `all`, `fast`, `deformat`, `deformat_quickest`."""
        ...

    def format(self, choice: FormatChoice | None, progress: Progress, quick: bool = False, /) -> None:
        """Format the medium, by a choice of its list or by what suits it best."""
        ...

    def formats(self) -> FormatList:
        """What the medium could be formatted to."""
        ...

    def speeds(self) -> tuple[SpeedChoice, ...]:
        """Write speeds, fastest first."""
        ...

    def profiles(self) -> tuple[tuple[int, bool], ...]:
        """Profile codes of the drive, and whether each is current."""
        ...

    def close_damaged(self, progress: Progress, /) -> None:
        """Close a track that a write has left damaged, and its session."""
        ...

    def eject(self) -> bool:
        """Open the tray; False if there is none."""
        ...

    def close(self, *, at_once: bool = False) -> None:
        """Let go of the drive; `at_once` doesn't wait until it is ready to unlock its tray."""
        ...


OpenDrive: TypeAlias = Callable[[str], Drive]
"""Finds the drive of an address; DriveError if there is none."""
