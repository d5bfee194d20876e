"""What boots from the loaded image, as reports show it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from burnlab.iso9660.tree import File, ImageContent, walk
from burnlab.xorriso.words import quote

if TYPE_CHECKING:
    from burnlab.iso9660.load import LoadedImage
    from burnlab.iso9660.tree import Directory
    from burnlab.xorriso.program import Program

SYSTEM_AREA_BLOCKS: Final = 16
MBR_SIGNATURE: Final = b"\x55\xaa"
PLATFORM_PC: Final = 0


def boot_record(program: Program, image: LoadedImage) -> str:
    """What the image has to boot from: El Torito, and its system area; empty if there is nothing."""
    drive = program.volume.indev
    area = b""
    if drive is not None:
        try:
            area = drive.read(image.base, SYSTEM_AREA_BLOCKS)
        except OSError:
            area = b""
    kind = ""
    if area.strip(b"\0"):
        kind = "MBR" if area[510:512] == MBR_SIGNATURE else "not-recognized"
    torito = "El Torito" if image.boot_catalog is not None else ""
    if kind and not torito:
        torito = "(system area only)"
    return " , ".join(text for text in (torito, kind) if text)


def boot_lines(program: Program) -> Iterator[str]:
    """Paths of the boot catalog and of what boots."""
    loaded, root = program.volume.loaded, program.volume.root
    if loaded is None or root is None or loaded.boot_catalog is None:
        return
    catalog = loaded.boot_catalog
    paths = _paths_of(root, {catalog.lba, *(image.lba for image in catalog.images)})
    yield f"Boot catalog : {_shown(paths, catalog.lba)}"
    for image in catalog.images:
        platform = f" , platform_id=0x{image.platform:02X} " if image.platform != PLATFORM_PC else ""
        yield f"Boot image   : {_shown(paths, image.lba)}{platform}"


def _paths_of(root: Directory, blocks: set[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for node in walk(root):
        if isinstance(node, File) and isinstance(node.content, ImageContent) and node.content.extents:
            lba = node.content.extents[0].lba
            if lba in blocks:
                found.setdefault(lba, node.path().decode("utf-8", "surrogateescape"))
    return found


def _shown(paths: dict[int, str], lba: int) -> str:
    return quote(paths[lba]) if lba in paths else f"-not-found-any-more-by-lba={lba}"


def drop_boot_catalog(program: Program) -> None:
    """Take the boot catalog out of the tree: what boots isn't carried over into a new session."""
    loaded, root = program.volume.loaded, program.volume.root
    if loaded is None or root is None or loaded.boot_catalog is None:
        return
    lba = loaded.boot_catalog.lba
    for node in list(walk(root)):
        if isinstance(node, File) and isinstance(node.content, ImageContent):
            extents = node.content.extents
            if extents and extents[0].lba == lba and node.content.size and node.parent is not None:
                node.parent.remove(node.name)
                return
