"""What a report shows of a medium: state by its head, sessions real or emulated, room for more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from burnlab.burn.drive import Access, Identity, Medium, Status, Track
from burnlab.burn.plain import PlainDrive
from burnlab.iso9660.ecma119 import DirectoryRecord, FileFlags, VolumeDescriptor, pack_date7
from burnlab.xorriso.medium_view import Row, describe_bytes, look

BLOCK = 2048


class Drive(PlainDrive):
    """Blocks in memory under any medium."""

    address = "x"
    identity = Identity("V", "P", "R")

    def __init__(self, medium: Medium, data: bytes = b"", error: OSError | None = None) -> None:
        self._medium = medium
        self.data = data
        self.error = error

    def medium(self) -> Medium:
        return self._medium

    def read(self, lba: int, blocks: int, /) -> bytes:
        if self.error is not None:
            raise self.error
        return self.data[lba * BLOCK : (lba + blocks) * BLOCK]


def descriptor(size: int, name: str) -> bytes:
    root = DirectoryRecord(b"\0", 20, BLOCK, pack_date7(0), FileFlags.DIRECTORY)
    head = VolumeDescriptor(
        volume_id=name.encode(), space_size=size, path_table_size=10, l_table=18, m_table=19, root=root
    )
    return head.pack()


def image(blocks: int, *heads: tuple[int, int, str]) -> bytes:
    """Zeros with volume descriptors: start of the session, its size, its volume id."""
    data = bytearray(blocks * BLOCK)
    for start, size, name in heads:
        at = (start + 16) * BLOCK
        data[at : at + BLOCK] = descriptor(size, name)
    return bytes(data)


def overwritable(data: bytes, free: int = 10_000) -> Drive:
    medium = Medium(
        Status.UNKNOWN if data else Status.BLANK,
        Access.OVERWRITABLE,
        next_writable=32,
        free_blocks=free,
        readable_blocks=-(-len(data) // BLOCK),
    )
    return Drive(medium, data)


def test_nothing_at_all() -> None:
    view = look(overwritable(b""))
    assert (view.status, view.rows, view.next_start) == (Status.BLANK, (), 32)
    assert (view.free, view.writable, view.overall, view.readable) == (9968, 10_000, 10_000, 0)
    assert look(overwritable(b""), without_emulation=True).next_start == 0


def test_a_format_of_which_nothing_is_written_yet() -> None:
    drive = overwritable(b"")
    drive._medium = replace(drive._medium, status=Status.UNKNOWN)
    drive.error = OSError(5, "Input/output error")
    view = look(drive)
    assert (view.status, view.rows) == (Status.CLOSED, ())


def test_zeros_are_blank_and_anything_else_is_closed() -> None:
    assert look(overwritable(bytes(100 * BLOCK))).status is Status.BLANK
    view = look(overwritable(bytes(100 * BLOCK - 1) + b"x"))
    assert view.status is Status.BLANK, "what lies behind the head doesn't count"
    view = look(overwritable(b"x" + bytes(100_000)))
    assert (view.status, view.free, view.next_start) == (Status.CLOSED, 0, None)
    assert view.rows == (Row("Other", "session", 1, 49, 49),)


def test_a_chain_of_sessions() -> None:
    data = image(400, (0, 151, "SECOND"), (32, 80, "FIRST"), (128, 23, "SECOND"))
    view = look(overwritable(data))
    assert view.rows == (
        Row("ISO", "session", 1, 32, 80, "FIRST"),
        Row("ISO", "session", 2, 128, 23, "SECOND"),
    )
    assert (view.status, view.data_blocks, view.next_start) == (Status.APPENDABLE, 103, 160)
    assert (view.readable, view.writable, view.overall, view.load_start) == (160, 9840, 10_000, 0)
    assert (view.start_of("session", 2), view.start_of("track", 1), view.start_of("session", 3)) == (
        128,
        32,
        None,
    )


def test_an_invalidated_image_is_blank() -> None:
    data = bytearray(image(200, (0, 100, "X")))
    data[16 * BLOCK + 1 : 16 * BLOCK + 6] = b"CDXX1"
    assert look(overwritable(bytes(data))).status is Status.BLANK


def test_a_broken_chain_is_told() -> None:
    data = image(400, (0, 300, "X"), (32, 80, "X"))
    view = look(overwritable(data))
    assert view.warnings == ("Chain of ISO session headers broken at #2, LBA 128s",)
    assert view.rows[-1] == Row("ISO", "session", 2, 0, 300, "X")


def test_an_unreadable_file_counts_as_blank_and_says_why() -> None:
    drive = overwritable(bytes(BLOCK))
    drive.error = PermissionError(13, "Permission denied")
    view = look(drive)
    assert (view.status, view.trouble) == (Status.BLANK, "Permission denied")
    drive.error = OSError(5, "Input/output error")
    assert look(drive).status is Status.CLOSED


def sequential(status: Status, tracks: tuple[Track, ...], data: bytes) -> Drive:
    medium = Medium(status, Access.SEQUENTIAL, 0x11, "DVD-R", tracks, 600, 1000, 500, speed_unit=("D", 1))
    return Drive(medium, data)


def test_sessions_of_a_real_table_of_contents() -> None:
    tracks = (
        Track(1, 1, 0, 100),
        Track(2, 2, 304, 64),
        Track(2, 3, 368, 32),
        Track(3, 4, 500, 16, is_complete=False),
    )
    view = look(sequential(Status.APPENDABLE, tracks, image(600, (0, 80, "A"), (304, 70, "B"))))
    assert view.rows == (
        Row("ISO", "session", 1, 0, 80, "A"),
        Row("ISO", "session", 2, 304, 64, "B"),
        Row("Other", "track", 3, 368, 32),
        Row("Incmp", "session", 3, 500, 16),
    )
    assert view.warnings == ("Session 2 bears ISO image size 70s larger than track size 64s",)
    assert (view.sessions, view.data_blocks, view.load_start, view.overall) == (2, 196, 304, 1600)


def test_audio_tracks_have_no_image() -> None:
    tracks = (Track(1, 1, 0, 100, is_data=False),)
    view = look(sequential(Status.CLOSED, tracks, image(200, (0, 80, "A"))))
    assert view.rows == (Row("Other", "session", 1, 0, 100),)


def test_a_size_that_the_medium_tells_itself() -> None:
    drive = sequential(Status.CLOSED, (), b"")
    drive._medium = replace(drive._medium, overall_blocks=2298496, next_writable=None)
    view = look(drive)
    # Some drives go on counting free blocks behind what is closed.
    assert (view.overall, view.writable, view.free) == (2298496, 1000, 1000)


@pytest.mark.parametrize(
    ("blocks", "text"), [(80, " 160k"), (49, "98.0k"), (271744, " 531m"), (11763744, "22.4g"), (0, "    0")]
)
def test_sizes_in_five_characters(blocks: int, text: str) -> None:
    assert describe_bytes(blocks) == text
