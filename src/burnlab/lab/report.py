"""Reports of a run: JSON for programs, JUnit for CI, Markdown for readers. Pure: a result in, a text out."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import msgspec

from .result import CaseResult, RunResult, StepResult
from .table import media_table, operations

MARKS = {"held": "✓", "failed": "✗", "not run": "–", "not applicable": "·"}
WORDS = {"passed": "passed", "failed": "FAILED", "broken": "the lab is broken"}
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_json(result: RunResult) -> str:
    """The whole result, nothing left out."""
    return msgspec.json.format(msgspec.json.encode(result), indent=2).decode() + "\n"


def from_json(text: str) -> RunResult:
    """Read a report again."""
    return msgspec.json.decode(text, type=RunResult)


def to_junit(result: RunResult) -> str:
    """A test suite per case and a test case per step: failed, or skipped if it wasn't run.

    A broken lab adds a test case of its own with an error, for a suite of skips would look harmless.
    """
    root = ET.Element("testsuites", name=f"burnlab {result.plan}", time=f"{result.seconds:.3f}")
    for case in result.cases:
        root.append(_suite(result, case))
    if result.broken:
        suite = ET.SubElement(root, "testsuite", name="lab", tests="1", errors="1", failures="0", skipped="0")
        test = ET.SubElement(suite, "testcase", classname="lab", name="the lab works")
        error = ET.SubElement(test, "error", message=_xml_text(result.broken))
        error.text = _xml_text(result.hint)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(result: RunResult, case: CaseResult) -> ET.Element:
    suite = ET.Element(
        "testsuite",
        name=f"{case.plan or result.plan} {case.type}",
        tests=str(len(case.steps)),
        failures=str(case.count("failed")),
        skipped=str(case.count("not run") + case.count("not applicable")),
        errors="0",
        time=f"{sum(step.seconds for step in case.steps):.3f}",
        timestamp=result.started,
    )
    properties = ET.SubElement(suite, "properties")
    facts = {"run id": result.id, "model": case.model, "size": result.size, **result.versions}
    for name, value in facts.items():
        ET.SubElement(properties, "property", name=_xml_text(name), value=_xml_text(value))
    for step in case.steps:
        suite.append(_test_case(result, case, step))
    return suite


def _test_case(result: RunResult, case: CaseResult, step: StepResult) -> ET.Element:
    classname = f"{case.plan or result.plan}.{case.type}"
    test = ET.Element("testcase", classname=classname, name=step.name, time=f"{step.seconds:.3f}")
    if step.state != "held":
        tag = "failure" if step.state == "failed" else "skipped"
        child = ET.SubElement(test, tag, message=_xml_text(step.why[0] if step.why else step.state))
        child.text = _xml_text("\n".join((*step.why, *step.sabotage)))
    if step.deed:
        ET.SubElement(test, "system-out").text = _xml_text(f"{step.deed}\n{step.stdout}")
    if step.stderr:
        ET.SubElement(test, "system-err").text = _xml_text(step.stderr)
    return test


def _xml_text(text: str) -> str:
    """A text without the characters that XML can't hold at all, not even escaped."""
    return NOT_XML.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def to_markdown(result: RunResult) -> str:
    """A report to read: what took part, a table of steps, then every step with its transcript."""
    lines = [f"# {_line(result.title)}", "", *_headline(result), ""]
    lines += ["| took part | version |", "|---|---|"]
    lines += [f"| {_cell(name)} | {_cell(value)} |" for name, value in result.versions.items()]
    if len(result.cases) > 1:
        lines += ["", "## Media and operations", "", *matrix(result)]
    for case in result.cases:
        lines += ["", f"## {_line(_heading(result, case))}, drive model {_line(case.model)}", ""]
        lines += ["| | step | paragraph | seconds | |", "|---|---|---|---:|---|"]
        lines += [_row(step) for step in case.steps]
    for case in result.cases:
        lines += ["", f"## Transcripts, {_line(_heading(result, case))}"]
        for step in case.steps:
            lines += _transcript(step)
    if result.traces:
        lines += ["", "## Traces", "", "What the recorder was sent, command by command:", ""]
        lines += [f"- `{trace}`" for trace in result.traces]
    return "\n".join(lines) + "\n"


def matrix(result: RunResult) -> list[str]:
    """One table for a run: media down, operations across.

    A plan whose steps name no operations has its scenario's steps there; blank where a medium has none.
    """
    if operations(result):
        return media_table(result)
    names = dict.fromkeys(
        step.name for case in result.cases for step in case.steps if step.kind == "scenario"
    )
    lines = [
        "| medium | " + " | ".join(_cell(name) for name in names) + " |",
        "|---|" + ":-:|" * len(names),
    ]
    for case in result.cases:
        marks = {step.name: MARKS[step.state] for step in case.steps}
        lines.append("| " + " | ".join([_cell(case.type), *(marks.get(name, " ") for name in names)]) + " |")
    return lines


def _heading(result: RunResult, case: CaseResult) -> str:
    """A case's name; with its plan where a run has several."""
    return case.type if case.plan in {"", result.plan} else f"{case.plan}: {case.type}"


def _headline(result: RunResult) -> list[str]:
    held = sum(case.count("held") for case in result.cases)
    steps = sum(len(case.steps) for case in result.cases)
    lines = [
        f"**{WORDS[result.state]}**: {held} of {steps} steps held.",
        "",
        f"Plan `{result.plan}`, program `{result.program}`, in `{result.where}`, size `{result.size}`,"
        f" started {result.started}, {result.seconds:.1f} s, run id `{result.id}`.",
    ]
    if result.sabotage:
        lines += ["", f"Sabotaged on purpose: step `{result.sabotage}`."]
    if result.broken:
        lines += ["", f"The lab is broken: {_line(result.broken)} {_line(result.hint)}".rstrip()]
    return lines


def _row(step: StepResult) -> str:
    notes = ["sabotaged"] if step.sabotage else []
    notes += ["preparation"] if step.kind == "preparation" else []
    notes += list(step.why[:1])
    cells = (MARKS[step.state], f"`{step.name}`", step.cites, f"{step.seconds:.1f}", "; ".join(notes))
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _transcript(step: StepResult) -> list[str]:
    lines = ["", f"### {MARKS[step.state]} {step.name}", "", f"*{_line(step.cites)}*"]
    if not step.deed:
        return [*lines, "", f"{step.state.capitalize()}: {_line('; '.join(step.why))}."]
    end = f"exit value {step.exit_value}, {step.seconds:.1f} s"
    lines += ["", *_fenced(step.deed), "", f"{end}."]
    lines += [f"- {_line(reason)}" for reason in (*step.why, *step.sabotage)]
    for name, text in (("stdout", step.stdout), ("stderr", step.stderr)):
        if text.strip():
            lines += ["", f"{name}:", "", *_fenced(text.rstrip())]
    held = [check for check in step.checks if check.holds]
    if held:
        lines += ["", "Held:", "", *(f"- {_code(check.what)}" for check in held)]
    return lines


def _fenced(text: str) -> list[str]:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", text, fence]


def _code(text: str) -> str:
    ticks = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    return f"{ticks} {text} {ticks}" if "`" in text else f"`{text}`"


def _line(text: str) -> str:
    return re.sub(r"([\\*_\[\]<>])", r"\\\1", " ".join(text.split()))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")


def _seen_from(folder: Path, trace: str) -> str:
    path = Path(trace).resolve()
    return str(path.relative_to(folder.resolve())) if path.is_relative_to(folder.resolve()) else trace


WRITERS: dict[str, Callable[[RunResult], str]] = {
    "report.json": to_json,
    "report.xml": to_junit,
    "report.md": to_markdown,
}


def write_reports(result: RunResult, folder: Path) -> list[Path]:
    """Write all reports into a folder, which is made if it isn't there. May raise OSError.

    Traces that lie in the folder are named as seen from there, so that it can be moved.
    """
    folder.mkdir(parents=True, exist_ok=True)
    result = msgspec.structs.replace(
        result, traces=tuple(_seen_from(folder, trace) for trace in result.traces)
    )
    paths: list[Path] = []
    for name, writer in WRITERS.items():
        path = folder / name
        path.write_text(writer(result), encoding="utf-8")
        paths.append(path)
    return paths
