"""A disc as a folder: `surface`, one sparse file of blocks, and `state.sqlite`, all else.

A CD has `sectors` beside them, a sparse file of 2352 bytes for each: what doesn't fit into blocks.

The state is kept by SQLite, so it is whole after `kill -9` at any instant. The surface grows with what is
written: its length tells how far an interrupted burn had come. Whoever may write holds a lock on the
surface; the lock goes with the process.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from burnlab.disc import cd
from burnlab.disc.cd_sector import SECTOR_BYTES
from burnlab.disc.disc import Disc, pressed_state, state_as_sold
from burnlab.disc.errors import SurfaceFailure
from burnlab.disc.media import Medium, Recording, medium_named
from burnlab.disc.model import DiscState
from burnlab.disc.sequential import after_interruption
from burnlab.disc.surface import BLOCK_BYTES, FileSurface, MemorySurface, Surface

FORMAT = 1
"""Version of the folder's layout."""

COPY_BYTES = 1 << 20


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
        _write_state(folder, state_as_sold(type_name, product, capacity_blocks))


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
        _write_state(folder, pressed_state(medium, blocks, product))
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


def open_disc(path: Path, *, read_only: bool = False) -> Disc:
    """Open a disc folder; FolderError says what is wrong with it.

    For writing, the folder is locked, and what an interrupted burn left behind is found out.
    """
    surface_path, state_path = path / "surface", path / "state.sqlite"
    if not path.is_dir() or not state_path.is_file() or not surface_path.is_file():
        raise FolderError(
            f"{path} is not a disc folder",
            "it needs the files 'surface' and 'state.sqlite'; make one: burnlab disc create PATH --type TYPE",
        )
    try:
        surface = FileSurface(surface_path, read_only=read_only)
    except OSError as error:
        raise FolderError(
            f"{surface_path}: {os.strerror(error.errno or 0)}", "see to the permissions of the disc folder"
        ) from error
    try:
        if not read_only:
            _lock(surface, path)
        state = _read_state(path)
        _check(path, state, surface)
        sectors = _sectors(path, state, read_only=read_only)
        if read_only:
            return Disc(state, surface, sectors=sectors)
        store = _StateStore(state_path)
        if not (state.tracks or state.overwritable or state.cd.is_writing):
            surface.resize(0)
            sectors.resize(0)
        found_out = _INTERRUPTED.get(medium_named(state.medium).recording, after_interruption)
        recovered = found_out(state, max(surface.blocks, sectors.blocks))
        disc = Disc(recovered, surface, store.keep, sectors)
        if recovered != state:
            disc.keep()
        disc.end_background_format(done=False)
        return disc
    except BaseException:
        surface.close()
        raise


_INTERRUPTED = {Recording.CD: cd.after_interruption}
"""How a recording finds out what an interrupted burn has left, where that is not the usual way."""


def _sectors(path: Path, state: DiscState, *, read_only: bool) -> Surface:
    """The file beside the surface for whole sectors; only a CD that is written to has one."""
    sectors = path / "sectors"
    is_cd = medium_named(state.medium).recording is Recording.CD
    if not is_cd or (read_only and not sectors.exists()):
        return MemorySurface(SECTOR_BYTES)
    return FileSurface(sectors, read_only=read_only, block_bytes=SECTOR_BYTES)


def _lock(surface: FileSurface, path: Path) -> None:
    try:
        fcntl.flock(surface._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise FolderError(
            f"{path} is in use by another recorder", "eject it there, or work on a copy of the folder"
        ) from error


def _check(path: Path, state: DiscState, surface: FileSurface) -> None:
    closed = [t.end for t in state.tracks if t.session <= state.closed_sessions]
    if closed and surface.blocks < closed[-1]:
        raise FolderError(
            f"{path}: the surface ends at block {surface.blocks}, but {closed[-1]} are recorded",
            "the copy is incomplete: copy the whole folder again",
        )


class _StateStore:
    """Keeps the state in SQLite, one row, each time as one transaction."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self, state: DiscState) -> None:
        """Store `state` durably; SurfaceFailure if that fails."""
        try:
            with closing(sqlite3.connect(self._path, timeout=30)) as database, database:
                database.execute(
                    "INSERT OR REPLACE INTO state (id, document) VALUES (1, ?)", (state.to_json(),)
                )
        except sqlite3.Error as error:
            raise SurfaceFailure(f"{self._path}: {error}") from error


def _write_state(folder: Path, state: DiscState) -> None:
    with closing(sqlite3.connect(folder / "state.sqlite")) as database, database:
        database.execute(f"PRAGMA user_version = {FORMAT}")
        database.execute("CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL)")
        database.execute("INSERT INTO state VALUES (1, ?)", (state.to_json(),))


def _read_state(path: Path) -> DiscState:
    hint = (
        "this folder was not made by burnlab, or is damaged: use a copy that was made while it was not in use"
    )
    try:
        with closing(sqlite3.connect(path / "state.sqlite", timeout=30)) as database:
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version > FORMAT:
                raise FolderError(
                    f"{path} has layout {version}, this burnlab knows {FORMAT}", "use a newer burnlab for it"
                )
            (document,) = database.execute("SELECT document FROM state WHERE id = 1").fetchone()
        state = DiscState.from_json(document)
        medium_named(state.medium)
    except (sqlite3.Error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FolderError(f"{path}: no disc state can be read ({error})", hint) from error
    return state


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
