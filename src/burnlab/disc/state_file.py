"""`state.sqlite`: the state of a disc as one JSON document, replaced by one transaction each time.

SQLite keeps it whole after `kill -9` at any instant. Whoever only looks takes a copy of the file: looking
changes nothing, needs no permission to write, and holds up nobody.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from burnlab.disc.errors import SurfaceFailure
from burnlab.disc.media import medium_named
from burnlab.disc.model import DiscState

FORMAT = 1
"""Version of the folder's layout."""
STATE = "state.sqlite"
JOURNAL = STATE + "-journal"
MOST_BYTES = 64 << 20
"""No state is nearly as large: a file that is isn't one, and isn't read into memory."""
LOOKS = 20
"""How often a file is looked at that changes while it is read."""
LOCK_SECONDS = 30

INSERT = "INSERT OR REPLACE INTO state (id, document) VALUES (1, ?)"


class StateError(Exception):
    """There is no state that can be read; `newer` if a newer burnlab can."""

    def __init__(self, message: str, *, newer: bool = False) -> None:
        super().__init__(message)
        self.newer = newer


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state's file and its rollback journal at one instant, as bytes; None where there is none."""

    database: bytes
    journal: bytes | None = None


class StateStore:
    """Keeps the state of the disc in a folder, each time as one transaction.

    `folder_fd` is the folder that was opened: a state must not go to another one that has taken its name.
    """

    def __init__(self, folder: Path, folder_fd: int) -> None:
        self._folder = folder
        self._folder_fd = folder_fd

    def keep(self, state: DiscState) -> None:
        """Store `state` durably; SurfaceFailure if that fails."""
        try:
            moved = not os.path.samestat(self._folder.stat(), os.fstat(self._folder_fd))
        except OSError:
            moved = True
        if moved:
            raise SurfaceFailure(f"{self._folder}: the folder was moved or removed while it was in use")
        path = self._folder / STATE
        try:
            with closing(sqlite3.connect(path, timeout=LOCK_SECONDS)) as database, database:
                database.execute(INSERT, (state.to_json(),))
        except sqlite3.Error as error:
            raise SurfaceFailure(f"{path}: {error}") from error


def write_state(folder: Path, state: DiscState, name: str = STATE) -> None:
    """Make the file of a new disc."""
    with closing(sqlite3.connect(folder / name)) as database, database:
        database.execute(f"PRAGMA user_version = {FORMAT}")
        database.execute("CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), document TEXT NOT NULL)")
        database.execute("INSERT INTO state VALUES (1, ?)", (state.to_json(),))


def read_state(folder: Path) -> DiscState:
    """The state, by whoever may write: a transaction that was cut off is undone first. Raises StateError."""
    try:
        with closing(sqlite3.connect(folder / STATE, timeout=LOCK_SECONDS)) as database:
            return _state_in(database)
    except sqlite3.Error as error:
        raise StateError(str(error)) from error


def look_at_state(folder: Path) -> DiscState:
    """The state, without a change to the folder. Raises StateError, OSError."""
    return state_of(take_snapshot(folder))


def take_snapshot(folder: Path) -> Snapshot:
    """The state's files as they are at one instant, even while a recorder writes them. Raises OSError."""
    found = _read(folder)
    for _ in range(LOOKS):
        again = _read(folder)
        if again == found:
            break
        found = again
    return found


def _read(folder: Path) -> Snapshot:
    journal = None
    with suppress(FileNotFoundError):
        journal = _bytes_of(folder / JOURNAL)
    return Snapshot(_bytes_of(folder / STATE), journal or None)


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES)


def state_of(snapshot: Snapshot) -> DiscState:
    """The state in a snapshot, without what a transaction has only begun to write. Raises StateError."""
    try:
        with _opened(snapshot) as database:
            return _state_in(database)
    except (sqlite3.Error, OverflowError) as error:
        raise StateError(str(error)) from error


def damage_of(snapshot: Snapshot) -> str:
    """What SQLite finds wrong with a file whose state it can read; nothing if all is well."""
    try:
        with _opened(snapshot) as database:
            (found,) = database.execute("PRAGMA integrity_check(1)").fetchone()
    except (sqlite3.Error, OverflowError) as error:
        return str(error)
    return "" if found == "ok" else str(found).replace("\n", ": ")


@contextmanager
def _opened(snapshot: Snapshot) -> Iterator[sqlite3.Connection]:
    if snapshot.journal is None:
        if not snapshot.database:
            raise sqlite3.DatabaseError("file is empty")
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(snapshot.database)
            yield database
            return
    with tempfile.TemporaryDirectory(prefix="burnlab-state-") as folder:
        (Path(folder) / STATE).write_bytes(snapshot.database)
        (Path(folder) / JOURNAL).write_bytes(snapshot.journal)
        with closing(sqlite3.connect(Path(folder) / STATE)) as database:
            yield database


def _state_in(database: sqlite3.Connection) -> DiscState:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > FORMAT:
        raise StateError(f"has layout {version}, this burnlab knows {FORMAT}", newer=True)
    row = database.execute("SELECT document FROM state WHERE id = 1").fetchone()
    if row is None:
        raise StateError("the table has no row")
    return parse_state(row[0])


def parse_state(document: object) -> DiscState:
    """The state that a document tells. Raises StateError."""
    try:
        state = DiscState.from_json(document)  # type: ignore[arg-type]
        medium_named(state.medium)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateError(str(error)) from error
    return state
