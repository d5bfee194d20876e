"""What a plan says: steps with the lines that their transcripts must hold, all of it data.

A plan file is TOML; `loading.py` turns it into these structs. Whatever differs between medium types, sizes,
programs or drive models carries a `when` table and lies beside what is common.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Size = Literal["quick", "full"]
ActionName = Literal["insert", "press", "load", "eject", "status", "damage"]
Kind = Literal["scenario", "preparation"]
Place = Literal["guest", "memory", "host"]
"""Where a burn program runs: in a guest beside a virtual DVD-ROM, in this process, or on a host as it is."""
Shown = Literal["digests", "names", "identifiers"]
ExitRule = int | Literal["nonzero", "any"]


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Conditions; an empty one is always met, and every named one must be.

    In a plan file `type` may name the plan's groups too; a plan that was loaded has only types here.
    """

    type: tuple[str, ...] = ()
    size: tuple[Size, ...] = ()
    program: tuple[str, ...] = ()
    model: tuple[str, ...] = ()
    where: tuple[Place, ...] = ()

    def holds(self, case: Case) -> bool:
        """Whether this applies to a case."""
        return all(
            not allowed or actual in allowed
            for allowed, actual in (
                (self.type, case.type),
                (self.size, case.size),
                (self.program, case.program),
                (self.model, case.model),
                (self.where, case.where),
            )
        )


class Case(msgspec.Struct, frozen=True):
    """What one pass through a plan is made with."""

    type: str
    size: Size = "quick"
    program: str = "xorriso"
    model: str = "generic"
    where: Place = "guest"


class Values(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Named numbers and texts that patterns and relations use."""

    table: dict[str, int | float | str] = msgspec.field(name="set")
    when: When = When()


class Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A folder of files to burn; the fields are those of `payload.PayloadShape`.

    `folder` is its place in the shared folder; two payloads of one name for different cases need two.
    """

    name: str
    files: int
    folders: int
    blocks: int
    big: int = 1
    seed: int = 1
    sparse: bool = False
    folder: str = ""
    when: When = When()

    @property
    def place(self) -> str:
        """Folder below the share."""
        return self.folder or self.name


class Expect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a transcript must hold.

    `stdout` and `stderr` are patterns of lines in this order, others may come between; `either` may stand
    on both channels in any order; `never` on none; `holds` are relations between the captures.
    """

    exit: ExitRule | None = None
    stdout: tuple[str, ...] = ()
    stderr: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    when: When = When()


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something the lab does itself, outside the guest.

    `insert` puts a new disc into the tray, of the case's type unless `medium` names another; `press` makes a
    ROM of the case's type with the content of the disc in the tray and puts that in; `load` brings the disc
    that was ejected, `eject` takes it out, `damage` changes bytes of block `lba` (an expression) behind
    everybody's back, `status` reads the recorder's panel. All of them answer with the status as lines
    `name: value`.
    """

    do: ActionName
    lba: str = ""
    medium: str = ""


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What proves the same as a command of the guest's system, where there is no guest.

    The disc is read through the recorder by burnlab's own reader of images: `digests` are the MD5 sums of the
    content of `paths`, `names` what is in the folders `paths`, `identifiers` the standard identifiers of
    volume descriptors in blocks. `at` says where: nothing for the newest session, `session N` as the kernel
    counts them (from 0), `sbsector LBA`, `block LBA`. Its lines are those of the command.
    """

    show: Shown
    paths: tuple[str, ...] = ()
    at: tuple[str, ...] = ("",)


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step: a command in the guest or an action of the lab, and what must come of it.

    `cites` is the paragraph of the scenario that it carries out, `operation` the column of the table of media
    in which it counts. A step isn't run if one of `needs`, or a step whose captures it uses, didn't hold.
    `memory` stands in for the command where there is no guest. `faults` lie in wait while it is carried out,
    and each must strike; their keys are those of a fault file.
    """

    name: str
    cites: str
    operation: str = ""
    command: str = ""
    action: Action | None = None
    kind: Kind = "scenario"
    expect: tuple[Expect, ...] = ()
    needs: tuple[str, ...] = ()
    timeout: float = 120.0
    memory: Reading | None = None
    faults: tuple[dict[str, Any], ...] = ()
    when: When = When()


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plan as its file has it.

    `groups` are names for several types, to be used in `when`; `guest` lists the sets of programs that its
    commands use, beside those that every guest has; `burnlab` is its own burn program. `faults` lie in wait
    from a case's first step to its last.
    """

    title: str
    types: tuple[str, ...]
    steps: tuple[Step, ...] = msgspec.field(name="step")
    summary: str = ""
    groups: dict[str, tuple[str, ...]] = {}
    guest: tuple[str, ...] = ("xorriso",)
    model: str = "generic"
    values: tuple[Values, ...] = ()
    payloads: tuple[Payload, ...] = msgspec.field(name="payload", default=())
    faults: tuple[dict[str, Any], ...] = msgspec.field(name="fault", default=())

    def steps_for(self, case: Case) -> list[Step]:
        """The steps that apply to a case, in order."""
        return [step for step in self.steps if step.when.holds(case)]

    def payloads_for(self, case: Case) -> dict[str, Payload]:
        """The payloads that apply to a case, by name; the last one of a name wins."""
        return {payload.name: payload for payload in self.payloads if payload.when.holds(case)}

    def values_for(self, case: Case) -> dict[str, int | float | str]:
        """The values that apply to a case; later tables win."""
        merged: dict[str, int | float | str] = {}
        for values in self.values:
            if values.when.holds(case):
                merged.update(values.table)
        return merged

    def expect_for(self, step: Step, case: Case) -> Expect:
        """All that a step must hold in a case, in one: lists are joined, the last exit rule wins.

        A command that says nothing about its exit value must end with 0.
        """
        parts = [expect for expect in step.expect if expect.when.holds(case)]
        rules = [part.exit for part in parts if part.exit is not None]

        def joined(name: str) -> tuple[str, ...]:
            return tuple(line for part in parts for line in getattr(part, name))

        return Expect(
            exit=rules[-1] if rules else 0,
            stdout=joined("stdout"),
            stderr=joined("stderr"),
            either=joined("either"),
            never=joined("never"),
            holds=joined("holds"),
        )
