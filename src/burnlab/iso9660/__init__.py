"""ISO 9660 images with Rock Ridge, AAIP checksums and Joliet: make, read, grow, check, extract.

The names below can be imported from here; each is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from burnlab.iso9660.image import check_image, extract_image, grow_image, open_image, write_image
    from burnlab.iso9660.options import ImageOptions
    from burnlab.iso9660.scan import ScanOptions, scan_path

_WHERE: Final = {
    "ImageOptions": "options",
    "ScanOptions": "scan",
    "check_image": "image",
    "extract_image": "image",
    "grow_image": "image",
    "open_image": "image",
    "scan_path": "scan",
    "write_image": "image",
}

__all__ = [
    "ImageOptions",
    "ScanOptions",
    "check_image",
    "extract_image",
    "grow_image",
    "open_image",
    "scan_path",
    "write_image",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
