"""Which shared libraries a program needs, read from its ELF dynamic section."""

from __future__ import annotations

import struct
from dataclasses import dataclass

_MAGIC = b"\x7fELF\x02\x01"  # 64 bit, little-endian
_HEADER = struct.Struct("<16xHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")
_ENTRY = struct.Struct("<qQ")
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NULL, _DT_NEEDED, _DT_STRTAB = 0, 1, 5


@dataclass(frozen=True, slots=True)
class Needs:
    """What the dynamic loader has to find before a program can start."""

    interpreter: str | None
    libraries: tuple[str, ...]


def needs(data: bytes) -> Needs | None:
    """Return what an ELF file needs, or None if it isn't one.    Source: System V gABI, ch. 5."""
    if not data.startswith(_MAGIC):
        return None
    header = _HEADER.unpack_from(data)
    segments = [_SEGMENT.unpack_from(data, header[4] + index * _SEGMENT.size) for index in range(header[9])]
    interpreter: str | None = None
    dynamic: list[tuple[int, int]] = []
    for kind, _flags, offset, _vaddr, _paddr, size, _memory, _align in segments:
        if kind == _PT_INTERP:
            interpreter = data[offset : offset + size].rstrip(b"\0").decode()
        elif kind == _PT_DYNAMIC:
            dynamic = _entries(data[offset : offset + size])
    tables = [value for tag, value in dynamic if tag == _DT_STRTAB]
    if not tables:
        return Needs(interpreter, ())
    strings = _file_offset(tables[0], segments)
    names = (_string(data, strings + value) for tag, value in dynamic if tag == _DT_NEEDED)
    return Needs(interpreter, tuple(names))


def _entries(section: bytes) -> list[tuple[int, int]]:
    found = []
    for tag, value in _ENTRY.iter_unpack(section[: len(section) // _ENTRY.size * _ENTRY.size]):
        if tag == _DT_NULL:
            break
        found.append((tag, value))
    return found


def _file_offset(address: int, segments: list[tuple[int, ...]]) -> int:
    for kind, _flags, offset, vaddr, _paddr, size, _memory, _align in segments:
        if kind == _PT_LOAD and vaddr <= address < vaddr + size:
            return address - vaddr + offset
    return address


def _string(data: bytes, offset: int) -> str:
    return data[offset : data.index(b"\0", offset)].decode()
