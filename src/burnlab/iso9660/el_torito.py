"""The boot catalog: which boot images there are, for which platforms, and where.

Source: El Torito 1.0, clauses 2.1 to 2.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

from burnlab.iso9660.ecma119 import BLOCK, U16LE, ImageError

ENTRY: Final = 32
MAX_IMAGES: Final = 32
CATALOG_BLOCKS: Final = 10
EXTENSION_FOLLOWS: Final = 0x20

IMAGE_FIELDS: Final = Struct("<BBHBxHIB19s")


@dataclass(frozen=True, slots=True)
class BootImage:
    """An initial, default or section entry. `load_size` counts blocks of 512 bytes.

    Source: El Torito 1.0, figures 3 and 5.
    """

    lba: int
    load_size: int
    platform: int = 0
    is_bootable: bool = True
    media: int = 0
    load_segment: int = 0
    system_type: int = 0
    selection_type: int = 0
    selection: bytes = b""
    section_id: bytes = b""

    def pack(self) -> bytes:
        """32 bytes."""
        boot = 0x88 if self.is_bootable else 0
        return IMAGE_FIELDS.pack(
            boot,
            self.media,
            self.load_segment,
            self.system_type,
            self.load_size,
            self.lba,
            self.selection_type,
            self.selection,
        )

    @classmethod
    def unpack(cls, data: bytes, platform: int, section_id: bytes = b"") -> BootImage:
        """From an entry and what its section says.

        Raises:
            ImageError: its boot indicator is neither.
        """
        boot, media, segment, system, size, lba, kind, selection = IMAGE_FIELDS.unpack_from(data)
        if boot not in (0, 0x88):
            raise ImageError(f"Boot catalog entry with boot indicator 0x{boot:02x}")
        return cls(
            lba,
            size,
            platform,
            boot == 0x88,
            media,
            segment,
            system,
            kind,
            selection.rstrip(b"\0"),
            section_id,
        )


@dataclass(frozen=True, slots=True)
class BootCatalog:
    """A boot catalog and where it stands.

    Source: El Torito 1.0, figures 2 and 4. `problem` tells why parts were left out, if any.
    """

    lba: int
    images: tuple[BootImage, ...]
    identifier: bytes = b""
    problem: str = ""

    @classmethod
    def unpack(cls, data: bytes, lba: int) -> BootCatalog:
        """From the catalog's blocks, or as many of them as there are.

        Raises:
            ImageError: its validation entry isn't one.
        """
        if len(data) < 2 * ENTRY or data[0] != 1 or data[30:32] != b"\x55\xaa":
            raise ImageError("No El Torito boot catalog where the boot record points to")
        if sum(U16LE.unpack_from(data, at)[0] for at in range(0, ENTRY, 2)) & 0xFFFF:
            raise ImageError("Checksum of the El Torito boot catalog is wrong")
        images: list[BootImage] = []
        problem = ""
        try:
            images.append(BootImage.unpack(data[ENTRY : 2 * ENTRY], data[1]))
            _sections(data[: CATALOG_BLOCKS * BLOCK], images)
        except ImageError as error:
            problem = str(error)
        return cls(lba, tuple(images), data[4:28].rstrip(b"\0 "), problem)


def _sections(data: bytes, images: list[BootImage]) -> None:
    """Entries of the sections behind the default entry.

    Raises:
        ImageError: something else than entries, or too many of them.
    """
    offset, is_last = 2 * ENTRY, False
    while not is_last and offset + ENTRY <= len(data) and data[offset] in (0x90, 0x91):
        is_last = data[offset] == 0x91
        platform, count = data[offset + 1], U16LE.unpack_from(data, offset + 2)[0]
        identifier = data[offset + 4 : offset + ENTRY].rstrip(b"\0 ")
        offset += ENTRY
        for _ in range(count):
            if offset + ENTRY > len(data) or len(images) >= MAX_IMAGES:
                raise ImageError("El Torito boot catalog announces more entries than there can be")
            image = BootImage.unpack(data[offset : offset + ENTRY], platform, identifier)
            images.append(image)
            offset += ENTRY
            if image.media & EXTENSION_FOLLOWS:
                offset = _behind_extensions(data, offset)


def _behind_extensions(data: bytes, offset: int) -> int:
    """Pass the extension entries of a section entry by."""
    while offset + ENTRY <= len(data) and data[offset] == 0x44:
        more = data[offset + 1] & EXTENSION_FOLLOWS
        offset += ENTRY
        if not more:
            break
    return offset
