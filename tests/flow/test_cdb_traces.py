"""The same jobs on the same kinds of discs as xorriso did them, compared command by command.

Whatever differs is in a table, with the reason. The steps of xorriso are in `tests/golden/traces`.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from support.burning import DRIVE, Burner
from support.cdb_jobs import Step, describe, steps_of_rows, steps_of_tasks, write_runs

GOLDEN = Path(__file__).parent.parent / "golden" / "traces" / "xorriso-jobs.jsonl"
BLOCK = 2048
PREGAP = 150
HEAD = (0, 32)
TRIAL_BLOCKS = 250
LARGEST_ALIGN = 32
UNPADDED = {"dummy": 1649, "first": 1651, "append": 2623, "last": 524, "again": 2627}
"""Job → blocks of its session before they are filled up to whole units: CDs show them."""

KINDS = {
    "bd-r+format": "bd-r", "dvd-rw+format": "dvd-rw", "dvd-rw-format-fast": "dvd-rw", "bd-re+index": "bd-re",
}  # fmt: skip
"""Names of golden discs that aren't names of media: what was put into the drive."""
WORDS = {
    "blank": ("-blank", "as_needed"),
    "deformat": ("-blank", "deformat"),
    "format": ("-format", "as_needed"),
    "format-fast": ("-format", "fast"),
    "format-2": ("-format", "by_index_2"),
    "format-4": ("-format", "by_index_4"),
}
SETTINGS = {"dummy": ("-dummy", "on", "-close", "on"), "last": ("-close", "on")}


class Difference(NamedTuple):
    """A line that xorriso has (`-`) or ours (`+`), on which discs, and why that is right."""

    line: str
    media: str
    reason: str


DIFFERENCES = (
    Difference(
        r"-start( at once, waited for)?",
        ".*",
        "Loading starts the drive, and it is started once more; nothing stops it meanwhile.",
    ),
    Difference(
        r"-stop at once, waited for",
        ".*",
        "A drive spins down by itself; it isn't made to between looking and writing.",
    ),
    Difference(
        r"-speed 2113 2113",
        "cd-.*",
        "xorriso asks for the fastest speed that it found in the drive's list, 48x;",
    ),
    Difference(r"\+speed ffff ffff", "cd-.*", "ours for the fastest at all, which MMC has a code for."),
    Difference(
        r"-write (30352|39136)\.\. \d+ blocks by 16",
        "dvd-r",
        "The drive tells where a session begins: that of the trace left a DVD-RW's border zones on a DVD-R;",
    ),
    Difference(
        r"\+write (39456|48240)\.\. \d+ blocks by 16",
        "dvd-r",
        "the recorder in memory leaves the larger ones that a DVD-R has.",
    ),
)


class Job(NamedTuple):
    """A line of the golden data."""

    name: str
    steps: list[Step]


def golden_jobs() -> dict[str, list[Job]]:
    jobs: dict[str, list[Job]] = {}
    for line in GOLDEN.read_text().splitlines():
        row = json.loads(line)
        jobs.setdefault(row["medium"], []).append(Job(row["job"], steps_of_rows(row["steps"])))
    return jobs


JOBS = golden_jobs()


def written_blocks(steps: list[Step]) -> int:
    """How large the session of a job was."""
    start, blocks = next(run for run in write_runs(steps) if run != HEAD)
    return blocks - PREGAP if start < 0 else blocks


def predicted_blocks(burner: Burner, words: tuple[str, ...], file: Path, blocks: int) -> int:
    """What the program says that a session with a file of so many blocks will take."""
    file.write_bytes(bytes(blocks * BLOCK))
    trial = burner.run(*words, "-print_size", "-rollback_end")
    found = re.search(r"Image size +: +(\d+)s", trial.out)
    assert found, trial
    return int(found[1])


def write_session(burner: Burner, job: Job, number: int) -> None:
    """Write a session of just the size that the job's had: a larger file would have taken one more unit."""
    file = burner.folder / f"f{number}"
    words = (*SETTINGS.get(job.name, ()), "-md5", "on", "-dev", DRIVE, "-add", file.name, "--")
    behind_head = any(start == HEAD[1] for start, _ in write_runs(job.steps))
    target = written_blocks(job.steps) + (HEAD[1] if behind_head else 0)
    fitting = TRIAL_BLOCKS + target - predicted_blocks(burner, words, file, TRIAL_BLOCKS)
    low, high = fitting - LARGEST_ALIGN, fitting + LARGEST_ALIGN
    while high - low > 1:
        middle = (low + high) // 2
        if predicted_blocks(burner, words, file, middle) > target:
            high = middle
        else:
            low = middle
    filling = max(0, written_blocks(job.steps) - UNPADDED[job.name])
    file.write_bytes(bytes((low - filling) * BLOCK))
    said = burner.run(*words)
    assert said.value == 0, said.err


def compared(medium: str, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Each job on a disc, with the lines by which the two programs differ."""
    burner = Burner(folder, KINDS.get(medium, medium))
    for number, job in enumerate(JOBS[medium]):
        if job.name in WORDS:
            said = burner.run("-outdev", DRIVE, *WORDS[job.name])
            assert said.value == 0, said.err
        else:
            write_session(burner, job, number)
        ours = describe(steps_of_tasks(burner.unit.tasks))
        lines = difflib.unified_diff(describe(job.steps), ours, lineterm="", n=0)
        yield job.name, [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def reason_of(line: str, medium: str) -> str | None:
    """Why a line differs; None if nobody knows."""
    for row in DIFFERENCES:
        if re.fullmatch(row.line, line) and re.fullmatch(row.media, medium):
            return row.reason
    return None


@pytest.mark.parametrize("medium", JOBS)
def test_only_known_differences(medium: str, tmp_path: Path) -> None:
    for job, lines in compared(medium, tmp_path):
        unexpected = [line for line in lines if reason_of(line, medium) is None]
        assert not unexpected, f"{job}: {unexpected}"


def test_no_difference_of_the_table_is_gone(tmp_path: Path) -> None:
    seen = set()
    for medium in ("cd-r", "dvd-r"):
        (tmp_path / medium).mkdir()
        seen |= {line for _, lines in compared(medium, tmp_path / medium) for line in lines}
    for row in DIFFERENCES:
        assert any(re.fullmatch(row.line, line) for line in seen), row


def test_a_missing_command_is_seen() -> None:
    job = next(job for job in JOBS["dvd+r"] if job.name == "first")
    for opcode in (0x35, 0x53, 0x5B, 0x2A):
        less = [step for step in job.steps if step.cdb[0] != opcode]
        lines = list(difflib.unified_diff(describe(job.steps), describe(less), lineterm="", n=0))[2:]
        assert any(line[0] in "+-" and reason_of(line, "dvd+r") is None for line in lines), opcode


@pytest.mark.parametrize("medium", ["dvd-rw", "dvd+r", "bd-re"])
def test_the_speed_asked_for_is_one_that_the_drive_has(medium: str, tmp_path: Path) -> None:
    burner = Burner(tmp_path, medium)
    (tmp_path / "f").write_bytes(b"x")
    assert burner.run("-outdev", DRIVE, "-add", "f", "--").value == 0
    lists = [bytes(task.data_out) for task, _ in burner.unit.tasks if task.cdb[0] == 0xB6]
    assert [int.from_bytes(each[20:24], "big") for each in lists] == [max(burner.recorder.write_speeds())]
