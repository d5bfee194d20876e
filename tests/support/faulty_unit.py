"""A logical unit in front of another one, which does as told for certain commands: bad luck to order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from burnlab.scsi import Asc, Reply, SenseData, SenseKey, Status, Task
from burnlab.scsi.task import LogicalUnit

Effect: TypeAlias = "Reply | BaseException | Callable[[Task], Reply | None]"
"""What happens instead of the command: a reply, an exception, or what a function does; if it returns None the
command is carried out after it.
"""


def refusal(key: SenseKey, asc: Asc) -> Reply:
    """CHECK CONDITION with this sense."""
    return Reply(Status.CHECK_CONDITION, sense=SenseData.of(key, asc).pack())


WRITE_ERROR = refusal(SenseKey.MEDIUM_ERROR, Asc.WRITE_ERROR)
UNREADABLE = refusal(SenseKey.MEDIUM_ERROR, Asc.UNRECOVERED_READ_ERROR)


@dataclass
class Trouble:
    """At the `nth` command with this opcode (from 1 on), and `times` in all (0: for ever)."""

    opcode: int
    nth: int
    effect: Effect
    times: int = 1
    seen: int = 0

    def is_due(self, task: Task) -> bool:
        """Whether it strikes now."""
        if task.cdb[0] != self.opcode:
            return False
        self.seen += 1
        return self.seen >= self.nth and (not self.times or self.seen < self.nth + self.times)


@dataclass
class FaultyUnit:
    """Passes every task on but those that a trouble is for; keeps them all with their replies."""

    unit: LogicalUnit
    troubles: list[Trouble] = field(default_factory=list)
    tasks: list[tuple[Task, Reply]] = field(default_factory=list)

    def execute(self, task: Task) -> Reply:
        """Carry the task out, or let the bad luck happen."""
        reply = None
        for trouble in self.troubles:
            if trouble.is_due(task):
                reply = self._strike(trouble.effect, task)
        if reply is None:
            reply = self.unit.execute(task)
        self.tasks.append((task, reply))
        return reply

    @staticmethod
    def _strike(effect: Effect, task: Task) -> Reply | None:
        if isinstance(effect, BaseException):
            raise effect
        return effect if isinstance(effect, Reply) else effect(task)

    def count(self, opcode: int) -> int:
        """How many commands with this opcode came."""
        return sum(task.cdb[0] == opcode for task, _ in self.tasks)
