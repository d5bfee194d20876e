"""The suite's own words: names and patterns, refusals, demands of features, and reports."""

from __future__ import annotations

import json

import pytest

from burnlab.conformance.bench import Exchange
from burnlab.conformance.case import Case, Chapter, Result, Verdict
from burnlab.conformance.mandatory import demanded_by
from burnlab.conformance.refusal import NO_MEDIUM, OUT_OF_RANGE, Refusal, in_words
from burnlab.conformance.report import as_json, case_line, lines, title, total
from burnlab.conformance.runner import Summary, choose
from burnlab.conformance.subject import NOTHING, Subject
from burnlab.conformance.suite import CASES
from burnlab.scsi import SenseData
from burnlab.scsi.mmc.features import Configuration, Feature

CASE = Case("read.far-out", "MMC-5, 6.15", "Far out nothing can be read.", lambda _bench: None)
SENSE = SenseData(5, 0x21)
EXCHANGE = Exchange("READ (10)", bytes.fromhex("28007ffffff000000100"), b"", 2, SENSE.pack(), b"", 0)


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (["read.far-out"], {"read.far-out"}),
        (["verify"], {"verify.recorded", "verify.out-of-range", "verify.byte-check"}),
        (["*.far-out*"], {"read.far-out", "read.far-out-twelve-byte-form", "read-cd.far-out-of-the-disc"}),
        (["seek", "read.far-out"], {"seek.to-data", "read.far-out"}),
    ],
)
def test_choice(patterns: list[str], found: set[str]) -> None:
    assert {case.name for case in choose(CASES, patterns)} == found


def test_choice_of_all_in_order_and_of_none() -> None:
    assert choose(CASES, []) == list(CASES)
    with pytest.raises(ValueError, match="there is no case 'reed'"):
        choose(CASES, ["read", "reed"])


def test_refusals() -> None:
    assert OUT_OF_RANGE.matches(SenseData(5, 0x21, 0))
    assert not OUT_OF_RANGE.matches(SenseData(5, 0x21, 2))
    assert NO_MEDIUM.matches(SenseData(2, 0x3A, 2))
    assert not NO_MEDIUM.matches(SenseData(2, 0x04, 1))
    assert Refusal(3).matches(SenseData(3, 0x11, 5))
    assert (str(OUT_OF_RANGE), str(NO_MEDIUM), str(Refusal(3))) == ("5/21/00", "2/3A/xx", "3/xx/xx")
    assert in_words(SenseData(2, 0x04, 7, progress=9)) == "2/04/07 (operation in progress), progress 9"
    assert in_words(SenseData(9, 0x99, 1)) == "9/99/01"


def test_what_demands_a_command() -> None:
    assert demanded_by(0x46, frozenset()) == "every MMC unit has it"
    assert demanded_by(0xA1, {Feature.CD_RW_MEDIA_WRITE}) == "feature 0037h demands it"
    assert demanded_by(0xA1, {Feature.DVD_READ}) == ""


def test_a_case_is_named_after_its_function() -> None:
    chapter = Chapter("toc", destroys=True)

    @chapter.case("MMC-5, 6.26")
    def lead_out(_bench: object) -> None:
        """The lead-out
        is there."""

    (case,) = chapter.cases
    assert (case.name, case.says, case.destroys) == ("toc.lead-out", "The lead-out is there.", True)
    assert case_line(case).endswith("The lead-out is there. (MMC-5, 6.26) [destroys data]")


def test_report_of_a_failure() -> None:
    result = Result(CASE, Verdict.FAILED, expected="GOOD", came="5/21/00", exchange=EXCHANGE)
    text = "\n".join(lines(result))
    for part in ("read.far-out", "FAILED", "(MMC-5, 6.15)", "expected  GOOD", "came      5/21/00"):
        assert part in text
    assert "sent      28 00 7f ff ff f0 00 00 01 00 (READ (10))" in text
    assert f"sense     {SENSE.pack().hex(' ')}" in text


def test_report_of_a_run() -> None:
    results = (
        Result(CASE, Verdict.FAILED, expected="GOOD", came="5/21/00", exchange=EXCHANGE),
        Result(CASE, Verdict.PASSED, exchange=EXCHANGE),
        Result(CASE, Verdict.NOT_APPLICABLE, "there is no medium"),
    )
    summary = Summary(NOTHING, results)
    assert total(summary) == "1 passed, 1 failed, 1 not applicable"
    report = json.loads(json.dumps(as_json(summary)))
    assert (report["passed"], report["failed"], report["not_applicable"]) == (1, 1, 1)
    failed, passed, other = report["results"]
    assert (failed["expected"], failed["came"]) == ("GOOD", "5/21/00")
    assert failed["cdb"] == EXCHANGE.cdb.hex()
    assert failed["sense"] == "5/21/00 (lba out of range)"
    assert "cdb" not in passed
    assert other["reason"] == "there is no medium"


def test_title() -> None:
    assert title(Subject(configuration=Configuration(0x14), has_medium=True)).endswith("DVD RW SEQUENTIAL")
    assert title(Subject(configuration=Configuration(0x5A), has_medium=True)).endswith("profile 005Ah")
    assert title(NOTHING).endswith("no medium")
