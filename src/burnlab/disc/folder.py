"""A disc as a folder: `surface`, one sparse file of blocks, and `state.sqlite`, all else.

A CD has `sectors` beside them, a sparse file of 2352 bytes for each: what doesn't fit into blocks.

The state is kept by SQLite (`state_file`), so it is whole after `kill -9` at any instant. The surface grows
with what is written: its length tells how far an interrupted burn had come (`recovery`). Whoever may write
holds a lock on the surface (`holding`); it goes with the process. Whoever only reads needs none, and changes
nothing.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from burnlab.disc.cd_sector import SECTOR_BYTES
from burnlab.disc.consistency import contradictions
from burnlab.disc.disc import Disc, pressed_state, sectors_end, state_as_sold, surface_end
from burnlab.disc.errors import SurfaceFailure
from burnlab.disc.holding import HeldSurface, InUse
from burnlab.disc.media import Medium, Recording, medium_named
from burnlab.disc.model import DiscState, TrackState
from burnlab.disc.state_file import StateError, StateStore, look_at_state, read_state, write_state
from burnlab.disc.surface import BLOCK_BYTES, FileSurface, MemorySurface, Surface

COPY_BYTES = 1 << 20
LOOKS = 20
"""How often a disc is looked at that a recorder is changing."""
TICK_NS = 25_000_000
"""More than the steps in which a file system tells when a file was written last."""


class FolderError(Exception):
    """The disc folder can't be used; `hint` says what to do about it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def create(path: Path, type_name: str, product: str = "", capacity_blocks: int = 0) -> None:
    """Make a new disc as sold; a folder that is already there is never touched. KeyError: no such type."""
    medium = medium_named(type_name)
    if medium.recording is Recording.READ_ONLY:
        raise FolderError(
            f"a {medium.title} can't be blank", "make one from an image: burnlab disc import FILE.iso PATH"
        )
    if capacity_blocks < 0 or capacity_blocks > 0x7FFFFFF0:
        raise FolderError(f"{capacity_blocks} blocks are out of range", "give a number of 2048-byte blocks")
    with _new_folder(path) as folder:
        (folder / "surface").touch()
        write_state(folder, state_as_sold(type_name, product, capacity_blocks))


def import_image(image: Path, path: Path, medium: Medium, product: str = "") -> int:
    """Make a closed disc with the content of a plain image; returns its blocks."""
    try:
        source = image.open("rb")
    except OSError as error:
        raise FolderError(
            f"{image}: {os.strerror(error.errno or 0)}", "name a readable image file"
        ) from error
    blocks = -(-os.fstat(source.fileno()).st_size // BLOCK_BYTES)
    if not blocks:
        raise FolderError(f"{image} is empty", "an image needs at least one block of 2048 bytes")
    if medium.capacity_blocks and blocks > medium.capacity_blocks:
        raise FolderError(
            f"{image} has {blocks} blocks, a {medium.title} takes {medium.capacity_blocks}",
            "choose a --type with more room",
        )
    with source, _new_folder(path) as folder:
        blocks = _copy_sparse(source.fileno(), folder / "surface")
        write_state(folder, pressed_state(medium, blocks, product))
    return blocks


def export_image(disc: Disc, path: Path) -> int:
    """Write the readable blocks of all closed sessions as a plain image; gaps read as zeros.

    Returns the blocks. FileExistsError if there is such a file.
    """
    end = disc.capacity_end
    if end and not disc.has_data:
        raise FolderError("the disc holds audio and no data", "export it as FILE.cue")
    with path.open("xb") as target:
        lba = 0
        while lba < end:
            count = min(COPY_BYTES // BLOCK_BYTES, end - lba)
            data = disc.surface.read(lba, count)
            if data.count(0) == len(data):
                target.seek(len(data), os.SEEK_CUR)
            else:
                target.write(data)
            lba += count
        target.truncate(end * BLOCK_BYTES)
    return end


def open_disc(path: Path, *, read_only: bool = False, holder: str = "") -> Disc:
    """Open a disc folder; FolderError says what is wrong with it.

    For writing, the folder is locked, what an interrupted burn left behind is found out, and `holder` is what
    others are told of who has it. For reading, nothing is changed, and what a recorder hasn't yet noted down
    isn't seen.
    """
    surface_path, state_path = path / "surface", path / "state.sqlite"
    if not path.is_dir() or not state_path.is_file() or not surface_path.is_file():
        raise FolderError(
            f"{path} is not a disc folder",
            "it needs the files 'surface' and 'state.sqlite'; make one: burnlab disc create PATH --type TYPE",
        )
    try:
        return _look(path) if read_only else _hold(path, holder)
    except InUse as error:
        raise FolderError(
            f"{path} is in use by another recorder: {error}",
            "eject it there, or work on a copy of the folder",
        ) from error
    except StateError as error:
        raise _unreadable(path, error) from error
    except SurfaceFailure as error:
        raise FolderError(
            str(error), "see to the free space and the permissions of the disc folder"
        ) from error
    except OSError as error:
        raise FolderError(
            f"{error.filename or path}: {os.strerror(error.errno or 0)}",
            "see to the permissions of the disc folder",
        ) from error


def _unreadable(path: Path, error: StateError) -> FolderError:
    if error.newer:
        return FolderError(f"{path} {error}", "use a newer burnlab for it")
    return FolderError(
        f"{path}: no disc state can be read ({error})",
        f"use a copy that was made while it was not in use, or see what is left: burnlab disc check {path}",
    )


def _look(path: Path) -> Disc:
    """Open to read. A recorder may be at work: before it cuts files off it keeps a state that says so."""
    state = look_at_state(path)
    for _ in range(LOOKS):
        surface = FileSurface(path / "surface", read_only=True)
        sectors: FileSurface | MemorySurface | None = None
        try:
            sectors = _sectors(path, _check_state(path, state), read_only=True)
            _check(path, state, surface, sectors)
            return Disc(state, MemorySurface() if state.erasing else surface, sectors=sectors)
        except FolderError:
            _close(surface, sectors)
            again = look_at_state(path)
            if again == state:
                raise
            state = again
        except BaseException:
            _close(surface, sectors)
            raise
    raise FolderError(f"{path} changes all the time", "look again when the recorder has less to do")


def _hold(path: Path, holder: str) -> Disc:
    surface = HeldSurface(path, holder)
    sectors: FileSurface | MemorySurface | None = None
    try:
        state = _check_state(path, read_state(path))
        sectors = _sectors(path, state, read_only=False)
        _check(path, state, surface, sectors)
        for each in (surface, sectors):
            if each.whole_blocks < each.blocks:
                # Killed in the middle of a block: it counts as one of the damaged track.
                each.resize(each.blocks)
        return Disc.reopened(state, surface, StateStore(path, surface.folder_fd).keep, sectors)
    except BaseException:
        _close(surface, sectors)
        raise


def _close(*surfaces: Surface | None) -> None:
    for surface in surfaces:
        if surface is not None:
            surface.close()


def _sectors(path: Path, state: DiscState, *, read_only: bool) -> FileSurface | MemorySurface:
    """The file beside the surface for whole sectors; only a CD that is written to has one."""
    sectors = path / "sectors"
    is_cd = medium_named(state.medium).recording is Recording.CD
    if not is_cd or (not sectors.exists() and (read_only or sectors_end(state))):
        return MemorySurface(SECTOR_BYTES)
    return FileSurface(sectors, read_only=read_only, block_bytes=SECTOR_BYTES)


def _check_state(path: Path, state: DiscState) -> DiscState:
    """Nothing is done with a state that can't be true: whatever came of it would be worse."""
    for text in contradictions(state):
        raise FolderError(
            f"{path}: its state contradicts itself: {text}",
            f"see whether it can be mended: burnlab disc check {path}; else copy it from where it came",
        )
    return state


def _check(path: Path, state: DiscState, surface: FileSurface, sectors: FileSurface | MemorySurface) -> None:
    """What is recorded for good must be there; what is being written is found out later."""
    closed = replace(state, tracks=tuple(t for t in state.tracks if t.state is TrackState.CLOSED))
    for name, file, unit, end in (
        ("surface", surface, "block", surface_end(closed)),
        ("sectors", sectors, "sector", sectors_end(closed)),
    ):
        if file.whole_blocks < end:
            raise FolderError(
                f"{path}: the {name} ends at {unit} {file.whole_blocks}, but {end} are recorded",
                f"copy the whole folder again, or see what is left: burnlab disc check {path}",
            )


@contextmanager
def looked_at(path: Path) -> Iterator[Disc]:
    """A disc to be read while a recorder may be burning it. Raises FolderError.

    So it does at the end if what was closed is not there any more, or if blocks that can be overwritten were
    written meanwhile: then what was read is a mixture.
    """
    while (age := time.time_ns() - _written_ns(path)) in range(TICK_NS):
        time.sleep((TICK_NS - age) / 1e9)
    disc = open_disc(path, read_only=True)
    before = _written_ns(path)
    closed = replace(disc.state, tracks=disc.state.tracks[: _closed_tracks(disc.state)])
    disc.surface = _Watched(disc.surface, surface_end(closed))
    disc.sectors = _Watched(disc.sectors, sectors_end(closed))
    try:
        yield disc
        now = look_at_state(path)
        if disc.state.overwritable:
            same = now == disc.state and _written_ns(path) == before
        else:
            same = now.tracks[: len(closed.tracks)] == closed.tracks and not now.overwritable
        if not same:
            raise ShrunkError
    except ShrunkError:
        changed = f"{path} was written while it was read"
        raise FolderError(changed, "try again when the burn is over") from None
    except StateError as error:
        raise _unreadable(path, error) from error
    finally:
        disc.surface.close()
        disc.sectors.close()


def _closed_tracks(state: DiscState) -> int:
    return sum(t.session <= state.closed_sessions for t in state.tracks)


class ShrunkError(Exception):
    """What is being read was erased meanwhile."""


class _Watched(MemorySurface):
    """A surface to read from as long as it isn't cut off: then a recorder is erasing it."""

    def __init__(self, surface: Surface, least_blocks: int) -> None:
        super().__init__()
        self._surface = surface
        self._least_blocks = least_blocks

    def read(self, lba: int, count: int) -> bytes:
        """As the surface does; ShrunkError if it isn't what it was."""
        data = self._surface.read(lba, count)
        if self._surface.blocks < self._least_blocks:
            raise ShrunkError
        return data

    def close(self) -> None:
        """Let go of the surface."""
        self._surface.close()


def _written_ns(path: Path) -> int:
    try:
        return (path / "surface").stat().st_mtime_ns
    except OSError:
        return 0


@contextmanager
def _new_folder(path: Path) -> Iterator[Path]:
    """A folder beside `path` that becomes `path` if all goes well, and goes away if not."""
    if path.exists():
        raise FolderError(f"{path} exists already", "choose another name, or remove it first")
    staging = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        staging.mkdir(parents=False)
        yield staging
        staging.rename(path)
    except OSError as error:
        raise FolderError(
            f"{path}: {error.strerror}", "see to the folder above it, its permissions and the free space"
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _copy_sparse(source_fd: int, target: Path) -> int:
    """Copy to a new file, leaving holes for zeros; returns blocks, the last one padded."""
    size = 0
    with target.open("xb") as copy:
        while data := os.pread(source_fd, COPY_BYTES, size):
            size += len(data)
            if data.count(0) == len(data):
                copy.seek(len(data), os.SEEK_CUR)
            else:
                copy.write(data)
        blocks = -(-size // BLOCK_BYTES)
        copy.truncate(blocks * BLOCK_BYTES)
    return blocks
