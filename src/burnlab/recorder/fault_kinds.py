"""The kinds of faults, a row each: what a fault of this kind does, to which commands, and what it says.

An effect is a function around a command: it is given a hit, may let the command go on by `hit.proceed()`, and
returns the reply. Only a reply that went through `hit.struck` or `hit.fails` counts as a hit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from burnlab.disc import Disc
from burnlab.disc.errors import SurfaceFailure
from burnlab.disc.surface import Data, Surface
from burnlab.scsi import Delivery, Reply, SenseData, Status
from burnlab.scsi.commands import (
    Read10,
    Read12,
    SynchronizeCache10,
    Verify10,
    Write10,
    Write12,
    WriteAndVerify10,
)
from burnlab.scsi.mmc.commands import (
    Blank,
    CloseTrackSession,
    FormatUnit,
    ReadCd,
    SendOpcInformation,
)
from burnlab.scsi.mmc.profiles import Profile
from burnlab.scsi.mmc.read_cd import ReadCdMsf

if TYPE_CHECKING:
    from burnlab.recorder.mishaps import Hit

Effect: TypeAlias = "Callable[[Hit], Reply]"

READS = frozenset(c.OPCODE for c in (Read10, Read12, ReadCd, ReadCdMsf, Verify10))
WRITES = frozenset(c.OPCODE for c in (Write10, Write12, WriteAndVerify10))
FLUSHES = frozenset(c.OPCODE for c in (SynchronizeCache10, CloseTrackSession, Blank, FormatUnit))
"""Commands after which the buffer is empty."""
ALWAYS = 0


class SenseCode(NamedTuple):
    """Sense key, additional sense code and qualifier."""

    key: int
    asc: int
    ascq: int

    def __str__(self) -> str:
        return f"{self.key:X}/{self.asc:02X}/{self.ascq:02X}"


class BrokenSurface:
    """A surface that takes nothing. So a write fails where it would on a real disc: after all checks."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self.was_written = False

    @property
    def blocks(self) -> int:
        """That of the surface."""
        return self._surface.blocks

    def read(self, lba: int, count: int) -> bytes:
        """Read on."""
        return self._surface.read(lba, count)

    def write(self, _lba: int, _data: Data) -> None:
        """Fail."""
        self.was_written = True
        raise SurfaceFailure("an injected fault")

    def resize(self, blocks: int) -> None:
        """Pass it on."""
        self._surface.resize(blocks)

    def flush(self) -> None:
        """Pass it on."""
        self._surface.flush()

    def close(self) -> None:
        """Pass it on."""
        self._surface.close()


@contextmanager
def _unwritable(disc: Disc) -> Iterator[Callable[[], bool]]:
    """Let writes to a disc fail; gives what tells whether one did."""
    surface, sectors = disc.surface, disc.sectors
    broken = BrokenSurface(surface), BrokenSurface(sectors)
    disc.surface, disc.sectors = broken
    try:
        yield lambda: any(b.was_written for b in broken)
    finally:
        disc.surface, disc.sectors = surface, sectors


def _write_did_fail(hit: Hit) -> tuple[Reply, bool]:
    """Carry a WRITE out on a disc that takes nothing: the reply, and whether it came as far as that."""
    disc = hit.recorder.disc
    if disc is None:
        return hit.proceed(), False
    with _unwritable(disc) as was_written:
        return hit.proceed(), was_written()


# Effects.


def unreadable(hit: Hit) -> Reply:
    """A read that would succeed fails at its first bad block."""
    reply = hit.proceed()
    return hit.fails(hit.first_block, reply) if reply.status == Status.GOOD else reply


def write_error(hit: Hit) -> Reply:
    """A write that would succeed leaves nothing on the disc."""
    reply, failed = _write_did_fail(hit)
    return hit.fails(hit.first_block, reply) if failed else reply


def opc_failure(hit: Hit) -> Reply:
    """The laser's power can't be calibrated, neither when asked to nor before the first write."""
    if hit.command.opcode in WRITES:
        reply, failed = _write_did_fail(hit)
    else:
        reply = hit.proceed()
        failed = reply.status == Status.GOOD
    return hit.fails(instead=reply) if failed else reply


def error(hit: Hit) -> Reply:
    """The command isn't carried out."""
    return hit.fails()


def deferred_error(hit: Hit) -> Reply:
    """The command seems to end well, and does nothing; the next one tells of it and isn't carried out."""
    reply = Reply()
    if hit.command.opcode in WRITES:
        reply, failed = _write_did_fail(hit)
        if not failed:
            return reply
    sense = replace(hit.sense(hit.first_block), deferred=True)
    hit.nexus.deferred.append((sense.pack(), hit.name))
    return hit.struck(Reply(mishap=reply.mishap))


def slow(hit: Hit) -> Reply:
    """The answer comes later."""
    reply = hit.proceed()
    return hit.struck(replace(reply, seconds=reply.seconds + hit.fault.seconds))


def hang(hit: Hit) -> Reply:
    """No answer comes."""
    return hit.struck(hit.proceed() if hit.fault.carried_out else Reply(), Delivery.NEVER)


def lost_connection(hit: Hit) -> Reply:
    """The connection breaks in the answer's place, and with it ends what the initiator held."""
    reply = hit.proceed() if hit.fault.carried_out else Reply()
    hit.recorder.close_nexus(hit.command.task.nexus)
    return hit.struck(reply, Delivery.CUT_OFF)


def busy(hit: Hit) -> Reply:
    """The drive does something of its own first."""
    hit.recorder.be_busy(hit.fault.seconds, hit.sense(), hit.now)
    return hit.struck(hit.proceed())


def power_loss(hit: Hit) -> Reply:
    """The power goes and comes again before the command is carried out; it finds what is left."""
    hit.recorder.lose_power(hit.unburnt(), hit.fault.seconds, hit.now)
    return hit.struck(hit.proceed())


# When a kind can strike at all.


def _at_any_time(_hit: Hit) -> bool:
    return True


def _ready(hit: Hit) -> bool:
    """The command would be carried out: nothing pending is to be told first."""
    return hit.recorder.lets_pass(hit.command.gates, hit.nexus)


def _moves_blocks(hit: Hit) -> bool:
    return hit.command.blocks > 0


def _uncalibrated(hit: Hit) -> bool:
    return hit.command.opcode not in WRITES or not hit.recorder.calibrated


def has_spares(disc: Disc | None) -> bool:
    """Whether defects of this disc are replaced from a spare area: DVD-RAM, and BD formatted with one."""
    if disc is None:
        return False
    return disc.profile == Profile.DVD_RAM or (Profile(disc.profile).is_bd and disc.state.spare_blocks > 0)


def _spares_matter(hit: Hit) -> bool:
    return hit.command.blocks > 0 and has_spares(hit.recorder.disc)


# The kinds.


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `opcodes` are the commands that it can strike, None every one; `times` 0 is always."""

    title: str
    effect: Effect
    opcodes: frozenset[int] | None = None
    sense: SenseCode | None = None
    times: int = 1
    takes: frozenset[str] = frozenset()
    """Keys of its own, beside those that select commands."""
    needs: frozenset[str] = frozenset()
    """Those of them that it can't be without."""
    can_strike: Callable[[Hit], bool] = _at_any_time

    def sense_data(self, code: SenseCode | None, information: int | None = None) -> SenseData:
        """The sense data of a fault of this kind that says `code`, or what is usual."""
        key, asc, ascq = code or self.sense or SenseCode(4, 0x44, 0)
        return SenseData(key, asc, ascq, information=information)


_SENSE = frozenset({"sense"})
_SECONDS = frozenset({"seconds"})
_CARRIED_OUT = frozenset({"carried_out"})

KINDS: dict[str, Kind] = {
    "unreadable": Kind(
        "blocks can't be read",
        unreadable,
        READS,
        SenseCode(3, 0x11, 0x05),
        ALWAYS,
        _SENSE,
        can_strike=_moves_blocks,
    ),
    "write-error": Kind(
        "blocks can't be written",
        write_error,
        WRITES,
        SenseCode(3, 0x0C, 0x00),
        takes=_SENSE,
        can_strike=_moves_blocks,
    ),
    "slow": Kind("answers come later", slow, times=ALWAYS, takes=_SECONDS, needs=_SECONDS),
    "hang": Kind("no answer comes", hang, takes=_CARRIED_OUT),
    "busy": Kind(
        "the drive is busy with itself",
        busy,
        sense=SenseCode(2, 0x04, 0x07),
        takes=_SECONDS | _SENSE,
        needs=_SECONDS,
    ),
    "lost-connection": Kind(
        "the connection breaks in the answer's place", lost_connection, takes=_CARRIED_OUT
    ),
    "deferred-error": Kind(
        "the command seems to end well, the next one tells that it didn't",
        deferred_error,
        WRITES | FLUSHES,
        SenseCode(3, 0x0C, 0x00),
        takes=_SENSE,
        can_strike=_ready,
    ),
    "power-loss": Kind(
        "the power goes and comes again, the buffer is gone",
        power_loss,
        takes=_SECONDS | {"buffer_blocks"},
    ),
    "opc-failure": Kind(
        "the laser's power can't be calibrated",
        opc_failure,
        WRITES | {SendOpcInformation.OPCODE},
        SenseCode(3, 0x73, 0x03),
        takes=_SENSE,
        can_strike=_uncalibrated,
    ),
    "spare-exhausted": Kind(
        "defective blocks, and no spare area is left to replace them",
        write_error,
        WRITES,
        SenseCode(3, 0x32, 0x00),
        ALWAYS,
        _SENSE,
        can_strike=_spares_matter,
    ),
    "error": Kind("a command ends with any sense", error, takes=_SENSE, needs=_SENSE, can_strike=_ready),
}
"""Every kind by its name.    Sense codes: SPC-4, annex D; MMC-5, annex F."""
