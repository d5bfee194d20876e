"""Lives of discs of every kind: burnt, closed, blanked and formatted in each way that a medium knows.

As a program it lives one on a disc folder, and tells after each step what is closed then:
disc_lives.py NAME PATH.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from hashlib import md5
from pathlib import Path

from burnlab.disc import Disc, TrackState, WriteType, cd
from burnlab.disc.cd_model import CdTrack, LeadIn, Plan, PlannedTrack, SectorForm, Span, Wish
from burnlab.disc.cd_sector import SECTOR_BYTES
from burnlab.disc.folder import create, open_disc
from burnlab.disc.formats import BD_R_SPARES, BD_RE_SPARES, DVD_PLUS_RW_BASIC, DVD_RW_FULL, DVD_RW_QUICK, FULL
from burnlab.disc.formats import Wish as FormatWish

BLOCK = 2048
INCREMENTAL, AT_ONCE, TAO, PLAIN = (
    WriteType.INCREMENTAL,
    WriteType.DISC_AT_ONCE,
    WriteType.TRACK_AT_ONCE,
    WriteType.PLAIN,
)
Step = Callable[["Life"], None]


def content(lba: int, count: int, life: int, size: int = BLOCK) -> bytes:
    """Blocks that tell their address, and which write they are of."""
    return b"".join((life << 32 | n).to_bytes(8, "big") * (size // 8) for n in range(lba, lba + count))


@dataclass
class Life:
    """A disc, and what has been written to it.

    `changes` tells how many changes its files have seen. `done` has that and what is closed after each step,
    `erased` that and the number of writes before each step that erases the disc.
    """

    disc: Disc
    changes: Callable[[], int] = lambda: 0
    life: int = 0
    done: list[tuple[int, Closed]] = field(default_factory=list)
    erased: list[tuple[int, int]] = field(default_factory=list)

    def live(self, steps: Iterable[Step]) -> None:
        """Take these steps."""
        self.note()
        for step in steps:
            step(self)
            self.note()

    def note(self) -> None:
        self.done.append((self.changes(), Closed.on(self.disc)))

    def write(self, blocks: int, write_type: WriteType, lba: int | None = None) -> None:
        at = self.disc.next_writable if lba is None else lba
        assert at is not None
        self.life += 1
        self.disc.write(at, content(at, blocks, self.life), write_type)


@dataclass(frozen=True)
class Closed:
    """All that is closed on a disc, with its content; of an overwritable one the blocks themselves."""

    overwritable: bool
    formatted: int
    tracks: tuple[tuple[int, int, int, bytes], ...]

    @classmethod
    def on(cls, disc: Disc) -> Closed:
        """What a disc has now."""
        state = disc.state
        tracks = tuple(
            (t.session, t.start, t.blocks, read_track(disc, t.number))
            for t in state.tracks
            if t.session <= state.closed_sessions
        )
        return cls(state.overwritable, state.formatted_blocks, tracks)

    def digest(self) -> str:
        """The tracks in a word."""
        return md5(repr(self.tracks).encode(), usedforsecurity=False).hexdigest()


def read_track(disc: Disc, number: int) -> bytes:
    """A track's content, as it is kept."""
    track = disc.state.tracks[number - 1]
    if track.cd is not None and track.cd.form.is_whole:
        return disc.sectors.read(track.start, track.blocks)
    return disc.read(track.start, track.blocks)


def write(blocks: int, write_type: WriteType = INCREMENTAL, times: int = 1) -> Step:
    def step(life: Life) -> None:
        for _ in range(times):
            life.write(blocks, write_type)

    return step


def overwrite(lba: int, blocks: int) -> Step:
    return lambda life: life.write(blocks, PLAIN, lba)


def whole_sectors(blocks: int) -> Step:
    def step(life: Life) -> None:
        life.life += 1
        life.disc.intend(Wish(CdTrack(SectorForm.AUDIO, 0), LeadIn()))
        lba = life.disc.next_writable
        assert lba is not None
        life.disc.write_sectors(lba, content(lba, blocks, life.life, SECTOR_BYTES), TAO)

    return step


def data_sectors(life: Life) -> None:
    life.disc.intend(Wish(CdTrack(), LeadIn()))


def reserve(blocks: int, write_type: WriteType = INCREMENTAL) -> Step:
    return lambda life: life.disc.reserve_track(blocks, write_type)


def announce(blocks: int) -> Step:
    spans = (Span(-150, blocks, SectorForm.MODE_1, BLOCK),)
    plan = cd.planned(Plan(spans, (PlannedTrack(1, 0, blocks, CdTrack()),)))
    return lambda life: life.disc.announce(plan)


def pause(life: Life) -> None:
    life.disc.write_pause(-150, 150, AT_ONCE)


def at_once(blocks: int) -> Step:
    """The next blocks of a session of a CD that is written at once."""

    def step(life: Life) -> None:
        plan = life.disc.state.cd.plan
        assert plan is not None
        life.write(blocks, AT_ONCE, plan.next_block)

    return step


def close_tracks(life: Life) -> None:
    for track in life.disc.state.tracks:
        if track.state is not TrackState.CLOSED:
            life.disc.close_track(track.number)


def close(appendable: bool = True) -> Step:
    return lambda life: life.disc.close_session(appendable=appendable)


def finalize(life: Life) -> None:
    life.disc.finalize()


def synchronize(life: Life) -> None:
    life.disc.synchronize()


def blank(full: bool = True) -> Step:
    def step(life: Life) -> None:
        life.erased.append((life.changes(), life.life))
        life.disc.blank(full=full)

    return step


def form(code: int, blocks: int, parameter: int = 0, sub_type: int = 0) -> Step:
    def step(life: Life) -> None:
        if life.disc.medium.erases_by_formatting:
            life.erased.append((life.changes(), life.life))
        life.disc.format(FormatWish(code, blocks, parameter, sub_type))

    return step


SESSION = (write(5), write(4), synchronize, write(6), close_tracks, close())
PLAIN_SESSION = (write(32, PLAIN), write(40, PLAIN), synchronize, write(7, PLAIN), close_tracks, close())
CD_SESSION = (write(9, TAO), write(20, TAO), synchronize, whole_sectors(7), whole_sectors(3), synchronize)
OVER = (overwrite(0, 16), overwrite(64, 32), synchronize, overwrite(64, 32), overwrite(0, 32), close())
AT_ONCE_DISC = (reserve(40, AT_ONCE), write(16, AT_ONCE, 2), write(8, AT_ONCE), synchronize)
QUICK = form(DVD_RW_QUICK, 0, 0x10)

LIVES: dict[str, tuple[str, tuple[Step, ...]]] = {
    "dvd-r": ("dvd-r", (*SESSION, reserve(20), write(3), *SESSION, close(False))),
    "dvd-r at once": ("dvd-r", AT_ONCE_DISC),
    "dvd-rw": ("dvd-rw", (*SESSION, *SESSION, blank(), *SESSION, reserve(16), write(5), write(4), blank())),
    "dvd-rw minimally": ("dvd-rw", (*SESSION, blank(False), *AT_ONCE_DISC, blank(False), blank())),
    "dvd-rw formatted": ("dvd-rw", (*SESSION, form(DVD_RW_FULL, 4096, 0x10), *OVER, blank(), *SESSION)),
    "dvd-rw formatted fast": (
        "dvd-rw",
        (*SESSION, QUICK, overwrite(0, 32), overwrite(32, 64), close(), overwrite(64, 32), overwrite(0, 16)),
    ),
    "dvd-rw-ovw": (
        "dvd-rw-ovw",
        (*OVER, form(DVD_RW_FULL, 2048, 0x10), *OVER, QUICK, overwrite(0, 16), blank()),
    ),
    "dvd+r": ("dvd+r", (*PLAIN_SESSION, reserve(20, PLAIN), write(16, PLAIN), *PLAIN_SESSION, finalize)),
    "dvd+r-dl": ("dvd+r-dl", (*PLAIN_SESSION, *PLAIN_SESSION)),
    "bd-r": ("bd-r", (form(BD_R_SPARES, 11826176, 0x3000, 1), *PLAIN_SESSION, *PLAIN_SESSION, finalize)),
    "cd-r": ("cd-r", (*CD_SESSION, close(), data_sectors, *CD_SESSION, close(False))),
    "cd-rw": (
        "cd-rw",
        (*CD_SESSION, close(), blank(), announce(30), pause, write(16, AT_ONCE), blank(False)),
    ),
    "cd-rw at once": (
        "cd-rw",
        (announce(24), pause, write(16, AT_ONCE), write(8, AT_ONCE), synchronize, blank()),
    ),
    "dvd+rw": ("dvd+rw", (form(DVD_PLUS_RW_BASIC, 0), *OVER, form(DVD_PLUS_RW_BASIC, 0, 1), *OVER)),
    "dvd-ram": ("dvd-ram", (*OVER, form(FULL, 2295072, 0x800), *OVER)),
    "bd-re": (
        "bd-re",
        (form(BD_RE_SPARES, 11826176, 0x3000), *OVER, form(BD_RE_SPARES, 12088320, 0x1000), *OVER),
    ),
}
"""A life of each medium: it is burnt, closed, blanked and formatted in each way that it knows."""


def main() -> None:
    """Live on a folder, and tell after each step the digest of what is closed."""
    kind, steps = LIVES[sys.argv[1]]
    path = Path(sys.argv[2])
    create(path, kind)
    life = Life(open_disc(path))
    life.note()
    for step in steps:
        tell(life)
        step(life)
        life.note()
    tell(life)
    life.disc.close()


def tell(life: Life) -> None:
    """One line by one call of the system: whoever traces it finds the steps by it."""
    sys.stdout.write(f"step {life.done[-1][1].digest()}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
