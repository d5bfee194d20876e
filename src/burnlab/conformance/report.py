"""What came of a run, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from burnlab.conformance.bench import Exchange
from burnlab.conformance.case import Case, Result, Verdict
from burnlab.conformance.refusal import in_words
from burnlab.conformance.runner import Summary
from burnlab.conformance.subject import Subject
from burnlab.scsi.sense import SenseData

NAME_WIDTH: Final = 42
MARKS: Final = {Verdict.PASSED: "passed", Verdict.FAILED: "FAILED", Verdict.NOT_APPLICABLE: "not applicable"}
SHOWN_BYTES: Final = 32


def title(subject: Subject) -> str:
    """One line: the unit and the medium in it."""
    inquiry = subject.inquiry
    words = (
        t.decode("ascii", "replace").strip() for t in (inquiry.vendor, inquiry.product, inquiry.revision)
    )
    return f"{' '.join(words)}, with {subject.medium}"


def lines(result: Result) -> Iterator[str]:
    """A result as text: one line, and what there is to say about a failure."""
    why = f": {result.reason}" if result.reason else ""
    yield f"{result.case.name:{NAME_WIDTH}} {MARKS[result.verdict]}{why}"
    if result.verdict is not Verdict.FAILED:
        return
    yield f"    {result.case.says} ({result.case.clause})"
    yield f"    expected  {result.expected}"
    yield f"    came      {result.came}"
    if result.exchange is not None:
        yield from (f"    {line}" for line in _exchange_lines(result.exchange))


def _exchange_lines(exchange: Exchange) -> Iterator[str]:
    yield f"sent      {exchange.cdb.hex(' ')} ({exchange.command})"
    if exchange.data_out:
        yield f"with      {_bytes(exchange.data_out, len(exchange.data_out))}"
    if exchange.sense:
        yield f"sense     {exchange.sense.hex(' ')}"
    if exchange.data_in:
        yield f"answer    {_bytes(exchange.data_in, exchange.length)}"


def _bytes(data: bytes, length: int) -> str:
    shown = data[:SHOWN_BYTES].hex(" ")
    return shown if length <= SHOWN_BYTES else f"{shown} ... ({length} bytes)"


def total(summary: Summary) -> str:
    """The figures of a run in one line."""
    return ", ".join(f"{summary.count(verdict)} {verdict.value}" for verdict in Verdict)


def case_line(case: Case) -> str:
    """A case in a list."""
    marks = [
        mark
        for mark, holds in (("destroys data", case.destroys), ("moves the tray", case.moves_tray))
        if holds
    ]
    note = f" [{', '.join(marks)}]" if marks else ""
    return f"{case.name:{NAME_WIDTH}} {case.says} ({case.clause}){note}"


def as_json(summary: Summary) -> dict[str, Any]:
    """A whole run for programs; keys are stable."""
    inquiry = summary.subject.inquiry
    return {
        "vendor": inquiry.vendor.decode("ascii", "replace").strip(),
        "product": inquiry.product.decode("ascii", "replace").strip(),
        "revision": inquiry.revision.decode("ascii", "replace").strip(),
        "profile": f"0x{summary.subject.profile:04X}",
        "medium": summary.subject.medium,
        **{verdict.name.lower(): summary.count(verdict) for verdict in Verdict},
        "results": [result_json(result) for result in summary.results],
    }


def result_json(result: Result) -> dict[str, Any]:
    """One result for programs; keys are stable, and hexadecimal digits stand for bytes."""
    row: dict[str, Any] = {**case_json(result.case), "verdict": result.verdict.value, "reason": result.reason}
    if result.verdict is Verdict.FAILED:
        row |= {"expected": result.expected, "came": result.came}
    exchange = result.exchange
    if exchange is not None and result.verdict is not Verdict.PASSED:
        row |= {
            "command": exchange.command,
            "cdb": exchange.cdb.hex(),
            "status": exchange.status if exchange.status >= 0 else None,
            "sense": in_words(SenseData.unpack(exchange.sense)) if exchange.sense else None,
            "sense_bytes": exchange.sense.hex(),
            "answer": exchange.data_in.hex(),
            "answer_bytes": exchange.length,
        }
    return row


def case_json(case: Case) -> dict[str, Any]:
    """A case for programs; keys are stable."""
    return {
        "name": case.name,
        "clause": case.clause,
        "says": case.says,
        "destroys_data": case.destroys,
        "moves_tray": case.moves_tray,
    }
