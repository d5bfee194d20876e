"""Texts that tell of drives and media: the short block after acquiring a drive, and the table of contents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from burnlab.burn.drive import FILE_PROFILE, Access, Status
from burnlab.xorriso.boot_view import boot_lines
from burnlab.xorriso.medium_view import MediumView, Row, describe_bytes
from burnlab.xorriso.volume import DEFAULT_VOLUME_ID
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.burn.drive import Drive
    from burnlab.xorriso.program import Program

USUAL_ACCESS: Final = "exclusive:unrestricted"
TOC_HEADER: Final = "TOC layout   : Idx ,  sbsector ,       Size , Volume Id"
SEPARATOR: Final = "-------------: ---------------------------------------------------------------"


def role_of(program: Program, drive: Drive) -> str:
    """The command that acquires a drive in the part that it plays."""
    volume = program.volume
    if volume.indev is volume.outdev:
        return "-dev"
    return "-indev" if drive is volume.indev else "-outdev"


def plural(number: int, word: str) -> str:
    """`1 session`, `2 sessions`."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def summary(view: MediumView) -> str:
    """How much is on the medium, and how much more fits."""
    return (
        f"Media summary: {plural(view.sessions, 'session')}, {view.data_blocks} data blocks, "
        f"{describe_data(view.data_blocks)} data, {describe_bytes(view.free)} free"
    )


def describe_data(blocks: int) -> str:
    """Data of a summary in five characters; nothing is a plain 0."""
    return describe_bytes(blocks) if blocks else "0"


def _head_lines(program: Program, drive: Drive, view: MediumView, *, with_type: bool) -> Iterator[str]:
    yield f"Drive current: {role_of(program, drive)} {quote(drive.address)}"
    access = program.settings.drive_access
    if with_type or access != USUAL_ACCESS:
        yield f"Drive access : {access}"
    if with_type:
        yield from type_lines(drive)
    yield f"Media current: {view.medium.name}"
    if with_type and view.medium.product_id:
        yield f"Media product: {view.medium.product_id} , {view.medium.maker}"
    yield f"Media status : {view.status.value}{''.join(view.medium.flaws)}"
    if with_type and view.medium.media_id:
        yield f"Media id     : {view.medium.media_id}"


def type_lines(drive: Drive, *, with_serial: bool = True) -> Iterator[str]:
    """What the drive calls itself."""
    who = drive.identity
    yield f"Drive type   : vendor '{who.vendor}' product '{who.product}' revision '{who.revision}'"
    if who.serial and with_serial:
        yield f"Drive id     : '{who.serial}'"


def show_drive(program: Program, drive: Drive, view: MediumView, say: Callable[[str], None]) -> None:
    """The short block about a drive."""
    for line in _head_lines(program, drive, view, with_type=False):
        say(line)
    if view.status not in (Status.ABSENT, Status.UNKNOWN):
        boot = boot_line(program, drive)
        if boot:
            say(boot)
        if view.rows or view.status is not Status.CLOSED:
            say(summary(view))


def show_volume_id(program: Program, say: Callable[[str], None], *, is_loaded: bool = True) -> None:
    """The volume id of the loaded image if there is one, and the one that it will get."""
    volume = program.volume
    loaded = volume.loaded_volume_id if is_loaded else DEFAULT_VOLUME_ID
    if is_loaded:
        say(f"Volume id    : {quote(loaded)}")
    if volume.volume_id != loaded:
        say(f"New volume id: {quote(volume.volume_id)}")


def boot_line(program: Program, drive: Drive) -> str:
    """What boots from the loaded image; empty if nothing does."""
    volume = program.volume
    if drive is not volume.indev or not volume.boot_record:
        return ""
    return f"Boot record  : {volume.boot_record}"


def _blocks_line(view: MediumView) -> str:
    is_unused = view.medium.access is Access.READ_ONLY and view.medium.profile == FILE_PROFILE
    writable = "unused" if is_unused else f"{view.writable} writable"
    return f"Media blocks : {view.readable} readable , {writable} , {view.overall} overall"


def _row_line(row: Row) -> str:
    label = f"{row.kind} {row.what}"
    return f"{label:13}: {row.number:3} , {row.start:9} , {row.blocks:9}s , {row.volume_id}"


def _toc_lines(program: Program, drive: Drive, view: MediumView) -> Iterator[str]:
    yield from _head_lines(program, drive, view, with_type=True)
    if view.status in (Status.ABSENT, Status.UNKNOWN):
        return
    yield _blocks_line(view)
    if view.status is Status.BLANK:
        yield summary(view)
        return
    boot = boot_line(program, drive)
    if boot:
        yield boot
        yield from boot_lines(program)
    yield from trees_lines(program, drive)
    yield TOC_HEADER
    yield from map(_row_line, view.rows)
    yield summary(view)
    if view.status is Status.APPENDABLE and view.next_start is not None:
        yield f"Media nwa    : {view.next_start}s"


def trees_lines(program: Program, drive: Drive) -> Iterator[str]:
    """Which trees the loaded image has, and which of them was loaded."""
    loaded = program.volume.loaded
    if drive is not program.volume.indev or loaded is None:
        return
    offers = [
        name for has, name in ((loaded.has_rock_ridge, "Rock_Ridge"), (loaded.has_joliet, "Joliet")) if has
    ]
    yield f"ISO offers   : {' '.join(offers) or 'Only_ECMA_119'}"
    yield f"ISO loaded   : {'Rock_Ridge' if loaded.has_rock_ridge else 'Only_ECMA_119'}"


def show_toc(program: Program, drive: Drive, view: MediumView, *, short: bool = False) -> None:
    """The table of contents of a drive, as a result."""
    say = program.messages.result
    if short:
        show_drive(program, drive, view, say)
        return
    for line in _toc_lines(program, drive, view):
        say(line)
