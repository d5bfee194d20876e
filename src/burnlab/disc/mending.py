"""Looking whether a disc folder is sound, and mending one, never what was recorded."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from burnlab.disc import salvage
from burnlab.disc.errors import SurfaceFailure
from burnlab.disc.folder import COPY_BYTES, FolderError
from burnlab.disc.holding import NOTE, SURFACE, HeldSurface, InUse, is_held, read_note
from burnlab.disc.model import DiscState
from burnlab.disc.soundness import Facts, Plan, Report, examine
from burnlab.disc.state_file import (
    JOURNAL,
    LOOKS,
    STATE,
    Snapshot,
    StateError,
    damage_of,
    parse_state,
    read_state,
    state_of,
    take_snapshot,
    write_state,
)
from burnlab.disc.surface import BLOCK_BYTES

SECTORS = "sectors"
KEPT = "before-repair-"
"""Folders in a disc's folder that hold what a repair has changed."""
OWN = frozenset({SURFACE, SECTORS, STATE, JOURNAL, NOTE})


def check(path: Path) -> Report:
    """Look at a disc folder. Nothing is changed; a recorder may be at work. FolderError: it is none."""
    if not path.is_dir() or not any((path / name).exists() for name in (SURFACE, STATE)):
        raise FolderError(f"{path} is not a disc folder", "name a folder with the files of a disc")
    try:
        return examine(_facts(path))
    except OSError as error:
        raise _no_access(path, error) from error


def repair(path: Path) -> tuple[Report, Path | None]:
    """Mend what can be mended: what was found, and the folder with copies of what was changed, if any was.

    FolderError if it is in use, or can't be written.
    """
    report = check(path)
    if not report.plan:
        return report, None
    try:
        surface = HeldSurface(path, "burnlab disc repair")  # makes the file if there is none
    except InUse as error:
        raise FolderError(f"{path} is in use: {error}", "repair it when that has ended") from error
    except OSError as error:
        raise _no_access(path, error) from error
    try:
        if not report.plan.create:
            # Before it was held, somebody may have changed it.
            report = examine(_facts(path, held_here=True))
        return report, _carry_out(path, report, surface)
    except (OSError, SurfaceFailure) as error:
        raise _no_access(path, error) from error
    finally:
        surface.close()


def _no_access(path: Path, error: Exception) -> FolderError:
    reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else str(error)
    name = getattr(error, "filename", None) or path
    return FolderError(f"{name}: {reason}", "see to the permissions of the disc folder and the free space")


# Facts.


def _facts(path: Path, *, held_here: bool = False) -> Facts:
    found = _facts_now(path, held_here)
    for _ in range(LOOKS):
        again = _facts_now(path, held_here)
        if again == found:
            break
        found = again
    return found


def _facts_now(path: Path, held_here: bool) -> Facts:
    holder = "" if held_here or not is_held(path) else str(read_note(path) or "a process that left no note")
    snapshot = _snapshot(path)
    names = (each.name for each in path.iterdir())
    facts = Facts(
        surface=_size(path / SURFACE),
        sectors=_size(path / SECTORS),
        has_state=snapshot is not None,
        journal=snapshot is not None and snapshot.journal is not None,
        others=tuple(sorted(n for n in names if n not in OWN and not n.startswith(KEPT))),
        holder=holder,
    )
    if snapshot is None:
        return facts
    try:
        state = state_of(snapshot)
    except StateError as error:
        salvaged = None if error.newer else _salvaged(snapshot)
        return replace(facts, state_error=str(error), newer=error.newer, salvaged=salvaged)
    damage = damage_of(snapshot)
    if damage:
        return replace(facts, state_error=damage, salvaged=state)
    return replace(facts, state=state, unversioned=_version(snapshot) == 0)


def _snapshot(path: Path) -> Snapshot | None:
    if not (path / STATE).is_file():
        return None
    return take_snapshot(path)


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _version(snapshot: Snapshot) -> int:
    """PRAGMA user_version.    Source: sqlite.org/fileformat2.html, 1.3.14."""
    return int.from_bytes(snapshot.database[60:64], "big")


def _salvaged(snapshot: Snapshot) -> DiscState | None:
    for document in salvage.documents(snapshot.database):
        with suppress(StateError):
            return parse_state(document)
    return None


# Mending.


def _carry_out(path: Path, report: Report, surface: HeldSurface) -> Path | None:
    plan = report.plan
    if not (plan.cut or plan.state):
        return None
    kept = _keep_folder(path)
    findings = [asdict(finding) for finding in report.findings]
    (kept / "findings.json").write_text(json.dumps(findings, indent=2) + "\n", encoding="utf-8")
    _keep_copies(path, kept, plan)
    for name, end in plan.cut:
        if name == SURFACE:
            surface.resize(end // BLOCK_BYTES)
        else:
            os.truncate(path / name, end)
    if plan.state is not None:
        _replace_state(path, plan)
    return kept


def _keep_folder(path: Path) -> Path:
    number = 1
    while (path / f"{KEPT}{number}").exists():
        number += 1
    kept = path / f"{KEPT}{number}"
    kept.mkdir()
    return kept


def _keep_copies(path: Path, kept: Path, plan: Plan) -> None:
    for name in (STATE, JOURNAL) if plan.state is not None else ():
        with suppress(FileNotFoundError):
            shutil.copy2(path / name, kept / name)
    for name, end in plan.cut:
        _copy_tail(path / name, kept / f"{name}-from-byte-{end}", end)
    for each in kept.iterdir():
        _sync(each)
    _sync(kept)


def _copy_tail(source: Path, target: Path, start: int) -> None:
    with source.open("rb") as data, target.open("xb") as copy:
        data.seek(start)
        while piece := data.read(COPY_BYTES):
            if piece.count(0) == len(piece):
                copy.seek(len(piece), os.SEEK_CUR)
            else:
                copy.write(piece)
        copy.truncate(copy.tell())


def _replace_state(path: Path, plan: Plan) -> None:
    """Put a new file in the place of the old one, whose transaction is ended or worthless."""
    assert plan.state is not None
    with suppress(StateError):
        read_state(path)
    new = path / f"{STATE}.new"
    new.unlink(missing_ok=True)
    write_state(path, plan.state, new.name)
    (path / JOURNAL).unlink(missing_ok=True)
    new.replace(path / STATE)
    _sync(path)


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
