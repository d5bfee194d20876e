"""What an image is to be like, beside its tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PADDING_BLOCKS: Final = 150
DEFAULT_VOLUME_ID: Final = b"ISOIMAGE"
DEFAULT_PREPARER: Final = b"BURNLAB"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOptions:
    """How a session is written.

    Ids are bytes as they are to stand in the volume descriptor, before their characters are restricted
    where the standard does so. Dates are seconds since 1970; None is `now` for creation and modification,
    and unset for the others.
    """

    now: int
    """The time of writing, seconds since 1970: volume dates, and times of what has none of its own."""

    volume_id: bytes = DEFAULT_VOLUME_ID
    system_id: bytes = b""
    volume_set_id: bytes = b""
    publisher: bytes = b""
    preparer: bytes = DEFAULT_PREPARER
    application_id: bytes = b""
    copyright_file: bytes = b""
    abstract_file: bytes = b""
    biblio_file: bytes = b""
    application_use: bytes = b""

    creation: int | None = None
    modification: int | None = None
    expiration: int | None = None
    effective: int | None = None
    uuid: str = ""
    """16 digits that stand for both creation and modification date, if given."""

    md5: bool = False
    """Record MD5 of files, session and superblock."""
    joliet: bool = False
    hardlinks: bool = False
    """Record inode numbers, equal ones for hard links."""
    acl: bool = False
    xattr: bool = False
    stream_start: int | None = None
    """When what the image was made from began to be looked at: the root gets it as `isofs.st`."""
    last_inode: int = 0
    """The highest inode number that was given so far."""
    times_are_mtime: bool = False
    """Record the time of modification as that of access and attribute change, too."""

    system_area: bytes = b""
    """Up to 32 KiB for the first 16 blocks."""
    padding_blocks: int = PADDING_BLOCKS
    """Zeros written behind the session; no part of it."""

    @property
    def has_attributes(self) -> bool:
        """Whether nodes get AL fields."""
        return self.md5 or self.hardlinks or self.acl or self.xattr or self.stream_start is not None
