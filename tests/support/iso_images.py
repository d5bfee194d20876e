"""Sample images of tests/golden/iso: unpacked in memory, with the facts that are known about them."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from burnlab.iso9660.ecma119 import BLOCK

GOLDEN = Path(__file__).parent.parent / "golden" / "iso"
SAMPLES = ("rich", "two", "joliet", "sequential", "eltorito")


@cache
def sample_facts(name: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    return facts


@cache
def sample_image(name: str) -> bytes:
    (path,) = GOLDEN.glob(f"{name}.*.gz")
    return gzip.decompress(path.read_bytes())


class Blocks:
    """Blocks of an image in memory, with the longest and the sum of all reads."""

    def __init__(self, data: bytes, bad: frozenset[int] = frozenset()) -> None:
        self.data = data
        self.bad = bad
        self.longest = 0
        self.total = 0

    @property
    def blocks(self) -> int:
        return len(self.data) // BLOCK

    def __call__(self, lba: int, count: int) -> bytes:
        if any(block in self.bad for block in range(lba, lba + count)):
            raise OSError(5, "medium error")
        data = self.data[lba * BLOCK : (lba + count) * BLOCK]
        self.longest = max(self.longest, len(data))
        self.total += len(data)
        return data
