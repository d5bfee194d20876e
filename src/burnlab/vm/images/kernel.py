"""What a Debian kernel package holds: the image, and modules with their dependencies."""

from __future__ import annotations

import lzma
import re
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from burnlab.vm.errors import HostFault
from burnlab.vm.images.recipes import OPTIONAL_MODULES

_DEPENDS = re.compile(rb"\0depends=([^\0]*)\0")
_SETUP_SECTORS, _HEADER_MAGIC, _PAYLOAD = 0x1F1, 0x202, 0x248
_SUFFIX = re.compile(r"\.ko(\.xz|\.gz|\.zst)?$")


def module_name(path: str) -> str:
    """Return the name under which the kernel knows a module file: dashes count as underscores."""
    return _SUFFIX.sub("", path.rpartition("/")[2]).replace("-", "_")


@dataclass(slots=True)
class KernelTree:
    """An unpacked kernel package."""

    root: Path
    release: str = field(init=False)
    image: Path = field(init=False)
    _files: dict[str, Path] = field(init=False)
    _builtin: set[str] = field(init=False)

    def __post_init__(self) -> None:
        images = sorted((self.root / "boot").glob("vmlinuz-*"))
        if len(images) != 1:
            raise HostFault(
                f"the kernel package holds {len(images)} kernels instead of one",
                "Report this with the version of the package linux-image-amd64.",
            )
        self.image = images[0]
        self.release = self.image.name.removeprefix("vmlinuz-")
        folders = [self.root / "usr/lib/modules" / self.release, self.root / "lib/modules" / self.release]
        folder = next((path for path in folders if path.is_dir()), folders[0])
        found = (path for path in folder.rglob("*.ko*") if _SUFFIX.search(path.name))
        self._files = {module_name(path.name): path for path in found}
        builtin = folder / "modules.builtin"
        lines = builtin.read_text().splitlines() if builtin.exists() else []
        self._builtin = {module_name(line) for line in lines}

    def read(self, name: str) -> bytes:
        """Return a module's bytes, uncompressed, so that the smallest insmod can load it."""
        path = self._files[name]
        data = path.read_bytes()
        if path.suffix == ".xz":
            return lzma.decompress(data)
        if path.suffix != ".ko":
            raise HostFault(
                f"the kernel's modules are compressed in a way burnlab doesn't know: {path.name}",
                "Report this with the version of the package linux-image-amd64.",
            )
        return data

    def in_load_order(self, names: Iterable[str]) -> list[str]:
        """Return the modules and what they depend on, each after those it needs; built-in ones drop out.

        Raises HostFault for a module that this kernel doesn't have.
        """
        order: list[str] = []
        for name in names:
            self._visit(name.replace("-", "_"), order)
        return order

    def _visit(self, name: str, order: list[str]) -> None:
        if name in order or name in self._builtin:
            return
        if name not in self._files:
            if name in OPTIONAL_MODULES:
                return
            raise HostFault(
                f"the kernel {self.release} has no module {name}",
                "Report this with the version of the package linux-image-amd64.",
            )
        found = _DEPENDS.search(self.read(name))
        for needed in (found[1].decode() if found else "").split(","):
            if needed:
                self._visit(needed.replace("-", "_"), order)
        order.append(name)


def write_fast_image(image: Path, destination: Path) -> None:
    """Store a kernel so that it starts as fast as possible: unpacked, if its packing is a known one.

    A kernel that unpacks itself spends more than two seconds on it without KVM. QEMU starts the ELF file
    inside directly by its PVH entry, which Debian's kernels have.
    Source: Linux, Documentation/arch/x86/boot.rst, payload_offset and payload_length.
    """
    data = image.read_bytes()
    destination.write_bytes(_payload(data) or data)


def _payload(data: bytes) -> bytes | None:
    if data[_HEADER_MAGIC : _HEADER_MAGIC + 4] != b"HdrS":
        return None
    offset, length = struct.unpack_from("<II", data, _PAYLOAD)
    start = ((data[_SETUP_SECTORS] or 4) + 1) * 512 + offset
    packed = data[start : start + length]
    try:
        # The kernel's build appends the unpacked size, which is no part of the packed stream.
        if packed.startswith(b"\xfd7zXZ\0"):
            unpacked = lzma.LZMADecompressor().decompress(packed)
        elif packed.startswith(b"\x1f\x8b"):
            unpacked = zlib.decompressobj(wbits=31).decompress(packed)
        else:
            return None
    except (lzma.LZMAError, zlib.error):
        return None
    return unpacked if unpacked.startswith(b"\x7fELF") and b"Xen\0" in unpacked else None
