"""How fast a tree in memory gets onto an emulated BD-RE, beside the same tree into an image file: a ratio.

python bench/burn_speed.py [--mebibytes 2048] [--rounds 3] [--profile]

Both ways record MD5 of everything, both end on stable storage. They take turns, and the best round of each
counts: a machine that others use, too, is never faster than it is, but often slower. Needs twice the size in
the folder for temporary files (TMPDIR), one after the other.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from burnlab.api import ImageOptions, open_disc_drive
from burnlab.disc.folder import create
from burnlab.iso9660 import write_image
from burnlab.iso9660.tree import Directory, File, MemoryContent, new_root

FILE_BYTES = 64 << 20
LIMIT = 1.2


def tree(mebibytes: int) -> Directory:
    """Files of 64 MiB with contents in memory; they share one run of bytes, and are hashed each."""
    data = bytes(range(256)) * (FILE_BYTES // 256)
    root = new_root()
    for number in range(-(-(mebibytes << 20) // FILE_BYTES)):
        root.add(File(name=b"f%03d" % number, mode=0o100644, content=MemoryContent(data)))
    return root


def into_file(folder: Path, root: Directory, options: ImageOptions) -> float:
    """Seconds for an image file."""
    start = time.perf_counter()
    write_image(root, folder / "image.iso", options)
    return time.perf_counter() - start


def onto_disc(folder: Path, root: Directory, options: ImageOptions) -> float:
    """Seconds for a new BD-RE, formatted on the way."""
    create(folder / "bench.disc", "bd-re")
    start = time.perf_counter()
    with open_disc_drive(f"disc:{folder / 'bench.disc'}") as drive:
        drive.burn(root, options)
    return time.perf_counter() - start


def timed(way: object, root: Directory) -> float:
    """One round of a way, in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="burn-speed-"))
    try:
        return way(folder, root, ImageOptions(now=0, md5=True))  # type: ignore[operator,no-any-return]
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """Measure, print, and fail if it is too slow."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mebibytes", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="show where burning spends its time")
    wish = parser.parse_args()
    root = tree(wish.mebibytes)
    if wish.profile:
        import cProfile

        cProfile.runctx("timed(onto_disc, root)", globals(), locals(), sort="tottime")
        return
    best: dict[str, float] = {}
    for _ in range(wish.rounds):
        for name, way in (("image file", into_file), ("BD-RE", onto_disc)):
            seconds = timed(way, root)
            best[name] = min(seconds, best.get(name, seconds))
            print(f"{name:10}  {seconds:6.2f} s  {wish.mebibytes / seconds:6.0f} MiB/s", flush=True)
    ratio = best["BD-RE"] / best["image file"]
    print(
        f"{wish.mebibytes} MiB with MD5, best of {wish.rounds}: "
        f"BD-RE / image file = {ratio:.2f} (limit {LIMIT})"
    )
    sys.exit(ratio > LIMIT)


if __name__ == "__main__":
    main()
