"""`-status`: settings told as the commands that would make them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from burnlab.xorriso.commands.settings import SYNC_WORDS
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

ALWAYS: Final = (
    "-error_behavior image_loading",
    "-prog ",
    "-osirrox strict_acl",
    "-cd ",
    "-cdx ",
    "-abort_on ",
    "-dev ",
)
"""Beginnings of lines that the short form tells even if they are as at program start."""
KIBI, MEBI = 1024, 1024 * 1024


def _switch(value: bool) -> str:
    return "on" if value else "off"


SYNC_NAMES: Final = {size: word for word, size in SYNC_WORDS.items()}


def _sync_text(size: int) -> str:
    return SYNC_NAMES.get(size) or (str(size) if size % MEBI else f"{size // MEBI}m")


def size_text(size: int) -> str:
    """A size in whole MiB or KiB."""
    return f"{size // MEBI}m" if size and size % MEBI == 0 else f"{size // KIBI}k"


def _control(program: Program) -> Iterator[str]:
    settings, texts = program.settings, program.settings.texts
    yield f"-list_delimiter {settings.list_delimiter}"
    yield f"-dialog {settings.dialog}"
    yield f"-page {settings.page_lines} {settings.page_columns}"
    yield f"-use_readline {_switch(settings.use_readline)}"
    yield f"-sh_style_result {_switch(settings.sh_style_result)}"
    yield f"-backslash_codes {texts.get('backslash_codes', 'off')}"
    yield f"-pkt_output {_switch(program.messages.packets)}"
    for channel in ".RIM":
        yield f"-logfile {channel} {quote(texts.get(f'logfile {channel}', ''))}"
    yield f"-signal_handling {settings.signal_handling}"
    for occasion, behavior in settings.error_behavior.items():
        yield f"-error_behavior {occasion} {behavior}"
    yield f"-mark {quote(settings.mark)}"
    yield f"-temp_mem_limit {texts.get('temp_mem_limit', '16m')}"
    yield f"-prog {quote(settings.program_name)}"


def _reading(program: Program) -> Iterator[str]:
    settings = program.settings
    yield from _osirrox(program)
    yield f"-cd {quote(settings.image_directory or '/')}"
    yield f"-cdx {quote(settings.disk_directory)}"
    yield f"-add_plainly {settings.add_plainly}"
    yield f"-file_size_limit {settings.file_size_limit or 'off'} --"
    yield from _exclusions(program)
    yield f"-iso_nowtime {'dynamic' if settings.now is None else f'={settings.now}'}"
    yield f"-iso_rr_pattern {settings.iso_rr_pattern}"
    yield f"-disk_pattern {settings.disk_pattern}"


def _osirrox(program: Program) -> Iterator[str]:
    state = program.settings.osirrox
    mode = "device_files" if state.device_files else state.state
    switches = {
        "concat_split": state.concat_split,
        "auto_chmod": state.auto_chmod,
        "sort_lba": state.sort_lba,
        "o_excl": state.o_excl,
    }
    yield ":".join([f"-osirrox {mode}", *(f"{name}_{_switch(value)}" for name, value in switches.items())])
    strict = _switch(state.strict_acl)
    yield f"-osirrox strict_acl_{strict}:check_md5_{state.check_md5}:sparse={state.sparse or 'off'}"


def _exclusions(program: Program) -> Iterator[str]:
    rules = program.settings.exclusions
    for path in sorted(rules.paths):
        yield f"-not_paths {quote(path)} --"
    for pattern in rules.patterns:
        yield f"-not_leaf {quote(pattern)}"
    switches = {"param": rules.for_parameters, "subtree": rules.for_subtrees, "ignore": rules.ignored}
    told = (f"{name}_{_switch(value)}" for name, value in switches.items())
    yield ":".join([f"-not_mgt {_switch(rules.is_on)}", *told])


def _date(seconds: float | None) -> str:
    from time import gmtime, strftime

    return "default" if seconds is None else strftime("%Y.%m.%d.%H%M%S", gmtime(seconds))


def _ids(program: Program) -> Iterator[str]:
    volume, ids, dates = program.volume, program.volume.ids, program.volume.dates
    yield f"-volid {quote(volume.volume_id)}"
    for name in ("preparer_id", "publisher", "application_id", "system_id", "volset_id"):
        yield f"-{name} {quote(getattr(ids, name))}"
    for letter, seconds in (
        ("c", dates.creation), ("m", dates.modification), ("x", dates.expiration), ("f", dates.effective),
    ):  # fmt: skip
        yield f"-volume_date {letter} {'overridden' if letter == 'm' and dates.uuid else _date(seconds)}"
    yield f"-volume_date uuid {quote(dates.uuid)}"
    yield f"-volume_date all_file_dates {quote(dates.all_files)}"
    for name in ("copyright_file", "biblio_file", "abstract_file"):
        yield f"-{name} {quote(getattr(ids, name))}"
    yield f"-application_use {quote(program.settings.texts.get('application_use', ' '))}"


def speed_text(speed: int) -> str:
    """A speed of writing or reading: kB/s, 0 is the fastest, -1 the slowest."""
    return {0: "max", -1: "min"}.get(speed, f"{speed}kB/s")


def _writing(program: Program) -> Iterator[str]:
    settings, texts = program.settings, program.settings.texts
    yield f"-joliet {_switch(settings.joliet)}"
    yield f"-pathspecs {settings.pathspecs}"
    yield f"-follow {settings.follow}"
    yield f"-overwrite {settings.overwrite}"
    yield f"-reassure {settings.reassure}"
    yield f"-read_speed {texts.get('read_speed', 'none')}"
    yield f"-close {settings.close}"
    yield f"-write_type {settings.write_type}"
    yield f"-dummy {_switch(settings.dummy)}"
    yield f"-speed {texts.get('speed') or speed_text(settings.speed)}"
    yield f"-stream_recording {settings.stream_recording}"
    yield f"-dvd_obs {texts.get('dvd_obs', 'default')}"
    yield f"-use_immed_bit {texts.get('use_immed_bit', 'default')}"
    yield f"-stdio_sync {_sync_text(settings.sync_bytes)}"
    yield f"-grow_blindly {'off' if settings.grow_blindly is None else settings.grow_blindly}"
    yield f"-fs {size_text(settings.fifo_size)}"
    yield f"-padding {settings.padding // KIBI}k"
    yield f"-padding {'included' if settings.padding_included else 'appended'}"


def _scripting(program: Program) -> Iterator[str]:
    settings, messages = program.settings, program.messages
    yield f"-report_about {messages.report_about.name}"
    yield f"-scsi_log {_switch(settings.scsi_log)}"
    yield f"-session_log {quote(settings.session_log)}"
    yield f"-pacifier {quote(settings.pacifier)}"
    yield f"-pacifier interval={settings.pacifier_interval:f}"
    yield f"-return_with {settings.return_severity.name} {settings.return_value}"
    yield f"-abort_on {messages.abort_on.name}"
    yield f"-status_history_max {settings.status_history_max}"


def _loading(program: Program) -> Iterator[str]:
    settings, texts = program.settings, program.settings.texts
    kind, value = settings.load
    yield f"-load {kind} {value or quote('')}"
    yield f"-calm_drive {texts.get('calm_drive', 'on')}"
    yield f"-hardlinks {texts.get('hardlinks', 'off:no_lsl_count:normal_extract')}"
    yield f"-acl {_switch(settings.acl)}"
    yield f"-xattr {settings.xattr}"
    yield f"-disk_dev_ino {texts.get('disk_dev_ino', 'off')}"
    yield f"-md5 {texts.get('md5', 'off')}"
    pattern, severity = settings.assert_volid
    yield f"-assert_volid {quote(pattern)} {quote(severity)}"
    yield f"-drive_access {settings.drive_access}"
    yield f"-scsi_dev_family {texts.get('scsi_dev_family', 'default')}"
    yield from _drives(program)


def _drives(program: Program) -> Iterator[str]:
    volume = program.volume
    if volume.indev is not None and volume.indev is volume.outdev:
        yield f"-dev {quote(volume.indev.address)}"
        return
    if volume.indev is None and volume.outdev is None:
        yield "-dev ''"
    if volume.indev is not None:
        yield f"-indev {quote(volume.indev.address)}"
    if volume.outdev is not None:
        yield f"-outdev {quote(volume.outdev.address)}"


PARTS: Final[tuple[Callable[[Program], Iterator[str]], ...]] = (
    _control, _reading, _ids, _writing, _scripting, _loading,
)  # fmt: skip


def status_lines(program: Program) -> list[str]:
    """All settings, a command each."""
    return [line for part in PARTS for line in part(program)]


def status(program: Program, words: list[str]) -> None:
    """Print settings: `short` what differs from program start, `long` all, `long_history` typed lines too.

    A word that begins with a dash prints the lines that begin with it.
    """
    from burnlab.xorriso.program import Program as Fresh

    mode = words[0]
    lines = status_lines(program)
    typed = program.history[-program.settings.status_history_max :]
    history = [f"-history {quote(line)}" for line in typed] if program.settings.status_history_max > 0 else []
    if mode.startswith("-"):
        lines = [line for line in lines + history if line.startswith(mode)]
    elif mode == "long_history":
        lines += history
    elif mode != "long":
        untouched = set(status_lines(Fresh(program.environment)))
        lines = [line for line in lines if line not in untouched or line.startswith(ALWAYS)]
    for line in lines:
        program.messages.result(line)


def history(program: Program, words: list[str]) -> None:
    """Put a line into the history of typed lines."""
    program.history.append(words[0])
