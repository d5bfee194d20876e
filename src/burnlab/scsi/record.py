"""Structures as tables: where each field of a CDB or a reply lies, stated once for both directions."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

from burnlab.scsi.sense import Asc, CheckCondition, SenseKey
from burnlab.scsi.task import Data


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field lies: `width` bytes from `byte` on, big-endian, then `bits` above bit `shift`.

    `high` names a byte elsewhere that holds the field's more significant byte, as READ DISC INFORMATION
    and READ TRACK INFORMATION have it.
    """

    byte: int
    width: int = 1
    shift: int = 0
    bits: int = 0
    high: int | None = None
    signed: bool = False
    text: bool = False

    def read(self, data: Data) -> Any:
        """The field's value in `data`, which is long enough."""
        raw = data[self.byte : self.byte + self.width]
        if self.text:
            return bytes(raw)
        value = int.from_bytes(raw, "big", signed=self.signed)
        if self.high is not None:
            value |= data[self.high] << 8
        if self.bits:
            value = value >> self.shift & (1 << self.bits) - 1
        return value

    def write(self, data: bytearray, value: Any) -> None:
        """Put `value` into `data`; ValueError or OverflowError where it does not fit."""
        if self.text:
            if len(value) > self.width:
                raise ValueError(f"{value!r} is longer than {self.width} bytes")
            data[self.byte : self.byte + self.width] = bytes(value).ljust(self.width, b" ")
            return
        number = int(value)
        if self.high is not None:
            data[self.high] = number >> 8
            number &= 0xFF
        if self.bits:
            if number >> self.bits:
                raise ValueError(f"{number} does not fit into {self.bits} bits")
            number = number << self.shift | int.from_bytes(data[self.byte : self.byte + self.width], "big")
        data[self.byte : self.byte + self.width] = number.to_bytes(self.width, "big", signed=self.signed)


def at(byte: int, width: int = 1, *, default: int = 0, high: int | None = None, signed: bool = False) -> Any:
    """A number of `width` bytes at `byte`."""
    return field(default=default, metadata={"place": Place(byte, width, high=high, signed=signed)})


def bits(byte: int, shift: int, count: int, *, default: int = 0) -> Any:
    """A number of `count` bits of `byte`, the lowest of them bit `shift`."""
    return field(default=default, metadata={"place": Place(byte, shift=shift, bits=count)})


def bit(byte: int, shift: int, *, default: bool = False) -> Any:
    """One flag: bit `shift` of `byte`."""
    return bits(byte, shift, 1, default=default)


def text(byte: int, width: int) -> Any:
    """ASCII text, padded with blanks to `width` bytes."""
    return field(default=b"", metadata={"place": Place(byte, width, text=True)})


@dataclass(frozen=True, slots=True)
class Record:
    """A structure of fixed length. Reserved bits are ignored when read and zero when written."""

    LENGTH: ClassVar[int] = 0
    PRESET: ClassVar[bytes] = b""
    """Constant leading bytes, such as an opcode or the structure's own length field."""
    PLACES: ClassVar[tuple[tuple[str, Place, bool], ...]] = ()

    @classmethod
    def places(cls) -> tuple[tuple[str, Place, bool], ...]:
        """Each field's name, its place, and whether it is a flag."""
        if "PLACES" not in cls.__dict__:
            cls.PLACES = tuple(
                (f.name, f.metadata["place"], f.type in ("bool", bool))
                for f in fields(cls)
                if "place" in f.metadata
            )
        return cls.PLACES

    @classmethod
    def unpack(cls, data: Data) -> Self:
        """Read the structure; what `data` is too short for reads as zeros."""
        if len(data) < cls.LENGTH:
            data = bytes(data).ljust(cls.LENGTH, b"\0")
        return cls(**{n: bool(p.read(data)) if flag else p.read(data) for n, p, flag in cls.places()})

    def pack(self) -> bytes:
        """The structure's `LENGTH` bytes."""
        data = bytearray(self.LENGTH)
        data[: len(self.PRESET)] = self.PRESET
        for name, place, _ in self.places():
            place.write(data, getattr(self, name))
        return bytes(data)


@dataclass(frozen=True, slots=True)
class Cdb(Record):
    """A command descriptor block.    Source: SPC-4, 4.3.

    Every class states `OPCODE`; a command that returns parameter data calls its limit `allocation_length`.
    """

    OPCODE: ClassVar[int] = 0
    NAME: ClassVar[str] = ""

    @classmethod
    def parse(cls, cdb: Data) -> Self:
        """Read the CDB; 5/24/00 if it is shorter than the command needs."""
        if len(cdb) < cls.LENGTH:
            raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
        return cls.unpack(cdb)

    def pack(self) -> bytes:
        """The command's bytes, opcode first."""
        data = bytearray(super(Cdb, self).pack())
        data[0] = self.OPCODE
        return bytes(data)
