"""The walkthrough's payloads give the scenario's image sizes when the real xorriso makes images of them.

No recorder takes part: the images go to a file, each at the address where its session would begin.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from burnlab.lab.loading import load_plan
from burnlab.lab.payload import BLOCK_BYTES, write_payload
from burnlab.lab.plan import Case
from burnlab.lab.run import shape_of

pytestmark = [
    pytest.mark.compat,
    pytest.mark.skipif(shutil.which("xorriso") is None, reason="xorriso isn't installed"),
]

SAID = re.compile(r"ISO image produced: (\d+) sectors\nWritten to medium : \d+ sectors at LBA (\d+)")
EXPECTED = [
    # sessions of one disc: payload, image, address
    [("bin", 52735, 0)],
    [("lib", 106646, 0), ("bin", 53251, 135488), ("sbin", 16002, 195056)],
    [("old1", 106696, 0), ("old2", 108385, 135536), ("old3", 56202, 250240)],
]


@dataclass
class ImageFile:
    """A file that grows by sessions as a disc does."""

    path: Path
    last: int | None = None

    def append(self, payload: Path, lba: int) -> int:
        """Add a session at an address; returns the image's blocks."""
        words = ["xorriso", "-md5", "on"]
        if self.last is not None:
            words += [
                "-load",
                "sbsector",
                str(self.last),
                "-grow_blindly",
                str(lba),
                "-indev",
                f"stdio:{self.path}",
            ]
        words += ["-outdev", "-", "-map", str(payload), f"/payload/{payload.name}", "--"]
        session = self.path.with_suffix(".session")
        with session.open("wb") as out:
            done = subprocess.run(words, stdout=out, stderr=subprocess.PIPE, text=True)
        found = SAID.search(done.stderr)
        assert found, done.stderr
        with session.open("rb") as source, self.path.open("r+b" if self.path.exists() else "wb") as target:
            target.seek(lba * BLOCK_BYTES)
            shutil.copyfileobj(source, target, 1 << 22)
        self.last = lba
        return int(found[1])


@pytest.mark.parametrize(
    "sessions", EXPECTED, ids=["one session", "three sessions", "the disc at the beginning"]
)
def test_image_sizes(sessions, tmp_path):
    payloads = load_plan("walkthrough").plan.payloads_for(Case("dvd-rw", "full"))
    disc = ImageFile(tmp_path / "disc")
    for name, image, lba in sessions:
        write_payload(shape_of(payloads[name]), tmp_path / name)
        assert (name, disc.append(tmp_path / name, lba)) == (name, image)
        shutil.rmtree(tmp_path / name)
