"""All cases, in the order in which they are run: what only asks, the tray, what destroys data."""

from __future__ import annotations

from typing import Final

from burnlab.conformance.case import Case, Chapter
from burnlab.conformance.checks import (
    allocation,
    configuration,
    erasing,
    identity,
    medium,
    mode,
    overwriting,
    readiness,
    reading,
    recording,
    state,
    structures,
    toc,
    tray,
)

CHAPTERS: Final[tuple[Chapter, ...]] = (
    *identity.CHAPTERS,
    *readiness.CHAPTERS,
    *allocation.CHAPTERS,
    *configuration.CHAPTERS,
    *mode.CHAPTERS,
    *state.CHAPTERS,
    *medium.CHAPTERS,
    *toc.CHAPTERS,
    *structures.CHAPTERS,
    *reading.CHAPTERS,
    *overwriting.PRESSED_CHAPTERS,
    *readiness.EMPTY_CHAPTERS,
    *tray.CHAPTERS,
    *tray.TRAY_CHAPTERS,
    # What blanks comes first, and what closes for good last; formatting makes another medium of a DVD-RW.
    *erasing.BLANK_CHAPTERS,
    *recording.CHAPTERS,
    *erasing.FORMAT_CHAPTERS,
    *overwriting.CHAPTERS,
)

CASES: Final[tuple[Case, ...]] = tuple(case for chapter in CHAPTERS for case in chapter.cases)
