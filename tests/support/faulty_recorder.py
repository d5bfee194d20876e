"""Faults in the recorder under test, as a test names them: the keys of a fault file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from burnlab.recorder import Fault, FaultPlan, Recorder
from burnlab.scsi import Reply, SenseData
from support.drive import Drive
from support.expect import Outcome


def recorder_of(drive: Drive) -> Recorder:
    """The recorder behind a drive, whatever the transport."""
    bench: Any = drive.bench
    recorder = getattr(bench, "recorder", None)
    return recorder if isinstance(recorder, Recorder) else bench._memory.recorder


def fault(kind: str, **keys: Any) -> Fault:
    """A fault by the keys of a fault file."""
    return Fault.from_table({"kind": kind, **keys})


def lie_in_wait(drive: Drive, kind: str, **keys: Any) -> Callable[[], int]:
    """Let a fault lie in wait; returns what tells how often it has struck."""
    mishaps = recorder_of(drive).mishaps
    (name,) = mishaps.add(FaultPlan((fault(kind, **keys),)))
    return lambda: mishaps.hits(name)


def sense_of(reply: Reply) -> SenseData:
    """The sense data of a command that failed."""
    assert reply.sense
    return SenseData.unpack(reply.sense)


def outcome_of_any(reply: Reply) -> Outcome:
    """The outcome of a reply whose sense data may be a deferred error's."""
    sense = sense_of(reply)
    return Outcome(sense.key, sense.asc, sense.ascq)
