"""Commands that only set something for later commands: a table of setters, name → how the value is read and
kept.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from burnlab.xorriso.commands.control import leading_number, refuse
from burnlab.xorriso.severity import Severity, find_severity

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

UNITS: Final = {"d": 512, "s": 2048, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
SPEED_UNITS: Final = {"k": 1.0, "m": 1000.0, "c": 176.4, "d": 1385.0, "b": 4495.625}
LEAST_BUFFER, MOST_BUFFER = 64 * 1024, 1024**3
SYNC_WORDS: Final = {"on": 16 * 1024**2, "end": 0, "off": -1}
"""Of `-stdio_sync`: what a `WriteRequest` says for them."""
FOLLOW_MODES: Final = ("on", "off", "link", "param", "concat", "mount", "pattern", "default")
FOLLOW_ON: Final = ("link", "concat", "mount")
FOLLOW_DEFAULT: Final = ("pattern", "mount")
FOLLOW_ORDER: Final = ("link", "pattern", "param", "concat", "mount")
MD5_MODES: Final = {
    "load_check_on": ("md5_load_check", True),
    "load_check_off": ("md5_load_check", False),
    "stability_check_on": ("md5_stability_check", True),
    "stability_check_off": ("md5_stability_check", False),
}


def size_of(text: str) -> int:
    """A size in bytes: a number with k, m, g, t, s (2048) or d (512) behind it; 0 if there is none."""
    number = leading_number(text)
    unit = text.strip()[-1:].lower()
    return int(number * UNITS.get(unit, 1))


# Kinds of setters.


def _choose(
    field: str, choices: tuple[str, ...], severity: Severity, program: Program, words: list[str]
) -> None:
    """One of some words."""
    if words[0] not in choices:
        _refuse_mode(program, words[0], severity)
    setattr(program.settings, field, words[0])


def _switch(field: str, program: Program, words: list[str]) -> None:
    """`on` or `off`."""
    if words[0] not in ("on", "off"):
        _refuse_mode(program, words[0], Severity.FAILURE)
    setattr(program.settings, field, words[0] == "on")


def _note(choices: tuple[str, ...], severity: Severity, program: Program, words: list[str]) -> None:
    """Something that has no effect here: it is checked, kept for `-status`, and that's all."""
    if choices and words[0] not in choices:
        _refuse_mode(program, words[0], severity)
    program.settings.texts[_name(program)] = " ".join(words)


def _buffer(program: Program, words: list[str]) -> None:
    """A size of memory within bounds."""
    size = size_of(words[0])
    name = _name(program)
    if not LEAST_BUFFER <= size <= MOST_BUFFER:
        bounds = f"(allowed: {LEAST_BUFFER} - {MOST_BUFFER})"
        refuse(program, f"-{name}: wrong size {size} {bounds}", Severity.SORRY)
    if name == "fs":
        program.settings.fifo_size = size
    else:
        program.settings.texts[name] = words[0]


def _stdio_sync(program: Program, words: list[str]) -> None:
    """`-stdio_sync`: after how many bytes a file is brought to the disk, or a word for that."""
    size = SYNC_WORDS.get(words[0])
    if size is None:
        size = size_of(words[0])
        if not LEAST_BUFFER <= size <= MOST_BUFFER:
            text = '-stdio_sync : Bad size. Use: 64k to 1g, "on", "off", "end"'
            refuse(program, text, Severity.SORRY)
    program.settings.sync_bytes = size


def _name(program: Program) -> str:
    return program.command.name if program.command is not None else ""


def _refuse_mode(program: Program, mode: str, severity: Severity) -> None:
    refuse(program, f"-{_name(program)}: unknown mode '{mode}'", severity)


# Setters of their own kind.


def _any_but_off(program: Program, words: list[str]) -> None:
    """`-dummy`: whatever isn't `off` is `on`."""
    program.settings.dummy = words[0] != "off"


def _close(program: Program, words: list[str]) -> None:
    """`-close`: whatever isn't `off` or `as_needed` is `on`."""
    program.settings.close = words[0] if words[0] in ("off", "as_needed") else "on"


def _md5(program: Program, words: list[str]) -> None:
    """`-md5`: a list of modes."""
    settings = program.settings
    text = settings.texts.get("md5", "off").split(":")[0]
    for mode in words[0].split(":"):
        if mode in MD5_MODES:
            field, value = MD5_MODES[mode]
            setattr(settings, field, value)
        elif mode in ("on", "all", "off"):
            settings.md5, text = mode != "off", mode
            settings.md5_stability_check = mode == "all"
        else:
            _refuse_mode(program, mode, Severity.FAILURE)
    if settings.md5_stability_check and text == "on":
        text += ":stability_check_on"
    if settings.md5 and not settings.md5_load_check:
        text += ":load_check_off"
    settings.texts["md5"] = text


def _hardlinks(program: Program, words: list[str]) -> None:
    """`-hardlinks`: a list of modes."""
    settings = program.settings
    state = settings.texts.get("hardlinks", "off:no_lsl_count:normal_extract").split(":")
    for mode in words[0].split(":"):
        if mode in ("on", "off"):
            state[0] = mode
        elif mode in ("lsl_count", "no_lsl_count"):
            state[1] = mode
        elif mode in ("normal_extract", "cheap_sorted_extract", "discard_extract"):
            state[2] = mode
        elif mode not in ("perform_update", "without_update"):
            refuse(program, f"-hardlinks: unknown mode '{mode}' in '{words[0]}'")
    settings.hardlinks = state[0] == "on"
    _number_loaded(program)
    settings.texts["hardlinks"] = ":".join(state)


def _number_loaded(program: Program) -> None:
    """Let files that were loaded when hard links didn't matter have no other names."""
    from burnlab.iso9660.inodes import renew_inodes

    loaded, root = program.volume.loaded, program.volume.root
    if program.settings.hardlinks and loaded is not None and root is not None and loaded.last_inode is None:
        loaded.last_inode = renew_inodes(root)


def _xattr(program: Program, words: list[str]) -> None:
    """`-xattr`: `on` is `user`."""
    mode = {"on": "user"}.get(words[0], words[0])
    if mode not in ("user", "any", "off"):
        _refuse_mode(program, mode, Severity.FAILURE)
    program.settings.xattr = mode
    program.volume.note_scanning(program.settings)


def _acl(program: Program, words: list[str]) -> None:
    """`-acl`: `on` or `off`."""
    _switch("acl", program, words)
    program.volume.note_scanning(program.settings)


def _for_backup(program: Program, words: list[str]) -> None:
    """`-for_backup`: all that keeps a backup faithful."""
    program.settings.acl = True
    _hardlinks(program, ["on"])
    _xattr(program, ["any"])
    _md5(program, ["on"])


def _follow(program: Program, words: list[str]) -> None:
    """`-follow`: a list of occasions, and a limit for chains of links."""
    chosen: set[str] = set()
    limit = 100
    for mode in words[0].split(":"):
        if mode.startswith("limit="):
            limit = int(leading_number(mode.removeprefix("limit=")))
        elif mode not in FOLLOW_MODES:
            _refuse_mode(program, mode, Severity.FAILURE)
        elif mode == "off":
            chosen.clear()
        else:
            chosen.update({"on": FOLLOW_ON, "default": FOLLOW_DEFAULT}.get(mode, (mode,)))
    kept: list[str] = [mode for mode in FOLLOW_ORDER if mode in chosen] or ["off"]
    program.settings.follow = ":".join([*kept, f"limit={limit}"])


def _padding(program: Program, words: list[str]) -> None:
    """`-padding`: a size, or where it counts."""
    word = words[0]
    if word in ("included", "appended"):
        program.settings.padding_included = word == "included"
    elif not word[:1].isdigit():
        refuse(program, f"-padding: unrecognized non-numerical mode '{word}'", Severity.SORRY)
    else:
        program.settings.padding = size_of(word)


def speed_of(program: Program, text: str) -> int | None:
    """A speed in kB/s: 0 the fastest, -1 the slowest, None if it is no speed."""
    word = text.strip().lower()
    if word in ("", "any", "max"):
        return 0
    if word == "min" or word.startswith("-"):
        return -1
    if not word[:1].isdigit():
        return None
    digits = len(word) - len(word.lstrip("0123456789."))
    unit = word[digits:].replace("x", "", 1)[:1]
    if not unit:
        view = program.volume.out_view
        unit = view.medium.speed_unit[0].lower() if view is not None else "d"
        if word[digits:] == "" and leading_number(word) == 0:
            return 0
    return int(leading_number(word) * SPEED_UNITS.get(unit, 1385.0) + 0.5)


def _speed(program: Program, words: list[str]) -> None:
    """`-speed`: of writing."""
    speed = speed_of(program, words[0])
    program.settings.speed = speed or 0
    program.settings.texts["speed"] = "none" if speed is None else ""


def _read_speed(program: Program, words: list[str]) -> None:
    """`-read_speed`: it has no effect on files and emulated drives."""
    from burnlab.xorriso.commands.status import speed_text

    speed = speed_of(program, words[0])
    program.settings.texts["read_speed"] = "none" if speed is None else speed_text(speed)


def _stream_recording(program: Program, words: list[str]) -> None:
    """`-stream_recording`: a word, or the block where it begins."""
    word = words[0]
    if word not in ("on", "off", "full", "data"):
        word = "on" if size_of(word) >= 16 * 2048 else "off"
    program.settings.stream_recording = word


def _write_type(program: Program, words: list[str]) -> None:
    """`-write_type`: session at once has two names."""
    mode = {"sao": "sao/dao", "dao": "sao/dao"}.get(words[0], words[0])
    if mode not in ("auto", "tao", "sao/dao"):
        _refuse_mode(program, mode, Severity.FAILURE)
    program.settings.write_type = mode


def _file_size_limit(program: Program, words: list[str]) -> None:
    """`-file_size_limit`: sizes are added up; `off` is no limit."""
    settings = program.settings
    if words:
        size = 0 if words == ["off"] else sum(map(size_of, words))
        if size <= 0 and words != ["off"]:
            refuse(program, "-file_size_limit: values sum up to 0")
        settings.file_size_limit = size
    limit = settings.file_size_limit
    program.messages.info(f"-file_size_limit now {f'at {limit}' if limit else 'off'}")


def _error_behavior(program: Program, words: list[str]) -> None:
    """`-error_behavior`: an occasion and what to do then."""
    occasion, behavior = words
    choices = {
        "image_loading": ("best_effort", "failure", "fatal"),
        "file_extraction": ("best_effort", "keep", "delete"),
    }
    if occasion not in choices:
        refuse(program, f"-error_behavior: unknown occasion '{occasion}'")
    if behavior not in choices[occasion]:
        refuse(program, f"-error_behavior: with '{occasion}': unknown behavior '{behavior}'")
    program.settings.error_behavior[occasion] = behavior


def _drive_access(program: Program, words: list[str]) -> None:
    """`-drive_access`: exclusive or shared, unrestricted or readonly."""
    state = program.settings.drive_access.split(":")
    for mode in words[0].split(":"):
        if mode in ("exclusive", "shared"):
            state[0] = mode
        elif mode in ("unrestricted", "readonly"):
            state[1] = mode
        else:
            _refuse_mode(program, mode, Severity.FAILURE)
    program.settings.drive_access = ":".join(state)


def _assert_volid(program: Program, words: list[str]) -> None:
    """`-assert_volid`: a pattern and what happens if it doesn't match."""
    pattern, text = words
    severity = find_severity(text)
    if severity is None and pattern:
        refuse(program, f"-assert_volid: Not a known severity name : '{text}'")
    program.settings.assert_volid = (pattern, severity.name if severity is not None and pattern else "")


def _iso_nowtime(program: Program, words: list[str]) -> None:
    """`-iso_nowtime`: pin the time that counts as now, or let it run."""
    from burnlab.xorriso.commands.ids import local_seconds
    from burnlab.xorriso.dates import decode

    text = words[0]
    if text == "dynamic":
        program.settings.now = None
        program.messages.event(Severity.NOTE, '-iso_nowtime: Set to "dynamic"')
        return
    seconds = decode(text, int(program.environment.clock()), local_seconds)
    if seconds is None:
        refuse(program, f"-iso_nowtime: Cannot decode timestring '{text}'", Severity.SORRY)
    program.settings.now = seconds
    program.messages.event(Severity.NOTE, f"-iso_nowtime: Set to ={seconds}")


def _status_history_max(program: Program, words: list[str]) -> None:
    """`-status_history_max`: lines."""
    program.settings.status_history_max = int(leading_number(words[0]))


Setter = Callable[["Program", list[str]], None]
PATTERNS: Final = ("on", "ls", "off")
WHATEVER: Final = ()

HANDLERS: Final[dict[str, Setter]] = {
    "acl": _acl,
    "assert_volid": _assert_volid,
    "calm_drive": partial(_note, WHATEVER, Severity.FAILURE),
    "close": _close,
    "data_cache_size": partial(_note, WHATEVER, Severity.FAILURE),
    "disk_dev_ino": partial(_note, ("on", "ino_only", "off"), Severity.SORRY),
    "disk_pattern": partial(_choose, "disk_pattern", PATTERNS, Severity.FAILURE),
    "drive_access": _drive_access,
    "dummy": _any_but_off,
    "dvd_obs": partial(_note, WHATEVER, Severity.FAILURE),
    "error_behavior": _error_behavior,
    "file_size_limit": _file_size_limit,
    "follow": _follow,
    "for_backup": _for_backup,
    "fs": _buffer,
    "hardlinks": _hardlinks,
    "iso_nowtime": _iso_nowtime,
    "iso_rr_pattern": partial(_choose, "iso_rr_pattern", PATTERNS, Severity.FAILURE),
    "joliet": partial(_switch, "joliet"),
    "md5": _md5,
    "overwrite": partial(_choose, "overwrite", ("on", "nondir", "off"), Severity.FAILURE),
    "padding": _padding,
    "pathspecs": partial(_choose, "pathspecs", ("on", "off", "as_mkisofs"), Severity.FAILURE),
    "read_speed": _read_speed,
    "scsi_dev_family": partial(_note, ("default", "sr", "scd", "sg"), Severity.FAILURE),
    "sh_style_result": partial(_switch, "sh_style_result"),
    "speed": _speed,
    "status_history_max": _status_history_max,
    "stdio_sync": _stdio_sync,
    "stream_recording": _stream_recording,
    "temp_mem_limit": _buffer,
    "use_immed_bit": partial(_note, ("on", "off", "default"), Severity.FAILURE),
    "write_type": _write_type,
    "xattr": _xattr,
}
