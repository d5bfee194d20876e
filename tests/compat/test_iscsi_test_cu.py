"""libiscsi's own conformance suite against our recorder: every test that can apply passes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from burnlab.iscsi.server import TargetConfig, TargetServer
from burnlab.recorder import MODELS, ClockedUnit, Recorder
from support.libiscsi_suite import (
    FAILED,
    MUST_PASS,
    MUST_PASS_WRITABLE,
    NOT_FOR_MMC,
    NOT_FOR_PRESSED,
    PASSED,
    outcomes,
    read,
)
from support.media import make_disc

pytestmark = pytest.mark.compat

OF_THE_TRANSPORT = {
    "iSCSIcmdsn.iSCSICmdSnTooHigh",
    "iSCSIResiduals.Read10Invalid",
    "iSCSIResiduals.Read10Residuals",
    "iSCSIResiduals.Read12Residuals",
}
"""What of the family iSCSI is run on all units; the test of a disk has the others."""


@contextmanager
def served(kind: str) -> Iterator[str]:
    """The address of a recorder with a disc in it."""
    recorder = Recorder(MODELS["generic"])
    recorder.load(make_disc(kind, formatted=True), time.monotonic())
    with TargetServer(ClockedUnit(recorder, time.monotonic), TargetConfig(port=0)) as server:
        yield server.url


@pytest.mark.parametrize("kind", ["dvd-ram", "dvd+rw", "bd-re"])
def test_overwritable_medium(kind: str) -> None:
    with served(kind) as url:
        found = outcomes("SCSI", url, NOT_FOR_MMC)
    assert [outcome.name for outcome in found if outcome.verdict == FAILED] == []
    assert {outcome.name for outcome in found if outcome.verdict == PASSED} >= MUST_PASS_WRITABLE
    excluded = {outcome.name for outcome in found if outcome.excluded}
    assert excluded == set(NOT_FOR_MMC), "what passes must not be left out"


def test_pressed_medium() -> None:
    with served("dvd-rom") as url:
        found = outcomes("SCSI", url, NOT_FOR_PRESSED)
    assert [outcome.name for outcome in found if outcome.verdict == FAILED] == []
    assert {outcome.name for outcome in found if outcome.verdict == PASSED} >= MUST_PASS
    assert {outcome.name for outcome in found if outcome.excluded} == set(NOT_FOR_PRESSED)


def test_the_transport() -> None:
    with served("dvd-ram") as url:
        found = outcomes("iSCSI", url, {})
    assert [outcome.name for outcome in found if outcome.verdict == FAILED] == []
    assert {outcome.name for outcome in found if outcome.verdict == PASSED} >= OF_THE_TRANSPORT


def test_what_the_program_says_is_read_as_it_is_meant() -> None:
    said = (
        "Suite: Read10\n  Test: Simple ...\n    [OK] all is well\npassed\n"
        "  Test: Flags ...\n    [SKIPPED] Not SBC device. Skipping test\npassed\n"
        "Suite: Write10\n  Test: Simple ...\n    [FAILED] wrong sense\nFAILED\n    1. x.c:1\n"
    )
    assert [(o.name, o.verdict, o.reason) for o in read(said)] == [
        ("Read10.Simple", "passed", ""),
        ("Read10.Flags", "not applicable", "Not SBC device. Skipping test"),
        ("Write10.Simple", "failed", ""),
    ]
