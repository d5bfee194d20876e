"""Wrong data on purpose: a check that can't turn red proves nothing.

What a step saw is changed in the lines that its checks rest on: first only in their numbers, which is what a
subtle error looks like; if nothing notices that, in their words as well; and in the exit value if there is
no line to change.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from .expression import Value
from .matching import Outcome, Transcript, match_transcript
from .plan import Expect

Spoiler = Callable[[str], str]
NEXT_DIGIT = str.maketrans("0123456789", "1234567890")


@dataclass(frozen=True, slots=True)
class Sabotage:
    """A spoiled transcript, what came of it, and what was changed."""

    transcript: Transcript
    outcome: Outcome
    changes: tuple[str, ...]


def sabotage(transcript: Transcript, expect: Expect, scope: Mapping[str, Value]) -> Sabotage:
    """Spoil a transcript until a check notices; if none does, the last attempt is handed back."""
    honest = match_transcript(transcript, expect, scope)
    attempt = Sabotage(transcript, honest, ())
    for spoiled, changes in _attempts(transcript, honest):
        attempt = Sabotage(spoiled, match_transcript(spoiled, expect, scope), changes)
        if not attempt.outcome.holds:
            break
    return attempt


def spoil_numbers(line: str) -> str:
    """Every digit becomes the next one."""
    return line.translate(NEXT_DIGIT)


def spoil_words(line: str) -> str:
    """Numbers and letters are changed."""
    return codecs.encode(spoil_numbers(line), "rot13")


def _attempts(transcript: Transcript, honest: Outcome) -> Iterator[tuple[Transcript, tuple[str, ...]]]:
    lines = {check.line for check in honest.checks if check.holds and check.line}
    for spoiler in (spoil_numbers, spoil_words):
        stdout, first = _spoil(transcript.stdout, lines, spoiler)
        stderr, second = _spoil(transcript.stderr, lines, spoiler)
        if first or second:
            yield replace(transcript, stdout=stdout, stderr=stderr), (*first, *second)
    other = 0 if transcript.exit_value else 1
    yield (
        replace(transcript, exit_value=other),
        (f"exit value {transcript.exit_value} became {other}",),
    )


def _spoil(text: str, lines: set[str], spoiler: Spoiler) -> tuple[str, tuple[str, ...]]:
    changes: list[str] = []
    spoiled: list[str] = []
    for line in text.splitlines():
        other = spoiler(line) if line in lines else line
        if other != line:
            changes.append(f"{line.strip()!r} became {other.strip()!r}")
        spoiled.append(other)
    return "\n".join(spoiled), tuple(changes)
