"""Command descriptor blocks with arbitrary parameter data, through the door, on discs in every stage of
life.
"""

from __future__ import annotations

import math
from dataclasses import fields
from random import Random
from typing import Any

from burnlab.disc import Disc, DiscState
from burnlab.disc.disc import pressed_state, state_as_sold
from burnlab.disc.media import Recording, medium_named
from burnlab.disc.soundness import Facts, examine
from burnlab.disc.surface import BLOCK_BYTES, MemorySurface
from burnlab.recorder import MODELS, ClockedUnit, FaultPlan, Recorder
from burnlab.recorder.recorder import RemovalPreventedError
from burnlab.recorder.table import ROWS
from burnlab.scsi import Nexus, Reply, Status, Task
from burnlab.scsi.mmc.format_list import FormatList
from burnlab.scsi.record import Cdb
from fuzz.engine import Target
from support.cd import audio_sheet, data_sheet, page_05h
from support.disc_lives import LIVES, Life
from support.drive import pattern, write_parameters
from support.media import PRESSED

STAGES = tuple(sorted(LIVES))
"""Lives of discs; with how far one has come, that is a stage."""
DATA_IN = (0, 1, 8, 34, 252, 2048, 65536, 131072)
DATA_OUT_BYTES = 65536
PRESSED_BLOCKS = 64
NEXUSES = tuple(Nexus(f"iqn.2024-01.test:{name}") for name in ("first", "second"))
ADDRESSES = (0, 1, 2, 16, 32, 64, 150, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFF6A, 0xFFFFFFFF)
LENGTHS = (0, 1, 16, 32, 0xFF, 0x100, 0xFFFF, 0x10000, 0xFFFFFFFF)
NEXT_WRITABLE = "next writable"
"""Stands for the address that the disc takes at that moment: where a random one would always be refused."""
ALL_OF_IT = "all of it"
"""Stands for the length of the parameter list that goes with the command."""
LIST_LENGTHS = ("parameter_list_length", "cue_sheet_size")
USUAL = {"format_data": 1, "format_code": 1, "function": 2}
"""What a command isn't without, mostly."""


def lists() -> dict[str, bytes]:
    """Parameter lists that a drive takes, by a name: to be sent as they are, or changed here and there."""
    pages = {
        f"page {t}{m}{x}": write_parameters(t, m, test=x)[1] for t in (0, 2) for m in (0, 3) for x in (0, 1)
    }
    for kind in (1, 2):
        for mode, block_type in ((4, 8), (0, 0), (4, 10), (4, 13)):
            for test in (False, True):
                name = f"cd page {kind}{mode}{block_type}{test:d}"
                pages[name] = page_05h(kind, mode=mode, block_type=block_type, test=test)[1]
    sheets = {
        "data sheet": data_sheet(600),
        "audio sheet": audio_sheet((320, 400)),
        "long sheet": audio_sheet(
            (300, 310, 320), pregaps=(0, 150), mcn="1234567890123", isrc={2: "DEABC2312345"}
        ),
    }
    formats = {
        f"format {code:02X}h {blocks} {parameter} {sub}": FormatList(
            immed=True, blocks=blocks, format_type=code, sub_type=sub, parameter=parameter
        ).pack()
        for code, blocks, parameter, sub in (
            (0x00, 2297888, 0, 0),
            (0x00, 11826176, 0x3000, 0),
            (0x00, 2295072, 0x800, 0),
            (0x01, 11564032, 0x5000, 0),
            (0x10, 2297888, 0x10, 0),
            (0x10, 4096, 0x10, 0),
            (0x13, 0, 0, 0),
            (0x15, 0, 0x10, 0),
            (0x26, 2295104, 0, 0),
            (0x26, 0, 0, 1),
            (0x30, 12088320, 0x1000, 0),
            (0x31, 12219392, 0, 0),
            (0x32, 11826176, 0x3000, 1),
        )
    }
    return pages | sheets | formats | {"streaming": bytes(28), "opc": bytes(6), "text": bytes(range(256)) * 3}


LISTS: dict[str, bytes] = {}


def known_lists() -> dict[str, bytes]:
    """`lists`, made once."""
    if not LISTS:
        LISTS.update(lists())
    return LISTS


def value_of(name: str, cdb: type[Cdb], chances: Random) -> Any:
    """What a field of a CDB holds."""
    place = next(place for field, place, _ in cdb.places() if field == name)
    if place.bits:
        often = name in USUAL and chances.random() < 0.8
        return USUAL[name] if often else chances.getrandbits(place.bits)
    if name in LIST_LENGTHS and chances.random() < 0.8:
        return ALL_OF_IT
    if name == "allocation_length" and chances.random() < 0.7:
        return 0xFF
    if name == "length" and chances.random() < 0.7:
        return chances.choice((1, 7, 16, 16, 16, 26))
    is_address = name in ("lba", "address", "start_lba", "size")
    if is_address and chances.random() < 0.6:
        return NEXT_WRITABLE
    top = (1 << 8 * place.width) - 1
    near, edges = (700, ADDRESSES) if is_address else (34, LENGTHS)
    number = min(chances.choice((chances.randint(0, near), chances.choice(edges))), top)
    return number - top - 1 if place.signed and number > top // 2 else number


def command(chances: Random) -> list[Any]:
    """A command: opcode, fields, bytes changed in the CDB, data, changes in the data, room for the answer."""
    opcode = chances.choice(OPCODES)
    cdb = ROWS[opcode].cdb
    given = {field.name: value_of(field.name, cdb, chances) for field in fields(cdb)}
    few = fitting(opcode)
    data: Any = chances.choice(few) if few and chances.random() < 0.9 else "blocks"
    if chances.random() < 0.1:
        data = chances.randbytes(chances.randint(0, 80))
    room = chances.choice(DATA_IN)
    return [
        "command",
        opcode,
        given,
        changes(chances, 12),
        data,
        changes(chances, 90),
        room,
        chances.randint(0, 1),
    ]


def changes(chances: Random, size: int) -> list[Any]:
    """Bytes that become others, mostly none: position and value."""
    if chances.random() < 0.85:
        return []
    return [[chances.randrange(size), chances.randrange(256)] for _ in range(chances.randint(1, 2))]


COMMON = (0x2A, 0x2A, 0x2A, 0x28, 0x55, 0x35, 0x5B, 0x5B, 0x53, 0xA1, 0x04, 0x5D, 0xAA, 0x5A)
"""Commands that get a disc somewhere: they come more often than others."""
OPCODES = (*sorted(ROWS), *COMMON, *COMMON)
FIRST_WORDS = {0x04: "format", 0x5D: "sheet", 0x15: "page", 0x55: "page", 0xB6: "streaming", 0x54: "opc"}


def fitting(opcode: int) -> list[str]:
    """The lists that a command takes."""
    wanted = FIRST_WORDS.get(opcode)
    return [name for name in known_lists() if wanted in name.split()] if wanted else []


FAULTS = (
    {"kind": "power-loss", "nth": 3},
    {"kind": "power-loss", "command": "WRITE", "times": "always", "buffer_blocks": 7},
    {"kind": "write-error", "times": "always", "probability": 0.5},
    {"kind": "deferred-error", "nth": 2},
    {"kind": "unreadable", "lba": "0..40"},
    {"kind": "busy", "seconds": 20},
    {"kind": "hang"},
    {"kind": "lost-connection", "nth": 4, "carried_out": True},
    {"kind": "opc-failure"},
    {"kind": "spare-exhausted"},
    {"kind": "slow", "seconds": 3},
    {"kind": "error", "sense": "4/44/00", "probability": 0.3, "times": "always"},
)
HANDS = ("wait", "wait", "wait", "eject", "load", "reset", "kill", "another", "fault", "fault", "raw")


def hand(chances: Random) -> list[Any]:
    """What a hand does in front of the drive, or time."""
    name = chances.choice(HANDS)
    if name == "wait":
        return [name, chances.choice([0.01, 1, 50, 5000, 200000])]
    if name == "fault":
        return [name, chances.choice(FAULTS)]
    if name == "raw":
        return [name, [chances.randbytes(chances.randint(0, 16)), chances.randbytes(chances.randint(0, 64))]]
    return [name, 0]


def make(chances: Random) -> Any:
    """A model, a stage of a disc, and what is done then."""
    pressed = chances.random() < 0.1
    stage = [chances.choice(PRESSED), 0] if pressed else [chances.choice(STAGES), chances.randint(0, 40)]
    steps = []
    for _ in range(chances.randint(1, 40)):
        steps.append(hand(chances) if chances.random() < 0.15 else command(chances))
        if chances.random() < 0.5:
            steps.append(["wait", 5000])
    return [chances.choice(sorted(MODELS)), stage, steps]


class Kept:
    """Where a disc in memory keeps its state: what would be in its folder after a kill."""

    def __init__(self, state: DiscState) -> None:
        self.state = state

    def __call__(self, state: DiscState) -> None:
        self.state = state


class Bench:
    """A recorder, the disc in it, and a clock that jumps."""

    def __init__(self, model: str, life: str, steps: int) -> None:
        self.now = 1000.0
        self.recorder = Recorder(MODELS[model])
        self.unit = ClockedUnit(self.recorder, lambda: self.now)
        for nexus in NEXUSES:
            self.unit.open_nexus(nexus)
        if life in PRESSED:
            surface = MemorySurface()
            surface.write(0, pattern(0, PRESSED_BLOCKS))
            disc = Disc(pressed_state(medium_named(life), PRESSED_BLOCKS), surface)
            self.kept = Kept(disc.state)
        else:
            kind, whole = LIVES[life]
            state = state_as_sold(kind)
            self.kept = Kept(state)
            disc = Disc(state, MemorySurface(), self.kept)
            Life(disc).live(whole[: steps % (len(whole) + 1)])
        self.put_in(disc)

    def put_in(self, disc: Disc) -> None:
        """Put a disc in and wait until it is ready; nothing is pending then."""
        self.recorder.load(disc, self.now)
        self.now += 60.0
        for nexus in NEXUSES:
            for _ in range(5):
                self.recorder.execute(Task(bytes(6), nexus=nexus), self.now)

    def reopened(self) -> Disc:
        """The disc as a fresh open makes it of what was kept and of how long its files are."""
        old = self.recorder.disc_in_tray
        assert old is not None
        return Disc.reopened(self.kept.state, old.surface, self.kept, old.sectors)


def check(case: Any) -> None:
    """Nothing raises, every answer is well-formed, and the disc is one that a fresh open takes."""
    model, (life, steps), actions = case
    bench = Bench(model, life, steps)
    looked_at = None
    for action in actions:
        ACTIONS[action[0]](bench, *action[1:])
        disc = bench.recorder.disc_in_tray
        assert disc is not None
        if disc.state is not looked_at:
            is_legal(disc)
            looked_at = disc.state
    is_sound(bench)


def _command(  # noqa: PLR0917
    bench: Bench,
    opcode: int,
    given: dict[str, Any],
    pokes: list[Any],
    data: Any,
    data_pokes: list[Any],
    data_in: int,
    who: int,
) -> None:
    disc = bench.recorder.disc
    following = (disc.next_writable if disc is not None else None) or 0
    length = len(known_lists()[data]) if isinstance(data, str) and data in known_lists() else 4
    stands = {NEXT_WRITABLE: following, ALL_OF_IT: length}
    filled = {name: stands.get(value, value) for name, value in given.items()}
    raw = bytearray(ROWS[opcode].cdb(**filled).pack())
    for position, value in pokes:
        if position < len(raw):
            raw[position] = value
    _send(bench, bytes(raw), _data(filled, data, data_pokes), data_in, who)


def _data(given: dict[str, Any], data: Any, pokes: list[Any]) -> bytes:
    if data == "blocks":
        size = 2352 if given.get("lba", 0) % 3 == 2 else BLOCK_BYTES
        out = bytearray(min(given.get("length", 0), DATA_OUT_BYTES // size) * size)
    else:
        out = bytearray(known_lists()[data] if isinstance(data, str) else data)
    for position, value in pokes:
        if position < len(out):
            out[position] = value
    return bytes(out)


def _raw(bench: Bench, what: Any) -> None:
    _send(bench, what[0], what[1], 4096, 0)


def _send(bench: Bench, cdb: bytes, data: bytes, data_in: int, who: int) -> None:
    reply = bench.unit.execute(Task(cdb, data, data_in, NEXUSES[who]))
    is_well_formed(reply, data_in)
    bench.now += min(reply.seconds, 1e6)


def _wait(bench: Bench, seconds: float) -> None:
    bench.now += seconds


def _eject(bench: Bench, _nothing: int) -> None:
    bench.recorder.unlock()
    bench.recorder.open_tray()


def _load(bench: Bench, _nothing: int) -> None:
    bench.recorder.close_tray(bench.now)


def _reset(bench: Bench, _nothing: int) -> None:
    bench.unit.reset()


def _kill(bench: Bench, _nothing: int) -> None:
    """The recorder is killed, and another one opens the disc."""
    if bench.recorder.disc_in_tray is None:
        return
    disc = bench.reopened()
    bench.recorder = Recorder(bench.recorder.model)
    bench.unit = ClockedUnit(bench.recorder, lambda: bench.now)
    bench.put_in(disc)


def _another(bench: Bench, _nothing: int) -> None:
    """A hand takes the disc out and puts it in again."""
    try:
        disc = bench.recorder.remove()
    except RemovalPreventedError:
        return
    if disc is not None:
        bench.put_in(disc)


def _fault(bench: Bench, table: dict[str, Any]) -> None:
    bench.recorder.mishaps.add(FaultPlan.from_tables([table], "fuzz"))


ACTIONS = {
    "command": _command,
    "raw": _raw,
    "wait": _wait,
    "eject": _eject,
    "load": _load,
    "reset": _reset,
    "kill": _kill,
    "another": _another,
    "fault": _fault,
}


def is_well_formed(reply: Reply, data_in: int) -> None:
    """What must hold of every answer."""
    assert len(reply.data_in) <= data_in, f"{len(reply.data_in)} bytes for {data_in}"
    assert math.isfinite(reply.seconds), reply.seconds
    assert 0 <= reply.seconds < 2e9, reply.seconds
    if reply.status == Status.GOOD:
        assert not reply.sense
        return
    assert reply.status == Status.CHECK_CONDITION
    assert len(reply.sense) == 18
    assert reply.sense[0] & 0x7E == 0x70
    assert reply.sense[2] & 0x0F, "no sense key"


def is_legal(disc: Disc) -> None:
    """A state that contradicts itself, or can't be kept, is none that a disc may be in."""
    assert DiscState.from_json(disc.state.to_json()) == disc.state
    views = disc.track_views()
    if disc.recording is not Recording.OVERWRITE:
        assert [view.number for view in views] == list(range(1, len(views) + 1))
    assert disc.free_blocks >= 0
    assert disc.capacity_end >= 0


def is_sound(bench: Bench) -> None:
    """After a kill a fresh open takes the disc, finds nothing wrong with it, and all that is closed."""
    before = bench.recorder.disc_in_tray
    assert before is not None
    state = bench.kept.state
    sectors = before.sectors.blocks * 2352
    facts = Facts(surface=before.surface.blocks * BLOCK_BYTES, sectors=sectors, state=state)
    report = examine(facts)
    assert report.is_sound, [finding.text for finding in report.findings]
    closed = [t for t in before.state.tracks if t.session <= before.state.closed_sessions]
    after = bench.reopened()
    is_legal(after)
    assert list(after.state.tracks[: len(closed)]) == closed


TARGET = Target(
    "cdbs", "CDBs and parameter data on every kind of disc, in every stage of its life", make, check
)
