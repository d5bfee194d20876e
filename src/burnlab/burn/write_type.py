"""Whether a medium can be written in the way that was asked for, and what is said if it can't.

The words are those of the usual burn libraries: programs show them, and people look for them.
"""

from __future__ import annotations

from typing import Final

from burnlab.burn.drive import Access, DriveError, DriveEvent, Medium, Status, WriteRequest

AUTO: Final = "auto"
UNSUITABLE: Final = "Write job parameters are unsuitable"
NO_MODE: Final = "Drive offers no suitable write mode with this job"
NEEDS_BLANK: Final = "write type SAO works only on blank media, "
NO_MULTI: Final = "multi session capability lacking, "
NO_SIZE: Final = "track size unpredictable, "
NO_TAO: Final = "no TAO offered by drive and media, "
NO_SIMULATION: Final = "simulation of write job not supported by drive and media, "


def reasons_against(medium: Medium, request: WriteRequest) -> str:
    """Why a write type that was named can't be used; empty if it can, or if none was named."""
    if request.mode == AUTO:
        return ""
    reasons = _against_sao(medium, request) if request.mode == "sao" else _against_tao(medium)
    return reasons or _against_simulation(medium, request)


def _against_sao(medium: Medium, request: WriteRequest) -> str:
    if medium.access is not Access.SEQUENTIAL:
        return ""
    if medium.status is not Status.BLANK:
        return NEEDS_BLANK
    if medium.closes_at_once and not request.close:
        return NO_MULTI
    return NO_SIZE if request.blocks is None else ""


def _against_tao(medium: Medium) -> str:
    return NO_TAO if medium.closes_at_once and medium.needs_close else ""


def _against_simulation(medium: Medium, request: WriteRequest) -> str:
    return NO_SIMULATION if request.dummy and not medium.can_simulate else ""


def refuse_named(medium: Medium, request: WriteRequest) -> None:
    """Refuse a write type that was named, if the medium can't be written so.

    Raises:
        DriveError: it can't.
    """
    reasons = reasons_against(medium, request)
    if not reasons:
        return
    mode = request.mode.upper()
    why = f"Cannot set write type {mode} for this medium.Reasons given:\n   {mode}: {reasons}"
    raise DriveError(UNSUITABLE, DriveEvent("SORRY", UNSUITABLE), DriveEvent("FAILURE", why, "libisoburn"))


def simulation_text(medium: Medium) -> str:
    """Which write types were thought of when simulation was wanted, and why none will do."""
    at_once = medium.status is Status.BLANK and not medium.is_overwritable
    return f"SAO: {'' if at_once else 'TAO: '}{NO_SIMULATION}"


def no_write_type(medium: Medium, request: WriteRequest) -> DriveError:
    """What to say if drive and medium can't do it in any of the known ways."""
    why = f"SAO: {_against_sao(medium, request)}\nTAO: {_against_tao(medium)}"
    if request.dummy and not medium.can_simulate:
        why = simulation_text(medium)
    text = f"Failed to find a suitable write type:\n{why}"
    return DriveError(NO_MODE, DriveEvent("SORRY", NO_MODE), DriveEvent("FAILURE", text, "libisoburn"))
