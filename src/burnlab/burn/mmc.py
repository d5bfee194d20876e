"""A logical unit behind the door as a drive: every kind of optical medium, by the table of kinds."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from burnlab.burn import mmc_inspect, mmc_write
from burnlab.burn.door import FORMAT_LIMIT, LONG, SHORT, Door, SenseError, Sleep
from burnlab.burn.drive import (
    BLOCK,
    UNTOLD_PERCENT,
    Data,
    DriveError,
    DriveEvent,
    FormatChoice,
    FormatList,
    Identity,
    Medium,
    Progress,
    ReadFailed,
    SpeedChoice,
    Status,
    WriteRequest,
)
from burnlab.burn.mmc_inspect import Facts
from burnlab.burn.mmc_write import Job
from burnlab.scsi.commands import (
    PreventAllowMediumRemoval,
    Read10,
    StartStopUnit,
    Write10,
)
from burnlab.scsi.mmc import format_list
from burnlab.scsi.mmc.commands import Blank, FormatUnit
from burnlab.scsi.mmc.profiles import Profile
from burnlab.scsi.sense import SenseKey
from burnlab.scsi.task import LogicalUnit
from burnlab.scsi.transport import TransportError

READ_CHUNK = 32
SMALLER_READ = 16
WORTH_ANOTHER_TRY = (
    SenseKey.MEDIUM_ERROR,
    SenseKey.HARDWARE_ERROR,
    SenseKey.ILLEGAL_REQUEST,
    SenseKey.BLANK_CHECK,
    SenseKey.ABORTED_COMMAND,
)
"""Reasons for a READ's failure that may be those of some of its blocks only."""
FAST_BLANK = ("fast", "deformat_quickest")
QUICK_BLOCKS = 65536
"""Blocks of a DVD-RW that a quick format makes usable at once: 128 MiB."""
FORMAT_PARAMETERS = {0x00: 0x800, 0x01: 0x800, 0x31: 0x800} | dict.fromkeys(range(0x10, 0x16), 0x10)
"""Format type → parameter, where it isn't that of the format's descriptor."""
DEFAULT, CERTIFIED, GROWING = 0x00, 0x30, 0x15
"""Types of formats: the usual one; that of a BD-RE with a choice of spare areas; a DVD-RW's that grows."""
SUB_TYPES = {
    (Profile.BD_R_SRM, 0x00): 1,
    (Profile.BD_R_SRM, 0x32): 1,
    (Profile.BD_RE, 0x30): 2,
    (Profile.BD_RE, 0x31): 2,
}
"""Profile and format type → sub-type: the BD-RE's isn't certified block by block, which would take hours."""


class MmcDrive:
    """A drive that obeys MMC commands. `sleep` waits for seconds; `release` is called when it is let go."""

    is_mmc = True

    def __init__(
        self, address: str, unit: LogicalUnit, sleep: Sleep, release: Callable[[], None] | None = None
    ) -> None:
        self.address = address
        self._release = release
        self._door = Door(unit, sleep)
        self._job: Job | None = None
        self._facts: Facts | None = None
        with _as_drive_error(f"Cannot access '{address}' as SG_IO CDROM drive"):
            # First of all: what isn't an optical drive must not be told to do anything.
            self.identity: Identity = mmc_inspect.identity(self._door)
            self._door.start()
            self._door.try_send(PreventAllowMediumRemoval(prevent=True))

    @property
    def facts(self) -> Facts:
        """What is known of the medium."""
        if self._facts is None:
            self.medium()
        assert self._facts is not None
        return self._facts

    def medium(self) -> Medium:
        """Look at the medium anew."""
        with _as_drive_error("The drive doesn't tell about its medium"):
            self._facts = mmc_inspect.inspect(self._door)
        return self._facts.medium

    def read(self, lba: int, blocks: int) -> bytes:
        """Blocks by READ (10), in pieces that a drive reads at once."""
        blocks = min(blocks, self.facts.medium.readable_blocks - lba)
        pieces = []
        while blocks > 0:
            count = min(blocks, READ_CHUNK - lba % READ_CHUNK)
            try:
                pieces.append(self._read_patiently(lba, count))
            except SenseError as error:
                raise OSError(errno.EIO, error.sentence) from error
            except TransportError as error:
                raise OSError(errno.EIO, str(error)) from error
            lba += count
            blocks -= count
        return b"".join(pieces)

    def read_once(self, lba: int, blocks: int) -> bytes:
        """Blocks by one READ (10)."""
        try:
            return bytes(self._door.send(Read10(lba=lba, length=blocks), answer=blocks * BLOCK))
        except SenseError as error:
            text = f"SCSI error on read_10({lba},{blocks}): {error.library_text}"
            raise ReadFailed(error.sentence, DriveEvent("SORRY", text)) from error
        except TransportError as error:
            raise ReadFailed(str(error), DriveEvent("SORRY", error.message, "burnlab")) from error

    def _read_patiently(self, lba: int, count: int) -> Data:
        """By one command; if it fails by smaller ones, and single blocks twice."""
        command = Read10(lba=lba, length=count)
        try:
            return self._door.send(command, answer=count * BLOCK)
        except SenseError as error:
            if error.sense.key not in WORTH_ANOTHER_TRY:
                raise
        if count == 1:
            return self._door.send(command, answer=BLOCK)
        part = SMALLER_READ if count > SMALLER_READ else 1
        parts = (
            self._read_patiently(at, min(part, lba + count - at)) for at in range(lba, lba + count, part)
        )
        return b"".join(parts)

    def begin(self, request: WriteRequest) -> None:
        """Prepare the drive for a session or track."""
        with _as_drive_error("The drive can't be prepared for writing"):
            self._job = mmc_write.begin(self._door, self.facts, request)

    def write(self, data: Data) -> None:
        """Write on."""
        with _as_drive_error("SCSI error on write", "FATAL"):
            mmc_write.write(self._door, self._current(), data)

    def _current(self) -> Job:
        if self._job is None:
            raise DriveError("Nothing was begun")
        return self._job

    @property
    def buffer_percent(self) -> int:
        """What it told while writing."""
        return UNTOLD_PERCENT if self._job is None else self._job.buffer_percent

    def finish(self, progress: Progress) -> None:
        """Flush, and close track and session."""
        with _as_drive_error("Track or session can't be closed"):
            mmc_write.finish(self._door, self._current(), progress)
        self._job = self._facts = None

    def abort(self) -> None:
        """End what was cut off, so that the medium stays usable if it can."""
        if self._job is not None:
            mmc_write.abort(self._door, self._job)
        self._job = self._facts = None

    def write_at(self, lba: int, data: Data) -> None:
        """Overwrite blocks at once."""
        step = 16 * BLOCK
        with _as_drive_error("SCSI error on write", "FATAL"):
            for offset in range(0, len(data), step):
                piece = data[offset : offset + step]
                blocks = len(piece) // BLOCK
                self._door.send(Write10(lba=lba + offset // BLOCK, length=blocks), piece, patience=LONG)
            mmc_write.synchronize(self._door)

    def blank(self, mode: str, progress: Progress) -> None:
        """Erase: `fast` and `deformat_quickest` minimally, all else the whole medium."""
        with _as_drive_error("Blanking failed."):
            cdb = Blank(immed=True, blanking_type=int(mode in FAST_BLANK))
            self._door.send(cdb, patience=LONG)
            self._door.wait(progress, limit=FORMAT_LIMIT, pause=1.0)
        self._facts = None

    def format(self, choice: FormatChoice | None, progress: Progress, quick: bool = False, /) -> None:
        """Format, by a row of the list of formats or to what suits the medium best."""
        facts = self.facts
        is_used = facts.medium.status is not Status.BLANK or _is_formatted(facts)
        if facts.profile == Profile.BD_R_SRM and is_used:
            text = "BD-R not unformatted blank any more. Cannot format."
            raise DriveError(text, DriveEvent("SORRY", text))
        if choice is not None and not choice.blocks:
            raise _no_format()
        is_chosen = choice is not None and choice.code != GROWING
        choice = choice or self._usual_format(facts, quick=quick)
        # Some media are certified block by block unless they are told not to.
        uncertified = quick and facts.profile == Profile.DVD_RAM
        wish = format_list.FormatList(
            options_valid=is_chosen or facts.profile in (Profile.BD_RE, Profile.BD_R_SRM, Profile.DVD_RAM),
            disable_certification=uncertified,
            immed=True,
            blocks=choice.blocks,
            format_type=choice.code,
            sub_type=SUB_TYPES.get((Profile(facts.profile), choice.code), 0),
            parameter=FORMAT_PARAMETERS.get(choice.code, choice.parameter),
        )
        command = FormatUnit(format_data=True, complete_list=uncertified, format_code=1)
        with _as_drive_error("Formatting failed."):
            self._door.send(command, wish.pack(), patience=LONG)
            self._door.wait(progress, limit=FORMAT_LIMIT, pause=1.0)
            mmc_write.synchronize(self._door)
            if choice.code == mmc_write.PLUS_RW_BASIC or quick:
                self._fill(choice if quick else None)
        self._facts = None

    def _fill(self, choice: FormatChoice | None) -> None:
        """Write what a quick format left to be written, and close the session that this makes."""
        if choice is not None and choice.code == GROWING:
            step = bytes(16 * BLOCK)
            for lba in range(0, choice.blocks, 16):
                self._door.send(Write10(lba=lba, length=16), step, patience=LONG)
            mmc_write.synchronize(self._door)
            mmc_write.close_session(self._door)

    def _usual_format(self, facts: Facts, *, quick: bool) -> FormatChoice:
        profile = facts.profile
        choices = self.formats().choices
        if profile == Profile.DVD_RW_SEQUENTIAL and quick:
            return FormatChoice(GROWING, QUICK_BLOCKS)
        if profile == Profile.DVD_PLUS_RW:
            return FormatChoice(mmc_write.PLUS_RW_BASIC, mmc_write.FORMAT_ALL)
        wanted = CERTIFIED if profile == Profile.BD_RE and not quick else DEFAULT
        fitting = [c for c in choices if c.code == wanted]
        if not fitting:
            raise _no_format()
        if profile == Profile.DVD_RAM and len(fitting) > 1:
            return sorted(fitting, key=lambda c: c.blocks)[-2]
        return fitting[0]

    def formats(self) -> FormatList:
        """READ FORMAT CAPACITIES."""
        with _as_drive_error("The drive doesn't list its formats"):
            return mmc_inspect.format_list(self._door)

    def speeds(self) -> tuple[SpeedChoice, ...]:
        """GET PERFORMANCE."""
        with _as_drive_error("The drive doesn't list its speeds"):
            return mmc_inspect.speeds(self._door)

    def profiles(self) -> tuple[tuple[int, bool], ...]:
        """The Profile List feature."""
        with _as_drive_error("The drive doesn't list its profiles"):
            return mmc_inspect.profiles(self._door)

    def eject(self) -> bool:
        """Open the tray."""
        with _as_drive_error("The tray can't be opened"):
            self._door.send(PreventAllowMediumRemoval(prevent=False))
            self._door.send(StartStopUnit(load_eject=True))
        self._facts = None
        return True

    def close_damaged(self, progress: Progress) -> None:
        """Close a track that a write has left damaged, and its session."""
        steps = mmc_write.closing_of_damaged(self.facts)
        failed: list[SenseError] = []
        events = []
        with _as_drive_error("The damaged track can't be closed"):
            mmc_write.select_for_closing(self._door, self.facts)
            for function, number in steps:
                try:
                    mmc_write.close_session(self._door, function, number, progress)
                except SenseError as error:
                    what = "track" if function == mmc_write.TRACK else "session"
                    text = f"Failed to close {what} ({function}). SCSI error : {error.library_text}"
                    events.append(DriveEvent("FAILURE", text))
                    failed.append(error)
        self._facts = None
        if failed:
            raise DriveError(events[0].text, *events, sense=failed[0].sense) from failed[0]

    def close(self, *, at_once: bool = False) -> None:
        """Let go of the tray."""
        with contextlib.suppress(TransportError, SenseError):
            unlock = PreventAllowMediumRemoval(prevent=False)
            self._door.send(unlock, patience=0.0 if at_once else SHORT)
        if self._release is not None:
            self._release()
            self._release = None


def _no_format() -> DriveError:
    text = "No suitable formatting type offered by drive"
    return DriveError(text, DriveEvent("SORRY", text))


def _is_formatted(facts: Facts) -> bool:
    return facts.medium.spares is not None and any(facts.medium.spares)


@contextmanager
def _as_drive_error(text: str, severity: str = "FAILURE") -> Iterator[None]:
    """Let a refusal of the drive be one of the burn program's kind."""
    try:
        yield
    except SenseError as error:
        told = f"{text}: {error.sentence}"
        raise DriveError(told, DriveEvent(severity, told), sense=error.sense) from error
    except TransportError as error:
        events = [DriveEvent(severity, f"{text}: {error.message}")]
        if error.hint:
            events.append(DriveEvent("HINT", error.hint, "burnlab"))
        raise DriveError(events[0].text, *events) from error
