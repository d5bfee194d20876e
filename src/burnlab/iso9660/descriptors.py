"""The volume descriptors of a session from its layout.

Source: ECMA-119, 8.4 and 8.5; Joliet Specification for the supplementary one.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from burnlab.iso9660.ecma119 import (
    BLOCK,
    SELF_ID,
    SYSTEM_AREA_BLOCKS,
    TERMINATOR,
    UNSET_DATE,
    DescriptorType,
    DirectoryRecord,
    FileFlags,
    VolumeDescriptor,
    pack_date17,
)
from burnlab.iso9660.layout import Layout
from burnlab.iso9660.options import ImageOptions
from burnlab.iso9660.records import pack_date

A_CHARACTERS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ !\"%&'()*+,-./:;<=>?")
D_CHARACTERS: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")


def _table(characters: frozenset[int]) -> bytes:
    """What becomes of each byte: in upper case, `_` where it isn't one of these characters."""
    return bytes(c if c in characters else ord("_") for c in bytes(range(128)).upper() + bytes(128))


_A_TABLE: Final = _table(A_CHARACTERS)
_D_TABLE: Final = _table(D_CHARACTERS)
JOLIET_ESCAPE: Final = b"%/E"


def a_characters(text: bytes) -> bytes:
    """In upper case, `_` for each character that isn't an a-character. Source: ECMA-119, 7.4.1."""
    return _bytewise(text).translate(_A_TABLE)


def d_characters(text: bytes) -> bytes:
    """In upper case, `_` for each character that isn't a d-character. Source: ECMA-119, 7.4.1."""
    return _bytewise(text).translate(_D_TABLE)


def _bytewise(text: bytes) -> bytes:
    """One byte for each character of UTF-8; text that isn't valid stays as it is."""
    try:
        return "".join(c if c.isascii() else "\x7f" for c in text.decode("utf-8")).encode("ascii")
    except UnicodeDecodeError:
        return text


def system_area(options: ImageOptions) -> bytes:
    """The first 16 blocks."""
    size = SYSTEM_AREA_BLOCKS * BLOCK
    return options.system_area[:size].ljust(size, b"\0")


class VolumeDates(NamedTuple):
    """The four dates of a volume descriptor in the 17-byte form."""

    creation: bytes
    modification: bytes
    expiration: bytes
    effective: bytes


def volume_dates(options: ImageOptions) -> VolumeDates:
    """The dates that the options ask for."""
    uuid = options.uuid.encode("ascii")[:16].ljust(16, b"0") + b"\0" if options.uuid else b""

    def date(seconds: int | None) -> bytes:
        return UNSET_DATE if seconds is None else pack_date17(seconds)

    creation = options.now if options.creation is None else options.creation
    modification = options.now if options.modification is None else options.modification
    return VolumeDates(
        uuid or date(creation), uuid or date(modification), date(options.expiration), date(options.effective)
    )


def _root_record(lba: int, size: int, mtime: int) -> DirectoryRecord:
    return DirectoryRecord(SELF_ID, lba, size, pack_date(mtime), FileFlags.DIRECTORY)


def primary(layout: Layout, space_size: int) -> bytes:
    """The primary volume descriptor."""
    options = layout.options
    root, dates = layout.directories[0], volume_dates(options)
    return VolumeDescriptor(
        space_size=space_size,
        path_table_size=layout.path_table_size,
        l_table=layout.l_table,
        m_table=layout.m_table,
        root=_root_record(root.lba, root.size, root.node.mtime),
        volume_id=options.volume_id,
        system_id=a_characters(options.system_id),
        volume_set_id=options.volume_set_id,
        publisher_id=a_characters(options.publisher),
        preparer_id=a_characters(options.preparer),
        application_id=a_characters(options.application_id),
        copyright_id=d_characters(options.copyright_file),
        abstract_id=d_characters(options.abstract_file),
        bibliographic_id=d_characters(options.biblio_file),
        application_use=options.application_use,
        creation=dates.creation,
        modification=dates.modification,
        expiration=dates.expiration,
        effective=dates.effective,
    ).pack()


def ucs2(text: bytes, characters: int) -> bytes:
    """A text as Joliet has it, cut to so many characters."""
    decoded = text.decode("utf-8", "replace")
    narrow = "".join(c if c < "\U00010000" else "_" for c in decoded)
    return narrow[:characters].encode("utf-16-be")


def supplementary(layout: Layout, space_size: int) -> bytes:
    """The descriptor of the Joliet tree."""
    options, joliet = layout.options, layout.joliet
    assert joliet is not None
    root, dates = joliet.directories[0], volume_dates(options)
    return VolumeDescriptor(
        type=DescriptorType.SUPPLEMENTARY,
        escapes=JOLIET_ESCAPE,
        space_size=space_size,
        path_table_size=joliet.path_table_size,
        l_table=joliet.l_table,
        m_table=joliet.m_table,
        root=_root_record(root.lba, root.size, root.node.mtime),
        volume_id=ucs2(options.volume_id, 16),
        system_id=ucs2(options.system_id, 16),
        volume_set_id=ucs2(options.volume_set_id, 64),
        publisher_id=ucs2(options.publisher, 64),
        preparer_id=ucs2(options.preparer, 64),
        application_id=ucs2(options.application_id, 64),
        copyright_id=ucs2(options.copyright_file, 18),
        abstract_id=ucs2(options.abstract_file, 18),
        bibliographic_id=ucs2(options.biblio_file, 18),
        creation=dates.creation,
        modification=dates.modification,
        expiration=dates.expiration,
        effective=dates.effective,
    ).pack()


def descriptor_set(layout: Layout, *, head: bool) -> bytes:
    """All descriptors and the terminator, for the session itself or for the head, which counts from block
    0.
    """
    space_size = layout.end if head else layout.size_blocks
    blocks = [primary(layout, space_size)]
    if layout.joliet is not None:
        blocks.append(supplementary(layout, space_size))
    return b"".join((*blocks, TERMINATOR))
