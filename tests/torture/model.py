"""What must be on a disc after its recorder was killed, and the comparison with what is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import md5

from burnlab.disc import Disc, Track, TrackState

BLOCK = 2048
ZERO = bytes(BLOCK)


class LostError(AssertionError):
    """Something that was burnt isn't there any more, or something is there that nobody burnt."""


def content(lba: int, count: int, stamp: int) -> bytes:
    """Blocks that tell their address and which burn they are of; of none, they are zeros."""
    if not stamp:
        return bytes(count * BLOCK)
    return b"".join((stamp << 32 | n).to_bytes(8, "big") * (BLOCK // 8) for n in range(lba, lba + count))


@dataclass
class Attempt:
    """What a round tried, and how far the drive had said that it came."""

    stamp: int = 0
    start: int = 0
    blocks: int = 0
    acknowledged: int = 0
    """One past the last block that the drive has taken, counted from `start`."""
    flying: tuple[int, int] = (0, 0)
    """First and one past the last block of the WRITE that got no answer."""
    closing: bool = False
    """A command was sent that may close the session."""
    erasing: bool = False
    """A command was sent that blanks or formats."""
    writes: list[tuple[int, int, int]] = field(default_factory=list)
    """First and one past the last block of each WRITE that the drive has taken, and its stamp."""
    flushed: int = 0
    """How many of them there were when it had emptied its buffer last."""


@dataclass(frozen=True)
class Session:
    """A closed session: its place and the digest of its content once it had been verified."""

    start: int
    blocks: int
    digest: str


@dataclass
class Expected:
    """A disc as it is known to be."""

    sessions: list[Session] = field(default_factory=list)
    stamps: dict[int, int] = field(default_factory=dict)
    """Of an overwritable medium: block → the burn that wrote it; others are zero."""
    touched: set[int] = field(default_factory=set)
    """Blocks that were ever written."""
    overwritable: bool = False
    compared: int = 0
    verified: int = 0

    def compare(self, disc: Disc, attempt: Attempt) -> str:
        """Hold a disc against what is known of it; returns what was found, in a word. Raises LostError."""
        if disc.state.overwritable != self.overwritable:
            if (self.sessions or self.stamps) and not attempt.erasing:
                raise LostError(f"the disc has become another one; {attempt}")
            for session in self.sessions:
                self.touched.update(range(session.start, session.start + session.blocks))
            self.sessions, self.stamps = [], {}
            self.overwritable = disc.state.overwritable
        return (self.compare_blocks if self.overwritable else self.compare_sessions)(disc, attempt)

    # Sequential media.

    def compare_sessions(self, disc: Disc, attempt: Attempt) -> str:
        """Hold the closed sessions against what is known; returns what was found. Raises LostError."""
        found = [(s.start, s.blocks) for s in disc.session_views()]
        known = [(s.start, s.blocks) for s in self.sessions]
        if found == known:
            self._verify(disc)
            self._compare_open(disc, attempt)
            return self._open_state(disc)
        if attempt.erasing and not found:
            self.sessions.clear()
            return "erased"
        if attempt.closing and found[:-1] == known and found[-1][0] == attempt.start:
            self._verify(disc)
            self._compare_new(disc, attempt, found[-1][1])
            self.learn(disc)
            return "closed"
        raise LostError(f"closed sessions are {found}, not {known}; {attempt}")

    def _verify(self, disc: Disc) -> None:
        for session in self.sessions:
            if digest_of(disc, session.start, session.blocks) != session.digest:
                raise LostError(f"the session at LBA {session.start} isn't what was burnt")
            self.compared += session.blocks
            self.verified += 1

    def _compare_new(self, disc: Disc, attempt: Attempt, blocks: int) -> None:
        """A session that was closed at the last moment has all its data, and padding behind it."""
        if blocks < attempt.blocks:
            raise LostError(f"a session of {attempt.blocks} blocks was closed with {blocks}")
        self._compare(disc, attempt, attempt.blocks)
        rest = disc.read(attempt.start + attempt.blocks, blocks - attempt.blocks)
        if rest.count(0) != len(rest):
            raise LostError("there is something in the padding")

    def _compare_open(self, disc: Disc, attempt: Attempt) -> None:
        """What the drive has taken is there, even if the track is damaged."""
        if not attempt.acknowledged or attempt.erasing:
            return
        track = next((t for t in disc.state.tracks if t.start == attempt.start), None)
        if track is None or track.blocks < attempt.acknowledged:
            raise LostError(f"{attempt.acknowledged} blocks were taken, {track} is what is left")
        self._compare(disc, attempt, min(attempt.acknowledged, attempt.blocks))

    def _compare(self, disc: Disc, attempt: Attempt, blocks: int) -> None:
        self.compared += blocks
        if disc.surface.read(attempt.start, blocks) != content(attempt.start, blocks, attempt.stamp):
            raise LostError(f"the {blocks} blocks at LBA {attempt.start} aren't what was burnt")

    def _open_state(self, disc: Disc) -> str:
        tracks = [t for t in disc.state.tracks if t.session > disc.state.closed_sessions]
        return open_state(tracks)

    def accept(self, disc: Disc) -> None:
        """After mending: what was closed is as it was, and what is closed now is known from now on."""
        found = [(s.start, s.blocks) for s in disc.session_views()]
        if found[: len(self.sessions)] != [(s.start, s.blocks) for s in self.sessions]:
            raise LostError(f"mending has changed closed sessions: {found}")
        self._verify(disc)
        self.learn(disc)

    def learn(self, disc: Disc) -> None:
        """What is closed now is known from now on."""
        self.sessions = [
            Session(s.start, s.blocks, digest_of(disc, s.start, s.blocks)) for s in disc.session_views()
        ]

    # Overwritable media.

    def compare_blocks(self, disc: Disc, attempt: Attempt) -> str:
        """Hold every block that was ever written against what is known. Raises LostError."""
        end = disc.capacity_end
        old = dict(self.stamps)
        written = {lba: stamp for first, last, stamp in attempt.writes for lba in range(first, last)}
        flushed = {lba for first, last, _ in attempt.writes[: attempt.flushed] for lba in range(first, last)}
        flying = set(range(*attempt.flying))
        found = {lba: disc.surface.read(lba, 1) for lba in {*self.touched, *written, *flying} if lba < end}
        self.compared += len(found)
        lost = [lba for lba in {*old, *flushed} if lba >= end]
        if lost and not attempt.erasing:
            raise LostError(f"LBA {lost[0]} was written, but the disc ends at {end}; {attempt}")

        def fits(lba: int, data: bytes, before: dict[int, int]) -> bool:
            known = content(lba, 1, written.get(lba, before.get(lba, 0)))
            return data == known or (lba in flying and data in (ZERO, content(lba, 1, attempt.stamp)))

        # Formatting that erases has taken effect, or it hasn't: nothing in between.
        states = [old, {}] if attempt.erasing else [old]
        wrong = [[lba for lba, data in found.items() if not fits(lba, data, before)] for before in states]
        if all(wrong):
            raise LostError(f"LBA {wrong[0][0]} isn't what was written; {attempt}")
        self.touched |= found.keys()
        self.stamps = {lba: int.from_bytes(d[:4], "big") for lba, d in found.items() if d != ZERO}
        self.verified += 1
        return "erased" if wrong[0] else "overwritable"


def open_state(tracks: list[Track]) -> str:
    """One word for the tracks of the session that isn't closed."""
    if any(t.state is TrackState.DAMAGED for t in tracks):
        return "damaged"
    return "appendable" if any(t.blocks for t in tracks) else "as before"


def digest_of(disc: Disc, start: int, blocks: int) -> str:
    """The digest of some blocks."""
    return md5(disc.read(start, blocks), usedforsecurity=False).hexdigest()
