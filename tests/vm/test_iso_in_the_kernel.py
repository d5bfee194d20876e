"""An image of ours as the Linux kernel sees it, in the guest's virtual DVD-ROM."""

from __future__ import annotations

from pathlib import Path

import pytest

from burnlab.iso9660 import ImageOptions, grow_image, write_image
from burnlab.vm import micro_guest
from support.foreign_readers import DIRECTORY, Seen, change_tree, make_tree, on_disk

pytestmark = pytest.mark.vm

LOOK = """
mkdir -p /tmp/m && mount -t iso9660 -o ro /dev/sr0 /tmp/m && cd /tmp/m || exit 9
find . -mindepth 1 -type d | sed 's/^/D /'
find . -type l | while read -r path; do echo "L $path -> $(readlink "$path")"; done
find . -type f -exec md5sum {} + | sed 's/^/F /'
"""


def seen_by_the_kernel(text: str) -> Seen:
    seen: Seen = {}
    for line in text.splitlines():
        if line.startswith("D ./"):
            seen[line[4:]] = DIRECTORY
        elif line.startswith("L ./"):
            path, _, target = line[4:].partition(" -> ")
            seen[path] = f"-> {target}"
        elif line.startswith("F "):
            digest, _, path = line[2:].partition("  ./")
            seen[path] = digest
    return seen


def test_the_kernel_mounts_a_grown_image(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree")
    image = tmp_path / "ours.iso"
    options = ImageOptions(now=1_600_000_000, md5=True, joliet=True)
    write_image(tree, image, options)
    grow_image(image, change_tree(tree), options)
    with micro_guest(cdrom=image, progress=print) as guest:
        result = guest.run(LOOK, timeout=120)
    assert result.exit_code == 0, result.stderr
    assert seen_by_the_kernel(result.stdout) == on_disk(tree)
