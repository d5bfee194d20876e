"""`iscsi-test-cu`, libiscsi's conformance suite: run and read, and what of it can apply to a recorder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from support.iscsi_tools import run

PASSED, FAILED, NOT_APPLICABLE = "passed", "failed", "not applicable"

NOT_FOR_MMC = {
    "ModeSense6.Control": "it demands mode page 0Ah, which isn't among the pages of MMC",
    "StartStopUnit.Simple": "it forbids the unit attention that SAM-5 demands when a medium was loaded",
}
"""Tests that libiscsi runs on every unit, and that contradict what holds for an optical one."""

NO_WRITING = "a pressed medium can't be written"
NOT_FOR_PRESSED = {
    **NOT_FOR_MMC,
    "Write10.Simple": NO_WRITING,
    "Write10.BeyondEol": NO_WRITING,
    "Write12.Simple": NO_WRITING,
    "Write12.BeyondEol": NO_WRITING,
    "WriteVerify10.Simple": NO_WRITING,
    "WriteVerify10.BeyondEol": NO_WRITING,
    "WriteVerify10.Flags": NO_WRITING,
}
"""The same with a medium that can't be written."""

_ADDRESSES = ("Simple", "BeyondEol", "ZeroBlocks")


def _names(suites: dict[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(f"{suite}.{test}" for suite, tests in suites.items() for test in tests)


MUST_PASS = _names(
    {
        "Inquiry": ("Standard", "AllocLength", "EVPD", "SupportedVPD"),
        "ModeSense6": ("AllPages",),
        "Read10": _ADDRESSES,
        "Read12": _ADDRESSES,
        "Verify10": (*_ADDRESSES, "Flags", "Mismatch"),
        "StartStopUnit": ("PwrCnd",),
    }
)
"""What applies to every readable medium."""
MUST_PASS_WRITABLE = MUST_PASS | _names(
    {"Write10": _ADDRESSES, "Write12": _ADDRESSES, "WriteVerify10": (*_ADDRESSES, "Flags")}
)
"""What applies to an overwritable medium."""

_PIECES = re.compile(r"^(?=Suite: |  Test: )", re.MULTILINE)
_VERDICT = re.compile(r"passed|(?<!\[)FAILED")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a test. `reason` is why it doesn't apply; `excluded` if not libiscsi says so, but we."""

    name: str
    verdict: str
    reason: str = ""
    excluded: bool = False


def outcomes(family: str, url: str, exclusions: dict[str, str]) -> list[Outcome]:
    """Run a family, with data loss allowed; skips the test if the program is missing."""
    output = run("iscsi-test-cu", "-v", "-t", family, "--dataloss", url, check=False).stdout
    return [_excluded(outcome, exclusions) for outcome in read(output)]


def _excluded(outcome: Outcome, exclusions: dict[str, str]) -> Outcome:
    reason = exclusions.get(outcome.name, "")
    if not reason or outcome.verdict != FAILED:
        return outcome
    return Outcome(outcome.name, NOT_APPLICABLE, reason, excluded=True)


def read(output: str) -> Iterator[Outcome]:
    """What the program says; what it skips it counts as passed, with the reason on a line before."""
    suite = ""
    for piece in _PIECES.split(output)[1:]:
        if piece.startswith("Suite"):
            suite = piece.split()[1]
            continue
        test, _dots, body = piece.removeprefix("  Test: ").partition(" ...")
        verdict = _VERDICT.search(body)
        if verdict is None:
            raise AssertionError(f"{suite}.{test} ended without a verdict:\n{body}")
        skipped = re.search(r"\[SKIPPED\] (.*)", body[: verdict.end()])
        word = PASSED if verdict[0] == "passed" else FAILED
        if skipped and word == PASSED:
            yield Outcome(f"{suite}.{test}", NOT_APPLICABLE, skipped[1].rstrip("."))
        else:
            yield Outcome(f"{suite}.{test}", word)
