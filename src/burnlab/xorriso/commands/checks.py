"""Commands that check files, sessions and media against their recorded checksums."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from burnlab.xorriso.acquire import fail
from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.commands.targets import expand_image, image_path, lookup
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.volume import require_image
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.burn.drive import Drive
    from burnlab.iso9660.tree import File
    from burnlab.xorriso.program import Program

NO_SEVERITY: Final = "-check_md5: No event severity given for case of mismatch"
MISMATCH_EVENT: Final = "Event triggered by MD5 comparison mismatch"
NOT_A_SINGLE: Final = "Not a single file with MD5 checksum was found."
NO_ARRAY: Final = " (There is no MD5 checksum array loaded.)"
MATCHING: Final = "File contents and their MD5 checksums match."
DIFFERING: Final = "Mismatch detected between file contents and MD5 checksums."
LACKING: Final = "There were data files which have no MD5 and thus could not be checked."
OTHER_ERRORS: Final = "Encountered errors other than non-match during MD5 checking."
PACE: Final = 5.0
"""Seconds between progress lines of content checking."""


def check_md5(program: Program, words: list[str]) -> None:
    """Check single files by their MD5; without any, the loaded session."""
    _check(program, words, recursive=False)


def check_md5_r(program: Program, words: list[str]) -> None:
    """Check all files of trees by their MD5; without any, the loaded session."""
    _check(program, words, recursive=True)


def _check(program: Program, words: list[str], *, recursive: bool) -> None:
    require_image(program)
    name = words[0].upper() if words else ""
    if name not in Severity.__members__:
        unknown = f"-check_md5: Not a known severity name : {quote(name)}"
        failed = fail(program, unknown if words else NO_SEVERITY)
        _end_before_begin(program)
        raise failed
    bad = _check_paths(program, words[1:], recursive=recursive) if words[1:] else _check_session(program)
    if bad and name != "ALL":
        program.messages.event(Severity[name], MISMATCH_EVENT)


def _end_before_begin(program: Program) -> None:
    """The last line of progress of a check that didn't begin: it shows what was counted before."""
    from burnlab.xorriso.pacifier import Counter

    loaded = program.volume.loaded
    if loaded is not None:
        Counter(program, "content bytes read", speed=_unit(program)).end(loaded.nodes)


def _check_session(program: Program) -> bool:
    """Check the loaded session; whether it differs."""
    from burnlab.iso9660.verify import Verdict, check_session
    from burnlab.xorriso.pacifier import Counter

    volume, messages = program.volume, program.messages
    loaded, drive = volume.loaded, volume.indev
    if loaded is None or drive is None or loaded.checksums is None:
        messages.event(Severity.WARNING, "No session MD5 is recorded with the loaded session")
        messages.result("MD5 MISMATCH WITH DATA OF LOADED SESSION !")
        return True
    messages.info("Checking loaded session by its recorded MD5.")
    area = loaded.checksums
    blocks = area.end - area.start
    messages.result(f"Session MD5 {loaded.session_md5.hex()} , LBA {area.start} , {blocks} blocks")
    counter = Counter(program, "content bytes read", speed=_unit(program), interval=PACE)
    verdict = check_session(drive.read, area, loaded.session_md5, counter.at)
    if counter.lines:
        counter.end(blocks * 2048)
    if verdict is Verdict.MATCH:
        messages.result("Ok, session data match recorded md5.")
        return False
    messages.result("MD5 MISMATCH WITH DATA OF LOADED SESSION !")
    return True


def _unit(program: Program) -> tuple[str, int]:
    view = program.volume.in_view
    assert view is not None
    return view.medium.speed_unit


class _Findings:
    """What a check of files has found so far."""

    def __init__(self) -> None:
        self.has_match = False
        self.has_mismatch = False
        self.has_lacking = False
        self.has_error = False

    @property
    def is_bad(self) -> bool:
        return self.has_mismatch or self.has_error


def _check_paths(program: Program, words: list[str], *, recursive: bool) -> bool:
    findings = _Findings()
    files: list[File] = []
    for path in expand_image(program, words):
        if not _collect(program, image_path(program, path), findings, files, recursive=recursive):
            break
    _check_files(program, files, findings, tell_matches=not recursive)
    _summarize(program, findings)
    return findings.is_bad


def _collect(program: Program, path: str, findings: _Findings, files: list[File], *, recursive: bool) -> bool:
    """Add the files of a path; whether to go on with further paths."""
    from burnlab.iso9660.tree import File, walk

    messages = program.messages
    node = lookup(require_image(program), path)
    if node is None:
        text = f"Cannot find path {quote(path)} in loaded ISO image"
        messages.event(Severity.FAILURE, text)
        findings.has_error = True
        if not recursive:
            messages.result(f"NOT READABLE: {quote(path)}")
        return messages.abort_on > Severity.FAILURE
    if recursive:
        files.extend(below for below in walk(node) if isinstance(below, File))
    elif isinstance(node, File):
        files.append(node)
    else:
        messages.event(Severity.NOTE, f"-check_md5: Not a data file: {quote(path)}")
    return True


def _check_files(program: Program, files: list[File], findings: _Findings, *, tell_matches: bool) -> None:
    from burnlab.iso9660.forks import usable_fork
    from burnlab.iso9660.verify import Verdict, check_files
    from burnlab.xorriso.pacifier import Counter

    drive, messages = program.volume.indev, program.messages
    if drive is None:
        findings.has_lacking = bool(files)
        return
    counter = Counter(program, "content bytes read", speed=_unit(program), interval=PACE)
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done = count
        counter.at(count)

    workers = os.cpu_count() or 1
    # A file can be read by several processes at once; what is behind a door answers one at a time.
    fork = None if drive.is_mmc else usable_fork()
    checks = check_files(
        drive.read, files, workers=workers, fork=fork, matches=tell_matches, on_progress=progress
    )
    others = 0
    for check in checks:
        others += check.verdict is not Verdict.MATCH
        if check.verdict is Verdict.MATCH:
            messages.result(f"md5 match   : {_shown(check.node)}")
        elif check.verdict is Verdict.NO_MD5:
            findings.has_lacking = True
        elif check.verdict is Verdict.MISMATCH:
            findings.has_mismatch = True
            messages.result(f"MD5 MISMATCH: {_shown(check.node)}")
        else:
            findings.has_error = True
            messages.result(f"NOT READABLE: {_shown(check.node)}")
    findings.has_match = others < len(files)
    if counter.lines:
        counter.end(done)


def _shown(node: File) -> str:
    return quote(node.path().decode("utf-8", "surrogateescape"))


def _summarize(program: Program, findings: _Findings) -> None:
    say, loaded = program.messages.result, program.volume.loaded
    if findings.has_mismatch:
        say(DIFFERING)
    elif findings.has_match:
        say(MATCHING)
    else:
        has_array = loaded is not None and loaded.checksums is not None
        say(NOT_A_SINGLE + ("" if has_array else NO_ARRAY))
    if findings.has_lacking and (findings.has_match or findings.has_mismatch):
        say(LACKING)
    if findings.has_error:
        say(OTHER_ERRORS)


# Media.


def check_media_defaults(program: Program, words: list[str]) -> None:
    """Set options that -check_media starts from; `reset=now` forgets them."""
    from burnlab.xorriso.media_options import parse_options

    settings = program.settings
    base = settings.check_media
    settings.check_media = parse_options(program, words, base)


def check_media(program: Program, words: list[str]) -> None:
    """Read the medium, and tell which regions are good and what their checksum tags say."""
    from burnlab.xorriso.media_options import parse_options
    from burnlab.xorriso.media_report import run_check

    options = parse_options(program, words, program.settings.check_media)
    volume = program.volume
    use_output = options.use == "outdev"
    drive: Drive | None = volume.outdev if use_output else volume.indev
    view = volume.out_view if use_output else volume.in_view
    if drive is None or view is None:
        kind = "output" if use_output else "input"
        raise fail(program, f"No {kind} drive acquired on attempt to check media readability")
    if not view.medium.readable_blocks:
        text = "-check_media: No readable medium found"
        program.messages.event(Severity.SORRY, text)
        raise CommandFailed(text)
    run_check(program, drive, view, options)
