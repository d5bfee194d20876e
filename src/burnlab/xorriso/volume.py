"""The image at hand: its tree, where it comes from and goes to, and whether changes wait to be written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from burnlab.iso9660.tree import Content, Directory, new_root
from burnlab.xorriso.command import CommandFailed
from burnlab.xorriso.severity import Severity

if TYPE_CHECKING:
    from burnlab.burn.drive import Drive
    from burnlab.iso9660.load import LoadedImage
    from burnlab.xorriso.aftermath import Attempt
    from burnlab.xorriso.medium_view import MediumView
    from burnlab.xorriso.program import Program
    from burnlab.xorriso.settings import Settings

NO_IMAGE = "No ISO image present. No -dev, -indev, or -outdev selected."
DEFAULT_VOLUME_ID = "ISOIMAGE"


@dataclass(slots=True)
class Ids:
    """Texts of the primary volume descriptor, but for the volume id; names are those of the commands."""

    volset_id: str = ""
    publisher: str = ""
    preparer_id: str = ""
    application_id: str = ""
    system_id: str = ""
    copyright_file: str = ""
    abstract_file: str = ""
    biblio_file: str = ""
    application_use: bytes = b""

    def loaded(self, **texts: str) -> Ids:
        """Those of an image; who prepares the next session, and its field for applications, stay as set."""
        return Ids(preparer_id=self.preparer_id, application_use=self.application_use, **texts)


@dataclass(slots=True)
class Dates:
    """What `-volume_date` set: seconds since 1970, or None for the time of writing."""

    creation: int | None = None
    modification: int | None = None
    expiration: int | None = None
    effective: int | None = None
    uuid: str = ""
    all_files: str = ""


@dataclass(slots=True)
class Volume:
    """The tree in memory and its drives. `root` is None as long as no drive was acquired.

    `indev` and `outdev` are the same object when one drive serves both ways: then a write grows the image.
    `loaded` is what the tree was loaded from; None for a tree that began empty. `pending` is `no`, `yes` or
    `mkisofs_printed`.
    """

    root: Directory | None = None
    indev: Drive | None = None
    outdev: Drive | None = None
    in_view: MediumView | None = None
    out_view: MediumView | None = None
    loaded: LoadedImage | None = None
    loaded_volume_id: str = ""
    load_base: int = 0
    boot_record: str = ""
    """What the loaded image has to boot from, as reports name it."""
    scans_xattr: bool = False
    scans_acl: bool = False
    """Whether extended attributes and access control lists of disk files are taken in. What was set counts
    when the image is begun, and when one of the commands for these two is given.
    """
    looked_since: int = 0
    """When disk files and images began to be looked at, seconds since 1970: images record that."""
    pending: str = "no"
    write_failed: bool = False
    access: dict[int, str] = field(default_factory=dict)
    """`id` of a drive → `-drive_access` as it was when the drive was taken."""
    attempt: Attempt | None = None
    """The session that is being written, or was given up and is still to be told about."""
    scanned: dict[tuple[int, int], Content] = field(default_factory=dict)
    """Device and inode of disk files in the tree → their content: another name of one is a hard link."""
    volume_id: str = DEFAULT_VOLUME_ID
    volume_id_is_set: bool = False
    ids: Ids = field(default_factory=Ids)
    dates: Dates = field(default_factory=Dates)

    @property
    def is_changed(self) -> bool:
        """Whether a write would have something to write."""
        return self.pending == "yes"

    def mark_changed(self) -> None:
        """Note that the tree or an id text differs from what is on the medium."""
        self.pending = "yes"

    def note_scanning(self, settings: Settings) -> None:
        """Let what is set now rule what is taken in from disk."""
        self.scans_xattr = settings.xattr != "off" or settings.hardlinks or settings.dev_ino
        self.scans_acl = settings.acl

    def begin_empty(self, now: int) -> None:
        """Start with an empty tree."""
        self.drop()
        self.root = new_root(now)

    def drop(self) -> None:
        """Forget the tree."""
        self.root = None
        self.loaded = None
        self.loaded_volume_id = ""
        self.scanned.clear()
        self.boot_record = ""
        self.load_base = 0
        self.pending = "no"
        if not self.volume_id_is_set:
            self.volume_id = DEFAULT_VOLUME_ID


def now(program: Program) -> int:
    """The time that counts as now, in whole seconds since 1970."""
    settings = program.settings
    for pinned in (settings.now, settings.source_date_epoch):
        if pinned is not None:
            return pinned
    return int(program.environment.clock())


def require_image(program: Program) -> Directory:
    """The root of the image at hand.

    Raises:
        CommandFailed: there is none.
    """
    root = program.volume.root
    if root is None:
        program.messages.event(Severity.FAILURE, NO_IMAGE)
        raise CommandFailed(NO_IMAGE)
    return root
