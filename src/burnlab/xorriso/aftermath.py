"""What is left of a session that wasn't finished, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from burnlab.burn.drive import Access, DriveError, Medium, Status
from burnlab.xorriso.medium_view import HEAD_BLOCKS
from burnlab.xorriso.severity import Severity

if TYPE_CHECKING:
    from burnlab.burn.drive import Drive, WriteRequest
    from burnlab.xorriso.medium_view import MediumView
    from burnlab.xorriso.program import Program

ORIGIN: Final = "burnlab"
UNREACHABLE: Final = (
    "Switch the drive off and on, or connect to it again. Then -toc shows what is on the medium"
)
CLOSE: Final = '-close_damaged "force" ends it, so that another one can be appended'
TOLERATE: Final = "-abort_on FATAL -error_behavior image_loading best_effort -dev ..."
BLANK: Final = "-blank as_needed makes the medium usable again, and loses all that is on it"


UNCHANGED: Final = "The medium is as it was before: nothing was written"
REPLACED: Final = (
    "What was written so far is in the place of what was on the medium before. The image can be written again"
)


@dataclass(slots=True)
class Attempt:
    """A session that is being written: the medium before it, and whether it goes over what is there."""

    before: Medium
    replaces: bool
    is_writing: bool = False
    """Something of it may be on the medium."""


def attempt_of(view: MediumView, request: WriteRequest) -> Attempt:
    """What is about to be tried."""
    is_new = view.next_start is not None and request.lba >= max(HEAD_BLOCKS, view.next_start)
    return Attempt(view.medium, view.medium.is_overwritable and not is_new)


def _is_as_before(medium: Medium, before: Medium) -> bool:
    return (medium.status, medium.tracks, medium.next_writable) == (
        before.status,
        before.tracks,
        before.next_writable,
    )


def is_cut_off(medium: Medium) -> bool:
    """Whether the last session was begun and never ended: what is appended to it can't be found later."""
    is_open = medium.status is Status.APPENDABLE and medium.access is Access.SEQUENTIAL
    return is_open and any(not track.is_complete for track in medium.tracks)


def complete_sessions(medium: Medium) -> int:
    """How many sessions of the table of contents are ended."""
    return len({track.session for track in medium.tracks if track.is_complete})


def advice(medium: Medium, attempt: Attempt) -> list[str]:
    """What to do about a medium on which a session wasn't finished."""
    if medium.status is Status.ABSENT:
        return ["There is no medium in the drive any more. Put it back, and look at it with -toc"]
    if medium.is_overwritable:
        if not attempt.is_writing:
            return [UNCHANGED]
        if attempt.replaces:
            return [REPLACED]
        return ["The medium has what it had before, and nothing new. The session can be written again"]
    if medium.status is Status.BLANK:
        return ["Nothing is on the medium. The session can be written again"]
    if _is_as_before(medium, attempt.before):
        return [UNCHANGED]
    hints = []
    sessions_before = complete_sessions(attempt.before)
    if sessions_before:
        hints.append(f"What was there before is found with -load session {sessions_before}")
    elif medium.status is Status.APPENDABLE:
        hints.append(f"There was none before. {TOLERATE} loads what can be loaded of it")
    if is_cut_off(medium):
        hints.append(f"The last session is open. {CLOSE}")
    elif medium.status is Status.APPENDABLE:
        hints.append("The last session was ended, but lacks files. Another one can be appended")
    else:
        hints.append("Nothing can be appended to the medium")
    if medium.is_erasable:
        hints.append(BLANK)
    return hints


def tell_state(program: Program, drive: Drive) -> None:
    """Say in which state a session that was given up has left the medium, and what to do next."""
    attempt, program.volume.attempt = program.volume.attempt, None
    if not drive.is_mmc or attempt is None:
        return
    messages = program.messages
    try:
        medium = drive.medium()
    except DriveError as error:
        messages.event(Severity.NOTE, f"State of the medium is not known: {error}", ORIGIN)
        messages.event(Severity.HINT, UNREACHABLE, ORIGIN)
        return
    # The status of a medium that can be overwritten is told by its first blocks, which are as they were.
    state = "" if medium.is_overwritable else f". Media status {medium.status.value}{''.join(medium.flaws)}"
    messages.event(Severity.NOTE, f"The session was given up{state}", ORIGIN)
    for hint in advice(medium, attempt):
        messages.event(Severity.HINT, hint, ORIGIN)
