"""What a burn program does to a medium, as a list of short texts that two programs can be compared by.

Kept: every command that writes or changes something, with its parameters, in order; runs of WRITE in one
text; START STOP UNIT; that a command which answers at once (bit IMMED) is waited for with TEST UNIT READY.
Left out: all other polling and inquiring, and which speeds a drive has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from burnlab.scsi.mmc.mode_pages import WriteParametersPage
from burnlab.scsi.task import Reply, Status, Task

LENGTHS = {0: 6, 1: 10, 2: 10, 4: 16, 5: 12}
KEPT = frozenset((0x00, 0x04, 0x1B, 0x2A, 0x35, 0x53, 0x55, 0x5B, 0x5D, 0xA1, 0xBB, 0xB6))
HEADER = 8


@dataclass(frozen=True)
class Step:
    """A command with its parameter list. `skips` says that WRITEs were left out behind it."""

    cdb: bytes
    out: bytes = b""
    skips: bool = False

    @property
    def blocks(self) -> int:
        """Of a WRITE (10)."""
        return int.from_bytes(self.cdb[7:9], "big")

    @property
    def lba(self) -> int:
        """Of a WRITE (10)."""
        return int.from_bytes(self.cdb[2:6], "big", signed=True)


def steps_of_rows(rows: Iterable[dict[str, Any]]) -> list[Step]:
    """From the golden data, where CDBs have no zeros at their end."""
    steps: list[Step] = []
    for row in rows:
        if "cut" in row:
            last = steps[-1]
            steps[-1] = Step(last.cdb, last.out, skips=True)
            continue
        cdb = bytes.fromhex(row["cdb"])
        steps.append(Step(cdb.ljust(LENGTHS[cdb[0] >> 5], b"\0"), bytes.fromhex(row.get("out", ""))))
    return steps


def steps_of_tasks(tasks: Iterable[tuple[Task, Reply]]) -> list[Step]:
    """From what went through the door and succeeded."""
    return [
        Step(task.cdb, b"" if task.cdb[0] == 0x2A else bytes(task.data_out))
        for task, reply in tasks
        if task.cdb[0] in KEPT and reply.status is Status.GOOD
    ]


def write_runs(steps: Iterable[Step]) -> list[tuple[int, int]]:
    """Start and length of each run of WRITEs, in blocks."""
    found: list[tuple[int, int]] = []
    skips = False
    for step in steps:
        if step.cdb[0] != 0x2A:
            continue
        if found and (skips or sum(found[-1]) == step.lba):
            found[-1] = (found[-1][0], step.lba + step.blocks - found[-1][0])
        else:
            found.append((step.lba, step.blocks))
        skips = step.skips
    return found


def describe(steps: Iterable[Step]) -> list[str]:
    """The job as texts."""
    texts: list[str] = []
    run: list[Step] = []
    for step in steps:
        if step.cdb[0] == 0x2A:
            run.append(step)
            continue
        if run:
            texts += _writes(run)
            run = []
        texts += _one(step)
    return list(_tidied([*texts, *_writes(run)]))


def _tidied(texts: list[str]) -> Iterator[str]:
    """Write parameters only as they are when writing begins; TEST UNIT READY only where it is due."""
    is_prepared = False
    for number, text in enumerate(texts):
        following = texts[number + 1] if number + 1 < len(texts) else ""
        is_prepared |= text.startswith(("speed", "streaming"))
        if text.startswith("parameters") and not (is_prepared and _is_last(texts[number + 1 :])):
            continue
        if text != "ready":
            yield f"{text}, waited for" if "at once" in text and following == "ready" else text


def _is_last(following: list[str]) -> bool:
    """Whether no other parameters come before data is written, and data is written at all."""
    for text in following:
        if text.startswith("parameters"):
            return False
        if text.startswith("write"):
            return True
    return False


def _writes(run: list[Step]) -> Iterator[str]:
    if not run:
        return
    chunk = max(step.blocks for step in run)
    for start, blocks in write_runs(run):
        if (start, blocks) == (0, 32):
            yield f"write 0..31 by {chunk}"
        else:
            yield f"write {start}.. {blocks} blocks by {chunk}"


def _one(step: Step) -> Iterator[str]:
    cdb, out = step.cdb, step.out
    match cdb[0]:
        case 0x00:
            yield "ready"
        case 0x04:
            yield f"format {cdb[1]:02X}h {out.hex()}{' at once' if out[1] & 2 else ''}"
        case 0x1B:
            action = {0: "stop", 1: "start", 2: "eject", 3: "load"}[cdb[4] & 3]
            yield f"{action}{' at once' if cdb[1] & 1 else ''}"
        case 0x35:
            yield f"sync{' at once' if cdb[1] & 2 else ''}"
        case 0x53:
            yield f"reserve {int.from_bytes(cdb[5:9], 'big')}"
        case 0x55:
            yield _parameters(out)
        case 0x5B:
            at_once = " at once" if cdb[1] & 1 else ""
            yield f"close {cdb[2] & 7} track {int.from_bytes(cdb[4:6], 'big')}{at_once}"
        case 0x5D:
            yield f"cue {out.hex(' ', 8)}"
        case 0xA1:
            yield f"blank {cdb[1] & 7}{' at once' if cdb[1] & 0x10 else ''}"
        case 0xBB:
            yield f"speed {cdb[2:4].hex()} {cdb[4:6].hex()}"
        case 0xB6:
            # The rates are the drive's own, and another drive's in the golden data.
            yield f"streaming flags {out[0]:02X}h, 0..{int.from_bytes(out[8:12], 'big')}"


def _parameters(out: bytes) -> str:
    page = WriteParametersPage.unpack(out[HEADER:].ljust(52, b"\0"))
    told = (
        f"type {int(page.write_type)}",
        f"burn-free {page.buffer_underrun_free:d}",
        f"test {page.test_write:d}",
        f"link {page.link_size_valid:d}/{page.link_size}",
        f"multi {int(page.multi_session)}",
        f"fixed {page.fixed_packet:d}",
        f"mode {page.track_mode}",
        f"block {page.data_block_type}",
        f"packet {page.packet_size}",
        f"pause {int.from_bytes(out[HEADER + 14 : HEADER + 16], 'big')}",
    )
    return "parameters: " + ", ".join(told)
