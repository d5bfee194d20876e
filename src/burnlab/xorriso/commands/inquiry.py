"""Commands that tell of media, of the loaded image, and of what a write would need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from burnlab.xorriso.acquire import fail, looked_at
from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.drive_report import SEPARATOR, role_of, show_toc
from burnlab.xorriso.loading import text_of
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.volume import NO_IMAGE
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

UNSET_DATE: Final = " " * 16
HEAD_BLOCKS: Final = 32


def toc(program: Program, _words: list[str]) -> None:
    """Print the tables of contents of all drives."""
    volume = program.volume
    if volume.indev is None and volume.outdev is None:
        raise fail(program, "No input drive acquired on attempt to print Table Of Content")
    _print_tocs(program, "all", short=False)


def toc_of(program: Program, words: list[str]) -> None:
    """Print the table of contents of `in`, `out` or `all`; `:short` leaves out most of it."""
    which, _, how = words[0].partition(":")
    codes = {"in": "in", "indev": "in", "out": "out", "outdev": "out", "all": "all"}
    if which not in codes:
        program.messages.event(Severity.SORRY, f"-toc_of: Unknown drive code {quote(words[0])}")
        return
    which = codes[which]
    volume = program.volume
    missing = {
        "in": "No input drive acquired" if volume.indev is None else "",
        "out": "No output drive acquired" if volume.outdev is None else "",
        "all": "No drive acquired" if volume.indev is None and volume.outdev is None else "",
    }[which]
    if missing:
        program.messages.event(Severity.NOTE, f"-toc_of {quote(words[0].partition(':')[0])} : {missing}")
        return
    _print_tocs(program, which, short="short" in how)


def _print_tocs(program: Program, which: str, *, short: bool) -> None:
    volume = program.volume
    has_printed = False
    if which in ("in", "all") and volume.indev is not None and volume.in_view is not None:
        # With all drives asked for, the input drive is told of at length even if it was to be short.
        show_toc(program, volume.indev, volume.in_view, short=short and which != "all")
        has_printed = True
        if volume.outdev is volume.indev:
            return
    if which in ("out", "all") and volume.outdev is not None and volume.out_view is not None:
        if has_printed:
            program.messages.result(SEPARATOR)
        show_toc(program, volume.outdev, volume.out_view, short=short)


def pvd_info(program: Program, _words: list[str]) -> None:
    """Print ids and dates: those of the loaded image, with what was set since."""
    volume, say = program.volume, program.messages.result
    if volume.root is None:
        raise fail(program, NO_IMAGE)
    ids = volume.ids
    head = volume.loaded.descriptor if volume.loaded is not None else None
    if volume.loaded is not None and volume.indev is not None:
        say(f"Drive current: {role_of(program, volume.indev)} {quote(volume.indev.address)}")
        say(f"PVD address  : {volume.load_base + 16}s")
    say(f"Volume Id    : {volume.volume_id}")
    for label, text in (
        ("Volume Set Id", ids.volset_id),
        ("Publisher Id ", ids.publisher),
        ("Preparer Id  ", text_of(head.preparer_id) if head else ""),
        ("App Id       ", ids.application_id),
        ("System Id    ", ids.system_id),
        ("CopyrightFile", ids.copyright_file),
        ("Abstract File", ids.abstract_file),
        ("Biblio File  ", ids.biblio_file),
    ):
        say(f"{label}: {text}")
    for label, field in (
        ("Creation Time", head.creation if head else b""),
        ("Modif. Time  ", head.modification if head else b""),
        ("Expir. Time  ", head.expiration if head else b""),
        ("Eff. Time    ", head.effective if head else b""),
    ):
        text = field[:16].decode("ascii", "replace")
        say(f"{label}: {text or UNSET_DATE}")


def print_size(program: Program, _words: list[str]) -> None:
    """Print how many blocks a write would bring onto the medium."""
    from burnlab.xorriso.writing import plan_run

    if not program.volume.is_changed:
        warning = "-print_size: No image modifications pending"
        program.messages.event(Severity.WARNING, warning)
        program.messages.result("Image size   : 0s")
        return
    try:
        run = plan_run(program)
    except CommandFailed:
        text = "-print_size: Failed to set up virtual -commit"
        program.messages.event(Severity.SORRY, text)
        raise
    run.give_back()
    blocks = run.blocks
    if run.layout.head and run.layout.base == HEAD_BLOCKS:
        blocks += HEAD_BLOCKS
    program.messages.result(f"Image size   : {blocks}s")


def tell_media_space(program: Program, _words: list[str]) -> None:
    """Print how many blocks are free, now and after a write."""
    from burnlab.xorriso.writing import plan_run

    volume, say = program.volume, program.messages.result
    try:
        if volume.outdev is None:
            raise fail(program, "No output drive acquired on attempt to -tell_media_space")
        view = volume.out_view = looked_at(program, volume.outdev)
        after = view.free
        if volume.is_changed:
            run = plan_run(program)
            run.give_back()
            after -= run.blocks
    except CommandFailed:
        program.messages.event(Severity.SORRY, "Cannot -tell_media_space")
        raise
    say(f"Media space  : {view.free}s")
    say(f"After commit : {after}s")
