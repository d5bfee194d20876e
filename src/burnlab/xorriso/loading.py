"""Loading the tree of the session that was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burnlab.burn.drive import Status
from burnlab.xorriso.boot_view import boot_record
from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.medium_view import MediumView
from burnlab.xorriso.severity import Severity
from burnlab.xorriso.volume import DEFAULT_VOLUME_ID, now

if TYPE_CHECKING:
    from burnlab.iso9660.load import LoadedImage
    from burnlab.iso9660.record_reader import Problem
    from burnlab.xorriso.program import Program
    from burnlab.xorriso.settings import Settings

TAG_HINTS = (
    "This might be false MD5 alarm if an add-on session was written by growisofs.",
    "In this case you get an ISO image tree by option -md5 'load_check_off'",
)
CANNOT_READ = "Cannot read ISO image tree"
MISMATCH_EVENTS = (
    (Severity.FAILURE, "Checksum mismatch between checksum tag and data blocks"),
    (Severity.FAILURE, "Image loading aborted due to MD5 mismatch of image tree data"),
    (Severity.HINT, "You may override this refusal by disabling MD5 checking"),
    (Severity.FAILURE, "Checksum mismatch in System Area, Volume Descriptors, or directory tree"),
)


def load_image(program: Program, view: MediumView) -> None:
    """Load the tree that `-load` chooses from the input drive; from a blank medium, an empty one.

    Raises:
        CommandFailed: there is no such session, or its tree can't be loaded.
    """
    volume = program.volume
    for warning in view.warnings:
        program.messages.event(Severity.WARNING, warning, "libisoburn")
    if view.status in (Status.BLANK, Status.ABSENT, Status.UNKNOWN) or volume.indev is None:
        begin_blank(program)
        return
    lba = _chosen_block(program, view)
    program.messages.event(Severity.NOTE, f"Loading ISO image tree from LBA {lba}")
    _check_volume_id(program, lba)
    image = _load(program, view, lba)
    if image is None:
        text = f"No ISO 9660 image at LBA {lba}. Creating blank image."
        program.messages.event(Severity.WARNING, text, "libisoburn")
        begin_blank(program)
        volume.loaded_volume_id = DEFAULT_VOLUME_ID
        return
    _take(program, image)


def begin_blank(program: Program) -> None:
    """Begin with an empty tree in place of an image: as with one, ids that were set before are gone."""
    volume = program.volume
    volume.looked_since = int(program.environment.clock()) - 1
    volume.note_scanning(program.settings)
    volume.begin_empty(now(program))
    volume.ids = volume.ids.loaded(volset_id=DEFAULT_VOLUME_ID)


def _chosen_block(program: Program, view: MediumView) -> int:
    mode, value = program.settings.load
    if mode == "auto":
        rows = [row for row in view.rows if row.kind == "ISO"]
        return rows[-1].start if value and rows else view.load_start
    if mode in ("lba", "sbsector"):
        return max(0, _number(value))
    if mode == "volid":
        return _block_of_volume_id(program, view, value)
    number = _number(value)
    start = view.start_of(mode, number)
    if start is None:
        raise _not_found(program, f"Failed to find {mode} {number}")
    return start


def _number(text: str) -> int:
    import re

    found = re.match(r"\s*-?\d+", text)
    return int(found[0]) if found else 0


def _block_of_volume_id(program: Program, view: MediumView, pattern: str) -> int:
    from burnlab.xorriso.pattern import matcher

    matches = matcher(pattern)
    for row in reversed(view.rows):
        if row.kind == "ISO" and matches(row.volume_id):
            return row.start
    raise _not_found(program, f"Failed to find volid ^{pattern}$")


def _not_found(program: Program, text: str) -> CommandFailed:
    program.messages.event(Severity.FAILURE, text, "libisoburn")
    return CommandFailed(text)


def _load(program: Program, view: MediumView, lba: int) -> LoadedImage | None:
    """The image at a block; None if there is none."""
    from burnlab.iso9660.ecma119 import ImageError
    from burnlab.iso9660.load import load_tree
    from burnlab.iso9660.sessions import image_at
    from burnlab.iso9660.superblock import TagMismatch
    from burnlab.xorriso.pacifier import Counter

    drive, settings = program.volume.indev, program.settings
    assert drive is not None
    if image_at(drive.read, lba) is None:
        return None
    counter = Counter(program, "nodes read")
    try:
        image = load_tree(
            drive.read,
            lba,
            want_md5=settings.md5,
            want_attributes=wants_attributes(settings),
            number_nodes=settings.hardlinks,
            check_tags=settings.md5 and settings.md5_load_check,
            medium_blocks=view.medium.readable_blocks or None,
            on_problem=lambda problem: _tell(program, problem),
            on_progress=counter.at,
        )
    except TagMismatch as error:
        _tell_mismatch(program)
        raise CommandFailed(str(error)) from error
    except ImageError as error:
        program.messages.event(Severity.FAILURE, str(error), "libisofs")
        raise _cannot_read(program) from error
    if image.is_damaged and settings.error_behavior.get("image_loading") != "best_effort":
        raise _cannot_read(program)
    if image.nodes:
        counter.end(image.nodes)
    if image.boot_catalog is not None:
        text = "Detected El-Torito boot information which currently is set to be discarded"
        program.messages.event(Severity.NOTE, text)
    return image


def wants_attributes(settings: Settings) -> bool:
    """Whether anything that was set needs what AL fields tell."""
    return settings.md5 or settings.hardlinks or settings.acl or settings.xattr != "off" or settings.dev_ino


def _tell(program: Program, problem: Problem) -> None:
    where = f" : '{problem.path.decode('utf-8', 'surrogateescape')}'" if problem.path else ""
    program.messages.event(Severity[problem.severity], problem.text + where, "libisofs")


def _tell_mismatch(program: Program) -> None:
    for severity, text in MISMATCH_EVENTS:
        program.messages.event(severity, text, "libisofs")
    program.messages.event(Severity.FAILURE, CANNOT_READ)
    for hint in TAG_HINTS:
        program.messages.event(Severity.HINT, hint)


def _cannot_read(program: Program) -> CommandFailed:
    program.messages.event(Severity.FAILURE, CANNOT_READ)
    hint = (
        "You might get a partial or altered ISO image tree by option -error_behavior 'image_loading' "
        "'best_effort' if -abort_on is set to be tolerant enough."
    )
    program.messages.event(Severity.HINT, hint)
    return CommandFailed(CANNOT_READ)


def text_of(field: bytes) -> str:
    """A text of a volume descriptor; bytes that aren't UTF-8 survive the way back."""
    return field.decode("utf-8", "surrogateescape").rstrip()


def _take(program: Program, image: LoadedImage) -> None:
    """Make a loaded image the one at hand."""
    volume, head = program.volume, image.descriptor
    volume.drop()
    volume.root, volume.loaded, volume.load_base = image.root, image, image.base
    volume.loaded_volume_id = text_of(head.volume_id)
    if not volume.volume_id_is_set:
        volume.volume_id = volume.loaded_volume_id
    volume.ids = volume.ids.loaded(
        volset_id=text_of(head.volume_set_id),
        publisher=text_of(head.publisher_id),
        application_id=text_of(head.application_id),
        system_id=text_of(head.system_id),
        copyright_file=text_of(head.copyright_id),
        abstract_file=text_of(head.abstract_id),
        biblio_file=text_of(head.bibliographic_id),
    )
    volume.boot_record = boot_record(program, image)


def _check_volume_id(program: Program, lba: int) -> None:
    """What `-assert_volid` demands.

    Raises:
        CommandFailed: the volume id is another.
    """
    from burnlab.iso9660.sessions import image_at
    from burnlab.xorriso.pattern import matcher

    pattern, severity = program.settings.assert_volid
    drive = program.volume.indev
    image = image_at(drive.read, lba) if pattern and drive is not None else None
    if image is None:
        return
    volume_id = text_of(image.volume_id)
    if matcher(pattern)(volume_id):
        return
    text = f"-assert_volid: Volume id does not match pattern: '{pattern}' <> '{volume_id}'"
    program.messages.event(Severity[severity.upper()], text)
    raise CommandFailed(text)
