"""Faults that lie in wait for commands: which of them a command meets, and in which order they act."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from burnlab.disc.disc import Unburnt
from burnlab.disc.surface import BLOCK_BYTES
from burnlab.recorder.extents import Extent, extent_of
from burnlab.recorder.fault_kinds import FLUSHES, WRITES, has_spares
from burnlab.recorder.faults import Fault, FaultError, FaultPlan
from burnlab.recorder.nexus import NexusState
from burnlab.recorder.table import ROWS, Gate
from burnlab.recorder.write_journal import WriteJournal
from burnlab.scsi import CheckCondition, Delivery, Mishap, Reply, SenseData, Status, Task

if TYPE_CHECKING:
    from burnlab.recorder.recorder import Recorder

NOTHING = Reply()
POWER_LOSS, SPARE_EXHAUSTED = "power-loss", "spare-exhausted"


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a fault may strike."""

    task: Task
    gates: Gate
    extent: Extent | None = None

    @property
    def opcode(self) -> int:
        """Its operation code."""
        return self.task.cdb[0]

    @property
    def blocks(self) -> int:
        """How many blocks it is about."""
        return self.extent.blocks if self.extent is not None else 0


def command_of(task: Task) -> Command | None:
    """A task as faults see it; None where its CDB is cut off."""
    if not task.cdb:
        return None
    row = ROWS.get(task.cdb[0])
    if row is None:
        return Command(task, Gate.NONE)
    try:
        return Command(task, row.gates, extent_of(row.cdb.parse(task.cdb)))
    except CheckCondition:
        return None


def chance(seed: int, number: int) -> float:
    """A number from 0 up to 1 for each of a row of events: by chance, and always the same."""
    digest = hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _brings_data(command: Command) -> bool:
    """A WRITE that comes with all the data it announces; any other is refused, whatever its length says."""
    return command.opcode in WRITES and command.blocks * BLOCK_BYTES <= len(command.task.data_out)


@dataclass(slots=True)
class Armed:
    """A fault that lies in wait, and what it has met so far."""

    fault: Fault
    name: str
    seen: int = 0
    """Commands that fitted."""
    hits: int = 0
    blocks: int = 0
    """Blocks that commands it is for have moved without failing."""
    opcodes: frozenset[int] | None = field(init=False)

    def __post_init__(self) -> None:
        self.opcodes = self.fault.opcodes

    @property
    def is_spent(self) -> bool:
        """It has struck as often as it shall."""
        return 0 < self.fault.limit <= self.hits

    def is_for(self, opcode: int) -> bool:
        """Whether it is for this command."""
        return self.opcodes is None or opcode in self.opcodes

    def is_due(self, hit: Hit) -> bool:
        """Whether it strikes this command; counts it if it fits."""
        fault, command = self.fault, hit.command
        if self.is_spent or not self.is_for(command.opcode) or not self._reaches(command.extent):
            return False
        if not fault.row.can_strike(hit):
            return False
        self.seen += 1
        if self.seen < fault.nth:
            return False
        return fault.probability >= 1 or chance(fault.seed, self.seen) < fault.probability

    def _reaches(self, extent: Extent | None) -> bool:
        fault = self.fault
        if extent is None or not extent.blocks:
            return fault.lba is None and not fault.after_blocks
        if fault.after_blocks and self.blocks + extent.blocks <= fault.after_blocks:
            return False
        return fault.lba is None or (extent.lba <= fault.lba[1] and fault.lba[0] < extent.lba + extent.blocks)

    def first_block(self, extent: Extent | None) -> int | None:
        """The first block of a command that it is about."""
        if extent is None:
            return None
        into = max(0, self.fault.after_blocks - self.blocks)
        return max(extent.lba + into, self.fault.lba[0] if self.fault.lba is not None else extent.lba)

    def status(self) -> dict[str, Any]:
        """What a panel shows of it; keys are stable."""
        table = self.fault.as_table() | {"name": self.name}
        return {"fault": table, "seen": self.seen, "hits": self.hits, "spent": self.is_spent}


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault and the command that it may strike, for the functions in `fault_kinds`."""

    armed: Armed
    command: Command
    recorder: Recorder
    nexus: NexusState
    now: float
    proceed: Callable[[], Reply]
    """Let the command go on: to the next fault, and at last to the drive."""
    journal: WriteJournal

    @property
    def fault(self) -> Fault:
        """The fault as data."""
        return self.armed.fault

    @property
    def name(self) -> str:
        """What traces call it."""
        return self.armed.name

    @property
    def first_block(self) -> int | None:
        """The first block that the fault is about."""
        return self.armed.first_block(self.command.extent)

    def sense(self, information: int | None = None) -> SenseData:
        """What the fault says."""
        return self.fault.row.sense_data(self.fault.sense, information)

    def fails(self, information: int | None = None, instead: Reply = NOTHING) -> Reply:
        """The command ends with what the fault says, `instead` of a reply that others may have changed."""
        sense = self.sense(information).pack()
        return self.struck(replace(instead, status=Status.CHECK_CONDITION, data_in=b"", sense=sense))

    def struck(self, reply: Reply, delivery: Delivery = Delivery.ANSWERED) -> Reply:
        """A reply that this fault has changed."""
        return befallen(reply, self.name, delivery)

    def unburnt(self) -> Sequence[Unburnt]:
        """The writes that the drive still has in its buffer, the newest first; then it has none any more."""
        disc = self.recorder.disc
        if disc is None or disc is not self.journal.disc:
            return ()
        blocks = self.fault.buffer_blocks
        if blocks is None:
            pace = self.recorder.pace
            # A drive that is as fast as can be tells of no level: then its buffer is as full as can be.
            held = pace.level(self.now) if pace.write_kbps is not None else pace.buffer_bytes
            blocks = -(-held // BLOCK_BYTES)
        lost = tuple(self.journal.last(blocks))
        self.journal.flush()
        return lost


def befallen(reply: Reply, name: str, delivery: Delivery = Delivery.ANSWERED) -> Reply:
    """A reply that names a fault, before those that it names already."""
    inner = reply.mishap
    if inner is None:
        return replace(reply, mishap=Mishap((name,), delivery))
    if delivery is Delivery.ANSWERED:
        delivery = inner.delivery
    return replace(reply, mishap=Mishap((name, *inner.faults), delivery))


class Mishaps:
    """The faults of one recorder: those that it was given, and those that were added while it runs."""

    def __init__(self, plan: FaultPlan, buffer_blocks: int) -> None:
        self._armed: list[Armed] = []
        self.any = False
        """There are some."""
        self._journal = WriteJournal(buffer_blocks)
        self._numbered = 0
        self.add(plan)

    def add(self, plan: FaultPlan) -> list[str]:
        """Let faults lie in wait behind those that do already; returns their names.

        Raises:
            FaultError: a name is taken.
        """
        taken = {armed.name for armed in self._armed}
        for fault in plan.faults:
            if fault.name in taken:
                hint = "clear it first, or give another name"
                raise FaultError(f"there is a fault {fault.name!r} already", hint)
        taken |= {fault.name for fault in plan.faults}
        names = []
        for fault in plan.faults:
            name = fault.name or self._next_name(fault.kind, taken)
            self._armed.append(Armed(fault, name))
            names.append(name)
        self.any = bool(self._armed)
        return names

    def _next_name(self, kind: str, taken: set[str]) -> str:
        while True:
            self._numbered += 1
            name = f"{kind}-{self._numbered}"
            if name not in taken:
                return name

    def status(self) -> list[dict[str, Any]]:
        """Every fault with what it has met."""
        return [armed.status() for armed in self._armed]

    def hits(self, name: str) -> int:
        """How often a fault has struck; 0 if there is none of this name."""
        return next((armed.hits for armed in self._armed if armed.name == name), 0)

    def clear(self, names: Iterable[str] = ()) -> None:
        """Take faults away: those named, or all.

        Raises:
            FaultError: there is none of that name; then none is taken away.
        """
        wanted = set(names)
        known = [armed.name for armed in self._armed]
        for name in sorted(wanted - set(known)):
            raise FaultError(f"there is no fault {name!r}", f"there are: {', '.join(known) or 'none'}")
        self._armed = [armed for armed in self._armed if wanted and armed.name not in wanted]
        self.any = bool(self._armed)

    def flushed(self) -> None:
        """All that was written is on the disc."""
        self._journal.flush()

    def spares_used_up(self, recorder: Recorder) -> bool:
        """Whether a fault says that nothing is left of the disc's spare area."""
        return has_spares(recorder.disc) and any(
            armed.fault.kind == SPARE_EXHAUSTED and not armed.is_spent for armed in self._armed
        )

    def execute(self, recorder: Recorder, task: Task, nexus: NexusState, now: float) -> Reply:
        """Carry out a task past the faults that lie in wait for it."""
        command = command_of(task)
        if command is None:
            return recorder.perform(task, nexus, now)
        if nexus.deferred and command.gates & Gate.ATTENTION:
            sense, name = nexus.deferred.popleft()
            return Reply(Status.CHECK_CONDITION, sense=sense, mishap=Mishap((name,)))
        reply = self._past(iter(tuple(self._armed)), recorder, command, nexus, now)
        if reply.status == Status.GOOD and command.blocks:
            for armed in self._armed:
                if armed.is_for(command.opcode):
                    armed.blocks += command.blocks
        return reply

    def _past(
        self,
        rest: Iterator[Armed],
        recorder: Recorder,
        command: Command,
        nexus: NexusState,
        now: float,
    ) -> Reply:
        """Let the next fault that is due act, and those behind it as far as it lets the command go on."""

        def proceed() -> Reply:
            return self._past(rest, recorder, command, nexus, now)

        for armed in rest:
            hit = Hit(armed, command, recorder, nexus, now, proceed, self._journal)
            if armed.is_due(hit):
                reply = armed.fault.row.effect(hit)
                armed.hits += reply.mishap is not None and armed.name in reply.mishap.faults
                return reply
        return self._perform(recorder, command, nexus, now)

    def _perform(self, recorder: Recorder, command: Command, nexus: NexusState, now: float) -> Reply:
        """Carry the command out, and keep in mind what a loss of power would undo."""
        disc, extent, journal = recorder.disc, command.extent, self._journal
        if disc is not None and extent is not None and _brings_data(command) and self._may_lose_power():
            write = journal.before(disc, *extent)
            reply = recorder.perform(command.task, nexus, now)
            if reply.status == Status.GOOD:
                journal.note(disc, write)
            return reply
        reply = recorder.perform(command.task, nexus, now)
        if command.opcode in FLUSHES and reply.status == Status.GOOD:
            journal.flush()
        return reply

    def _may_lose_power(self) -> bool:
        return any(armed.fault.kind == POWER_LOSS and not armed.is_spent for armed in self._armed)
