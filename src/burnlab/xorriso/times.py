"""Times of files in the image that are set all together when it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from burnlab.iso9660.tree import walk

if TYPE_CHECKING:
    from burnlab.xorriso.program import Program

KEEP_MTIME: Final = "set_to_mtime"


def set_all_times(program: Program) -> None:
    """Give all nodes the time that `-volume_date all_file_dates` has set."""
    volume = program.volume
    text = volume.dates.all_files
    if not text or text == KEEP_MTIME or volume.root is None:
        return
    seconds = int(text)
    for node in walk(volume.root):
        node.mtime = node.atime = node.ctime = seconds
