"""Payloads: folders of files that a plan burns, the same bytes on every machine.

A payload is stated by how many files and folders it has and by how many blocks of 2048 bytes its files
fill together, so that a plan can ask for an image of an exact size.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK_BYTES = 2048
SMALL_FILE_BYTES = 12_000
CHUNK_BYTES = 4 << 20


class PayloadError(Exception):
    """A payload whose numbers can't be met."""


@dataclass(frozen=True, slots=True)
class PayloadShape:
    """What a payload folder holds.

    `files` data files in `folders` folders fill exactly `blocks` blocks; `big` of them are big and share
    what the small ones leave. Random content comes from `seed`; `sparse` content is zeros without disk space.
    """

    files: int
    folders: int
    blocks: int
    big: int = 1
    seed: int = 1
    sparse: bool = False


@dataclass(frozen=True, slots=True)
class PayloadFile:
    """One file of a payload: its path below the payload's folder and its length."""

    path: str
    length_bytes: int


@dataclass(frozen=True, slots=True)
class PayloadFacts:
    """What a plan may ask about a payload.

    `nodes` is what a burn program reports as added (files and folders), `probe` a small file to look at
    again on the disc, `probe_md5` the MD5 of its content.
    """

    nodes: int
    bytes: int
    blocks: int
    probe: str
    probe_md5: str


def lay_out(shape: PayloadShape) -> list[PayloadFile]:
    """Decide every path and length of a payload; nothing is written."""
    if not 1 <= shape.big < shape.files or shape.folders < 1:
        raise PayloadError("a payload needs at least one folder, one big file and one small file")
    chance = random.Random(shape.seed)
    lengths = [chance.randrange(1, SMALL_FILE_BYTES) for _ in range(shape.files - shape.big)]
    left = shape.blocks - sum(_blocks(length) for length in lengths)
    if left < shape.big:
        raise PayloadError(
            f"{shape.blocks} blocks are too few for {shape.files} files: the small ones fill"
            f" {shape.blocks - left} already"
        )
    share, rest = divmod(left, shape.big)
    for number in range(shape.big):
        blocks = share + (rest if number == 0 else 0)
        lengths.append(blocks * BLOCK_BYTES - chance.randrange(BLOCK_BYTES))
    return [
        PayloadFile(f"d{number % shape.folders:04}/f{number:05}.dat", length)
        for number, length in enumerate(lengths)
    ]


def content(shape: PayloadShape, file: PayloadFile) -> Iterator[bytes]:
    """The bytes of one file, a chunk at a time; they depend on the seed and the path only."""
    chance = random.Random(f"{shape.seed}:{file.path}")
    left = file.length_bytes
    while left > 0:
        step = min(left, CHUNK_BYTES)
        yield bytes(step) if shape.sparse else chance.randbytes(step)
        left -= step


def describe(shape: PayloadShape) -> PayloadFacts:
    """Facts of a payload, without writing it."""
    files = lay_out(shape)
    probe = files[0]
    digest = hashlib.md5(usedforsecurity=False)
    for chunk in content(shape, probe):
        digest.update(chunk)
    return PayloadFacts(
        nodes=shape.files + shape.folders,
        bytes=sum(file.length_bytes for file in files),
        blocks=shape.blocks,
        probe=probe.path,
        probe_md5=digest.hexdigest(),
    )


def write_payload(shape: PayloadShape, folder: Path) -> None:
    """Write a payload into `folder`, which is made if it isn't there."""
    for number in range(shape.folders):
        (folder / f"d{number:04}").mkdir(parents=True, exist_ok=True)
    for file in lay_out(shape):
        with (folder / file.path).open("wb") as out:
            if shape.sparse:
                out.truncate(file.length_bytes)
                continue
            for chunk in content(shape, file):
                out.write(chunk)


def _blocks(length_bytes: int) -> int:
    return -(-length_bytes // BLOCK_BYTES)
