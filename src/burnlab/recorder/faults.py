"""Faults as data: what shall go wrong, at which commands, how often. Read from TOML, or made in Python.

    [[fault]]
    kind = "write-error"
    lba = 20000

Nothing happens here: `fault_kinds` tells what a kind does, `mishaps` finds out when.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from burnlab.recorder.extents import ADDRESSED
from burnlab.recorder.fault_kinds import ALWAYS, KINDS, Kind, SenseCode
from burnlab.recorder.table import ROWS

Range = tuple[int, int]
"""First and last LBA."""


class FaultError(ValueError):
    """A fault that can't be: the text names the key, and `hint` what is allowed."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its kind, the commands that it is for, and what it does.

    It strikes at the `nth` command that fits (counted from 1, from when it was added) and at those after it,
    `times` in all. What is None is as usual for the kind. Raises FaultError where the parts don't fit.
    """

    kind: str
    name: str = ""
    """What traces call it; given when it is added, if it has none."""
    commands: tuple[str, ...] = ()
    """Names as in a trace, with or without their `(10)`, or operation codes; none means all it can be."""
    lba: Range | None = None
    nth: int = 1
    after_blocks: int = 0
    """Only commands that go beyond so many blocks, counted over the commands that it is for."""
    times: int | None = None
    """How often; 0 means always."""
    probability: float = 1.0
    """Of each command that it would strike otherwise."""
    seed: int = 0
    """Where the chances come from: the same seed and commands bring the same hits."""
    seconds: float = 0.0
    sense: SenseCode | None = None
    carried_out: bool = False
    """The command is carried out before the answer is lost."""
    buffer_blocks: int | None = None
    """What a drive that loses its power still has in its buffer, at most; None is what fits into it."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise FaultError(f"there is no kind {self.kind!r}", _offer(self.kind, KINDS))
        for problem in _problems(self, KINDS[self.kind]):
            raise problem

    @property
    def row(self) -> Kind:
        """Its kind."""
        return KINDS[self.kind]

    @property
    def limit(self) -> int:
        """How often it strikes; 0 means always."""
        return self.row.times if self.times is None else self.times

    @property
    def opcodes(self) -> frozenset[int] | None:
        """The operation codes that it is for; None means all."""
        if not self.commands:
            return self.row.opcodes
        return frozenset().union(*(opcodes_of(name) for name in self.commands))

    def as_table(self) -> dict[str, Any]:
        """What `from_table` makes it of: keys that aren't as usual, as JSON and TOML can hold them."""
        table: dict[str, Any] = {"kind": self.kind}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default and field.name != "kind":
                table[TABLE_NAMES.get(field.name, field.name)] = _plain(field.name, value)
        return table

    @classmethod
    def from_table(cls, table: Mapping[str, Any], where: str = "the fault") -> Self:
        """Read a table of a TOML file or a JSON object. FaultError says what is wrong, and where."""
        kind = table.get("kind")
        if not isinstance(kind, str) or kind not in KINDS:
            raise FaultError(f"{where}: there is no kind {kind!r}", _offer(str(kind), KINDS))
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key not in KEYS:
                raise FaultError(f"{where} has an unknown key {key!r}", _offer(key, allowed_keys(kind)))
            field, read = KEYS[key]
            try:
                values[field] = read(value)
            except ValueError as error:
                raise FaultError(f"{where}: {key} = {_shown(value)}: {error}") from None
        try:
            return cls(**values)
        except FaultError as error:
            raise FaultError(f"{where}: {error}", error.hint) from None


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Faults in their order: one that comes first decides whether those after it get to see the command."""

    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        names = [fault.name for fault in self.faults if fault.name]
        for name in names:
            if names.count(name) > 1:
                raise FaultError(f"two faults are called {name!r}", "give each a name of its own")

    @classmethod
    def from_toml(cls, text: str, source: str = "the fault file") -> Self:
        """Read a fault file. FaultError says what is wrong, and in which fault."""
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise FaultError(f"{source}: not TOML: {error}") from error
        for key in data:
            if key != "fault":
                raise FaultError(f"{source} has an unknown key {key!r}", 'it holds tables "[[fault]]"')
        return cls.from_tables(data.get("fault", []), source)

    @classmethod
    def from_tables(cls, tables: object, source: str) -> Self:
        """Read what `[[fault]]` tables hold. FaultError as `from_toml`."""
        if not isinstance(tables, Sequence) or not all(isinstance(table, Mapping) for table in tables):
            raise FaultError(f"{source}: faults are tables", 'begin each with a line "[[fault]]"')
        try:
            return cls(
                tuple(
                    Fault.from_table(table, f"{source}, fault {table.get('name', number)}")
                    for number, table in enumerate(tables, 1)
                )
            )
        except FaultError as error:
            text = str(error)
            raise FaultError(text if text.startswith(source) else f"{source}: {text}", error.hint) from None


NO_FAULTS = FaultPlan()


# Names of commands.

_CODE = re.compile(r"(?:0X)?([0-9A-F]{2})H?")


def opcodes_of(name: str) -> frozenset[int]:
    """The operation codes of a command by its name, with or without its length, or by its code in hex."""
    wanted = " ".join(name.upper().split())
    names = {opcode: row.cdb.NAME for opcode, row in ROWS.items()}
    found = {code for code, full in names.items() if wanted in (full, full.partition(" (")[0])}
    if not found and (match := _CODE.fullmatch(wanted)):
        found = {int(match[1], 16)}
    if not found:
        raise FaultError(f"there is no command {name!r}", _offer(wanted, sorted(set(names.values()))))
    return frozenset(found)


def _name_of(opcode: int) -> str:
    row = ROWS.get(opcode)
    return row.cdb.NAME if row is not None else f"{opcode:02X}h"


# What can be wrong with a fault.


def _problems(fault: Fault, kind: Kind) -> Iterable[FaultError]:
    given = {name for name in OWN_FIELDS if getattr(fault, name) != OWN_FIELDS[name]}
    for name in sorted(given - kind.takes):
        yield FaultError(f"a fault of kind {fault.kind!r} takes no {name!r}", _offer("", kind.takes))
    for name in sorted(kind.needs - given):
        yield FaultError(f"a fault of kind {fault.kind!r} needs {name!r}")
    opcodes = fault.opcodes
    if opcodes is not None and kind.opcodes is not None and not opcodes <= kind.opcodes:
        alien = _name_of(min(opcodes - kind.opcodes))
        names = ", ".join(_name_of(code) for code in sorted(kind.opcodes))
        yield FaultError(f"a fault of kind {fault.kind!r} can't strike {alien}", f"it strikes {names}")
    key = "lba" if fault.lba is not None else "after_blocks" if fault.after_blocks else ""
    if key and (opcodes is None or not opcodes & ADDRESSED):
        names = ", ".join(_name_of(code) for code in sorted(ADDRESSED))
        yield FaultError(f"{key!r} needs a command that is told blocks", f"name one: {names}")
    if fault.lba is not None and fault.lba[0] > fault.lba[1]:
        yield FaultError(f"the range {fault.lba[0]}..{fault.lba[1]} is empty", "write the first LBA first")
    if fault.kind == "busy" and fault.sense is not None and fault.sense.key != 2:
        yield FaultError(f"a busy drive doesn't say {fault.sense}", "its sense key is 2, such as 2/04/08")
    if fault.nth < 1 or fault.after_blocks < 0 or (fault.times or 0) < 0 or fault.seconds < 0:
        yield FaultError("a number is too small", "`nth` begins at 1, all others at 0")
    if not 0 < fault.probability <= 1:
        yield FaultError(f"the probability {fault.probability} is none", "give one above 0 and up to 1")


OWN_FIELDS: dict[str, object] = {
    "seconds": 0.0,
    "sense": None,
    "carried_out": False,
    "buffer_blocks": None,
}
"""Fields that only some kinds take, with what they are if not given."""


# Keys of a table.


def _whole(minimum: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
            raise ValueError(f"a whole number from {minimum} on is wanted")
        return value

    return read


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise ValueError("a number is wanted")
    return float(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false is wanted")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text is wanted")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, Sequence) or not names or not all(isinstance(n, str) for n in names):
        raise ValueError('a command is wanted, such as "WRITE (10)", or a list of them')
    return tuple(names)


_RANGE = re.compile(r"\s*(-?\d+)\s*(?:\.\.\s*(-?\d+)\s*)?")


def _lba(value: Any) -> Range:
    if isinstance(value, int) and not isinstance(value, bool):
        return value, value
    if isinstance(value, str) and (match := _RANGE.fullmatch(value)):
        return int(match[1]), int(match[2] or match[1])
    raise ValueError('an LBA is wanted, or a range such as "300..315"')


def _times(value: Any) -> int:
    if value == "always":
        return ALWAYS
    if value == "once":
        return 1
    return _whole(1)(value)


_SENSE = re.compile(r"([0-9A-Fa-f])/([0-9A-Fa-f]{2})/([0-9A-Fa-f]{2})")


def sense_code(value: Any) -> SenseCode:
    """Read `3/0C/00`; ValueError if it is none."""
    match = _SENSE.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[1] == "0":
        raise ValueError("sense key, ASC and ASCQ in hex are wanted, such as 3/0C/00")
    return SenseCode(*(int(part, 16) for part in match.groups()))


KEYS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "kind": ("kind", _text),
    "name": ("name", _text),
    "command": ("commands", _texts),
    "lba": ("lba", _lba),
    "nth": ("nth", _whole(1)),
    "after_blocks": ("after_blocks", _whole(0)),
    "times": ("times", _times),
    "probability": ("probability", _number),
    "seed": ("seed", _whole(0)),
    "seconds": ("seconds", _number),
    "sense": ("sense", sense_code),
    "carried_out": ("carried_out", _flag),
    "buffer_blocks": ("buffer_blocks", _whole(0)),
}
"""Key of a table → field, and how its value is read."""
TABLE_NAMES = {field: key for key, (field, _) in KEYS.items()}


def allowed_keys(kind: str) -> list[str]:
    """The keys that a fault of this kind may have."""
    takes = KINDS[kind].takes
    return [key for key, (field, _) in KEYS.items() if field not in OWN_FIELDS or field in takes]


def _plain(field: str, value: Any) -> Any:
    if field == "lba":
        first, last = value
        return first if first == last else f"{first}..{last}"
    if field == "times":
        return "always" if value == ALWAYS else value
    if field == "sense":
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _offer(word: str, allowed: Iterable[str]) -> str:
    names = list(allowed)
    near = difflib.get_close_matches(word, names, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}allowed: {', '.join(names)}" if names else ""
