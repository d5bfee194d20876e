"""Files and requests that somebody has changed: disc folders, files of faults, plans, what the panel is
asked.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache
from importlib import resources
from pathlib import Path
from random import Random
from typing import Any

from burnlab.disc import Disc, DiscError
from burnlab.disc.cd_export import export_bin_cue
from burnlab.disc.errors import SurfaceFailure
from burnlab.disc.folder import FolderError, create, export_image, looked_at, open_disc
from burnlab.disc.mending import check, repair
from burnlab.lab.control import PanelServer
from burnlab.lab.loading import PlanError, parse_plan, shipped_plans
from burnlab.lab.serving import HandledRecorder, disc_report
from burnlab.recorder import MODELS, FaultError, FaultPlan
from burnlab.recorder.fault_kinds import KINDS
from burnlab.recorder.faults import KEYS
from fuzz import cdbs
from fuzz.discs import folder
from fuzz.engine import Target
from support.disc_lives import LIVES, Life

STAGES = tuple(sorted(LIVES))
SIZES_LIMIT = 8 << 20
"""Files longer than this aren't made, nor exported: that would only take time."""

# Disc folders.


@cache
def lived(name: str, steps: int) -> tuple[dict[str, bytes], str]:
    """The files of a disc in that stage of its life, and its state as JSON."""
    place = folder()
    kind, whole = LIVES[name]
    path = place / "a.disc"
    try:
        create(path, kind)
        disc = open_disc(path)
        Life(disc).live(whole[:steps])
        disc.close()
        files = {each.name: each.read_bytes() for each in path.iterdir() if each.stat().st_size < SIZES_LIMIT}
        return files, disc.state.to_json()
    finally:
        shutil.rmtree(place)


def make_folder(chances: Random) -> Any:
    """A stage of a disc, and what is changed: bytes of files, lengths, values in the state, whole files."""
    name = chances.choice(STAGES)
    steps = chances.randint(0, len(LIVES[name][1]))
    edits = []
    for _ in range(chances.randint(1, 3)):
        kind = chances.choice(("state", "state", "state", "bytes", "length", "file", "journal"))
        file = chances.choice(("surface", "sectors", "state.sqlite", "state.sqlite-journal", "in-use"))
        if kind == "state":
            edits.append([kind, [chances.randrange(1000) for _ in range(4)], chances.choice(ODD)])
        elif kind == "bytes":
            edits.append(
                [kind, chances.randrange(12288), chances.choice((b"\0", b"\xff", chances.randbytes(4)))]
            )
        elif kind == "length":
            edits.append([kind, file, chances.choice((-5000, -2048, -100, -1, 1, 2048, 2352, 100000))])
        elif kind == "file":
            edits.append([kind, file, chances.choice(("gone", "directory", "link", "empty", "fifo"))])
        else:
            edits.append([kind, chances.randbytes(chances.choice((0, 1, 512, 600))), 0])
    return [name, steps, edits]


ODD = (
    None, True, False, 0, 1, -1, 2, 16, 300, 4096, 2**31, 2**63, 1e300, "", "open", "closed", "damaged",
    "plain", "cd-r", "dvd-rw", "nosuch", [], {}, [1], {"a":1}, "incremental", "disc-at-once",
)  # fmt: skip


def poked(document: Any, path: list[int], value: Any) -> Any:
    """A document with another value somewhere within."""
    if not isinstance(document, dict | list) or not document or not path:
        return value
    keys = list(document) if isinstance(document, dict) else list(range(len(document)))
    key = keys[path[0] % len(keys)]
    inner = document[key]
    document[key] = poked(inner, path[1:], value) if isinstance(inner, dict | list) and inner else value
    return document


def _edit_state(path: Path, where: list[int], value: Any) -> None:
    with (
        suppress(sqlite3.Error, ValueError, IndexError, TypeError),
        closing(sqlite3.connect(path / "state.sqlite")) as db,
        db,
    ):
        text = db.execute("SELECT document FROM state").fetchone()[0]
        db.execute("UPDATE state SET document = ?", (json.dumps(poked(json.loads(text), where, value)),))


def _edit_bytes(path: Path, at: int, value: bytes) -> None:
    with suppress(OSError), (path / "state.sqlite").open("r+b") as file:
        file.seek(at)
        file.write(value)


def _edit_length(path: Path, name: str, change: int) -> None:
    file = path / name
    if file.is_file():
        with file.open("r+b") as opened:
            opened.truncate(max(0, file.stat().st_size + change))


def _edit_file(path: Path, name: str, how: str) -> None:
    file = path / name
    if file.is_dir() or file.is_symlink():
        return
    file.unlink(missing_ok=True)
    if how == "directory":
        file.mkdir()
    elif how == "link":
        file.symlink_to("nowhere")
    elif how == "empty":
        file.touch()


def _edit_journal(path: Path, data: bytes, _nothing: int) -> None:
    with suppress(OSError):
        (path / "state.sqlite-journal").write_bytes(data)


EDITS: dict[str, Callable[[Path, Any, Any], None]] = {
    "state": _edit_state,
    "bytes": _edit_bytes,
    "length": _edit_length,
    "file": _edit_file,
    "journal": _edit_journal,
}


def check_folder(case: Any) -> None:
    """Looking, checking and mending raise nothing but FolderError; what is called sound opens and works."""
    name, steps, edits = case
    files, _ = lived(name, steps)
    place = folder()
    path = place / "b.disc"
    try:
        path.mkdir()
        for each, data in files.items():
            (path / each).write_bytes(data)
        for kind, first, second in edits:
            EDITS[kind](path, first, second)
        _look(path, place)
        sound = _sound(path)
        if sound:
            _works(path)
            return
        with suppress(FolderError):
            repair(path)
        if _sound(path):
            _works(path)
        else:
            with suppress(FolderError), suppress(DiscError):
                open_disc(path).close()
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _look(path: Path, place: Path) -> None:
    with suppress(FolderError):
        disc = open_disc(path, read_only=True)
        disc_report(disc)
        disc.close()
    with suppress(FolderError, FileExistsError), looked_at(path) as disc:
        if disc.capacity_end * 2048 < SIZES_LIMIT:
            whole = disc.is_cd_recordable
            (export_bin_cue if whole else export_image)(disc, place / ("x.cue" if whole else "x.iso"))


def _sound(path: Path) -> bool:
    try:
        return check(path).is_sound
    except FolderError:
        return False


def _works(path: Path) -> None:
    """A fresh open takes it, and what a drive does to it raises nothing."""
    disc = open_disc(path)
    disc_report(disc)
    with suppress(DiscError):  # such as a folder in the place of the journal: then nothing can be kept
        _use(disc)
        disc.close()


def _use(disc: Disc) -> None:
    disc.synchronize()
    for track in disc.state.tracks:
        with suppress(DiscError):
            disc.read(track.start, min(track.blocks, 4))
        with suppress(DiscError):
            disc.close_track(track.number)
    with suppress(DiscError):
        disc.close_session(appendable=True)
    with suppress(DiscError):
        disc.blank(full=True)
    with suppress(SurfaceFailure):
        disc.keep()


# Texts.

TOML_WORDS = (
    "[[fault]]", "[[fault]]\n", "kind = ", "=", "\n", '"', "[", "]", "{", "}", "'''", "#", "\0", "é", "-1",
    "0", "1e400", "nan", "inf", "true", "2**31", "99999999999999999999", "1979-05-27", '"always"',
    '"0..40"', '"40..0"', "[1, 2]", '["WRITE", "2Ah"]', '"3/0C/00"', '"0/00/00"', "{a = 1}", '""', "[[]]",
    "0.5", "1_0",
)  # fmt: skip


def changed_text(text: str, chances: Random) -> str:
    """A text with pieces cut out, doubled and put in."""
    for _ in range(chances.randint(1, 4)):
        at = chances.randrange(len(text) + 1)
        end = min(len(text), at + chances.choice((0, 0, 1, 5, 30)))
        new = chances.choice((chances.choice(TOML_WORDS), text[at:end] * 2, chr(chances.randrange(1, 0x2FF))))
        text = text[:at] + new + text[end:]
    return text


def make_faults(chances: Random) -> Any:
    """A file of faults, and what a recorder with them is asked."""
    rows = []
    for _ in range(chances.randint(1, 3)):
        rows.append(f'[[fault]]\nkind = "{chances.choice(sorted(KINDS))}"')
        for key in chances.sample(sorted(set(KEYS) - {"kind"}), chances.choice((0, 1, 1, 2, 3))):
            rows.append(f"{key} = {chances.choice(USUAL[key] if chances.random() < 0.8 else TOML_WORDS)}")
    text = "\n".join(rows) + "\n"
    text = changed_text(text, chances) if chances.random() < 0.4 else text
    return [text, cdbs.make(chances)]


USUAL: dict[str, tuple[str, ...]] = {
    "name": ('"a"', '"b"'),
    "command": ('"WRITE"', '["READ (10)", "2A"]', '"TEST UNIT READY"'),
    "lba": ("0", '"0..40"', '"-150..9"'),
    "nth": ("1", "3"),
    "after_blocks": ("0", "20"),
    "times": ('"always"', '"once"', "2"),
    "probability": ("0.5", "1"),
    "seed": ("7",),
    "seconds": ("3", "0.5", "9e8"),
    "sense": ('"3/0C/00"', '"2/04/08"', '"4/44/00"'),
    "carried_out": ("true", "false"),
    "buffer_blocks": ("0", "16", "99999999999"),
}


def check_faults(case: Any) -> None:
    """A file of faults is taken, or refused by FaultError; a recorder with it answers as any other."""
    text, asked = case
    try:
        plan = FaultPlan.from_toml(text, "fuzz.toml")
    except FaultError as error:
        assert str(error)
        return
    tables = [fault.as_table() for fault in plan.faults]
    assert FaultPlan.from_tables(tables, "again") == plan
    json.dumps(tables)
    cdbs.check([*asked[:2], [["fault", table] for table in tables] + asked[2]])


@cache
def plans() -> list[str]:
    """The texts of the plans that come with burnlab."""
    place = resources.files("burnlab.lab").joinpath("plans")
    return [place.joinpath(f"{name}.toml").read_text(encoding="utf-8") for name in shipped_plans()]


def make_plan(chances: Random) -> Any:
    """A plan that was changed."""
    return changed_text(chances.choice(plans()), chances)


def check_plan(case: Any) -> None:
    """A plan is taken, or refused by PlanError with a sentence."""
    try:
        parse_plan(case, "fuzz.toml")
    except PlanError as error:
        assert str(error)


def make_request(chances: Random) -> Any:
    """Lines for the panel: requests, changed ones, and no JSON at all."""
    said = []
    for _ in range(chances.randint(1, 6)):
        request = {
            "do": chances.choice(
                ("load", "eject", "close-tray", "status", "add-faults", "list-faults", "clear-faults", 7)
            ),
            chances.choice(("path", "force", "names", "faults")): chances.choice(
                (*ODD, "a.disc", "b.disc", "\0", ["x"])
            ),
            "faults": [
                {
                    "kind": chances.choice((*sorted(KINDS), 3)),
                    chances.choice(sorted(KEYS)): chances.choice(ODD),
                }
            ],
        }
        line = json.dumps(request)
        if chances.random() < 0.2:
            line = changed_text(line, chances)
        raw = line.encode("utf-8", "surrogatepass")
        said.append(
            chances.choice((raw, raw, raw, raw + b"\n", chances.randbytes(30), b"[" * 5000, b"9" * 5000))
        )
    return said


def check_request(case: Any) -> None:
    """The panel answers each line by an object that JSON can hold."""
    place = folder()
    try:
        create(place / "a.disc", "dvd-rw")
        recorder = HandledRecorder(MODELS["generic"], now=lambda: 1000.0)
        panel = object.__new__(PanelServer)
        panel._recorder = recorder  # type: ignore[assignment]
        for line in case:
            answer = panel._answer(line.replace(b'"a.disc"', json.dumps(str(place / "a.disc")).encode()))
            assert isinstance(json.loads(json.dumps(answer)), dict)
        recorder.close()
    finally:
        shutil.rmtree(place, ignore_errors=True)


TARGETS = (
    Target(
        "folders",
        "disc folders that were changed: info, export, check, repair, and use",
        make_folder,
        check_folder,
    ),
    Target("faults", "files of faults, and recorders with them", make_faults, check_faults),
    Target("plans", "plans that were changed", make_plan, check_plan),
    Target("panel", "requests to the control socket", make_request, check_request),
)
