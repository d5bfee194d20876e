"""Burns sessions onto a disc folder until it is killed, and tells on stdout what it has closed.

Usage: burn_until_killed.py PATH SEED. A line `closed NUMBER START BLOCKS` is written once the session's
closing has returned, `open START` before the first block of a track.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from burnlab.disc import WriteType
from burnlab.disc.folder import open_disc

BLOCK_BYTES = 2048


def block(lba: int) -> bytes:
    """A block that tells its own address."""
    return lba.to_bytes(8, "big") * (BLOCK_BYTES // 8)


def main() -> None:
    """Burn until the end of the medium or of the process."""
    path, seed = Path(sys.argv[1]), int(sys.argv[2])
    dice = random.Random(seed)
    disc = open_disc(path)
    number = len(disc.state.tracks)
    while disc.next_writable is not None:
        number += 1
        start = lba = disc.next_writable
        print("open", start, flush=True)
        for _ in range(dice.randrange(1, 120)):
            data = b"".join(block(n) for n in range(lba, lba + 16))
            disc.write(lba, data, WriteType.INCREMENTAL)
            lba += 16
            if dice.random() < 0.05:
                disc.synchronize()
        disc.synchronize()
        disc.close_track(number)
        disc.close_session(appendable=True)
        print("closed", number, start, lba - start, flush=True)


if __name__ == "__main__":
    main()
