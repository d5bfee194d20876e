"""Reading the content of files in the image, wherever it is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from burnlab.iso9660.tree import Content, CopiedContent, DiskContent, ImageContent, MemoryContent

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

BLOCK: Final = 2048
CHUNK_BLOCKS: Final = 256
CHUNK_BYTES: Final = CHUNK_BLOCKS * BLOCK


def chunks_of(program: Program, content: Content) -> Iterator[bytes]:
    """The bytes of a content, piece by piece.

    Raises:
        OSError: it can't be read, or not as far as its size says.
    """
    if isinstance(content, MemoryContent):
        yield content.data
    elif isinstance(content, DiskContent):
        with open(content.path, "rb") as file:
            while data := file.read(CHUNK_BYTES):
                yield data
    else:
        yield from _image_chunks(program, content)


def _image_chunks(program: Program, content: ImageContent | CopiedContent) -> Iterator[bytes]:
    drive = program.volume.indev
    left = content.size
    for lba, size in content.extents:
        at = 0
        size = min(size, left)
        left -= size
        while at < size:
            if drive is None:
                raise OSError("No input drive to read content from")
            wanted = min(CHUNK_BYTES, size - at)
            data = drive.read(lba + at // BLOCK, (wanted + BLOCK - 1) // BLOCK)
            if len(data) < wanted:
                raise OSError(f"Image ends at block {lba + (at + len(data)) // BLOCK}")
            yield data[:wanted]
            at += wanted


def md5_of(program: Program, content: Content) -> bytes:
    """The MD5 of a content.

    Raises:
        OSError: it can't be read.
    """
    digest = hashlib.md5(usedforsecurity=False)
    for data in chunks_of(program, content):
        digest.update(data)
    return digest.digest()


def first_block(content: Content) -> int:
    """Where the content begins in the loaded image; 0 if it doesn't."""
    return content.extents[0].lba if isinstance(content, ImageContent) and content.extents else 0
