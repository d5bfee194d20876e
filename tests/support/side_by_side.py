"""What burnlab's program said in memory, held against what the real one said in a guest for the same disc.

Both are brought into one form first: progress is left out, for it depends on time; so are the panel's lines
that name places, the drives of the guest that there aren't in memory, and what burnlab says beyond xorriso.
"""

from __future__ import annotations

import difflib
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from burnlab.lab.result import CaseResult, StepResult

GOLDEN = Path(__file__).parent.parent / "golden" / "lab"
LEFT_OUT = re.compile(r"xorriso : UPDATE : |burnlab : |(url|disc): |0  -dev '/dev/sr0'")
CHANGES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"{re.escape(tempfile.gettempdir())}/burnlab-lab-\w+/scratch/"), "/tmp/"),
    (re.compile(r"^\d  -dev '/dev/sr1'"), "-dev '/dev/sr1'"),
    (re.compile(r"='[^']*/payload/"), "='/payload/"),
)
ROOM_ON_HOST = re.compile(r", +\S+ free$", re.MULTILINE)
READS = re.compile(r"\$ (mkdir|for|mount) ")


def normal(text: str) -> list[str]:
    """Lines that can be compared."""
    lines = [line.rstrip() for line in text.splitlines() if not LEFT_OUT.match(line)]
    for pattern, replacement in CHANGES:
        lines = [pattern.sub(replacement, line) for line in lines]
    return lines


def recorded(case: CaseResult) -> list[dict[str, Any]]:
    """The steps that the real program was seen to carry out."""
    content = json.loads((GOLDEN / case.plan / f"{case.type}-quick.json").read_text())
    steps: list[dict[str, Any]] = content["steps"]
    return steps


def pairs(case: CaseResult) -> Iterator[tuple[StepResult, dict[str, Any]]]:
    """Each step with the recorded one of the same deed; what a plan no longer has is left out."""
    others = iter(recorded(case))
    for step in case.steps:
        if step.deed.startswith("lab: read "):
            yield step, next(other for other in others if READS.match(other["deed"]))
            continue
        (deed,) = normal(step.deed.replace("$ bxorriso ", "$ xorriso "))
        yield step, next(other for other in others if other["deed"].startswith(deed))


def differences(case: CaseResult) -> Iterator[tuple[str, str]]:
    """Step and difference, as of `diff -u`: first the real program's lines, then burnlab's."""
    for step, other in pairs(case):
        is_reading = step.deed.startswith("lab: read ")
        for channel in ("exit", "stdout") if is_reading else ("exit", "stdout", "stderr"):
            yours = str(step.exit_value) if channel == "exit" else getattr(step, channel)
            theirs = str(other[channel])
            if "stdio:" in step.deed:
                yours, theirs = (ROOM_ON_HOST.sub("", text) for text in (yours, theirs))
            lines = list(difflib.unified_diff(normal(theirs), normal(yours), lineterm="", n=1))[2:]
            if lines:
                yield f"{step.name} {channel}", "\n".join(lines)
