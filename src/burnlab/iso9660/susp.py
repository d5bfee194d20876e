"""System use fields of a record as a reader meets them: in any order, continued elsewhere, damaged.

Source: SUSP 1.12; RRIP 1.12, clause 4. What can't be used is told of and left out; nothing here raises for
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from burnlab.iso9660.aaip import unpack_attributes
from burnlab.iso9660.blocks import LBA_END
from burnlab.iso9660.ecma119 import BLOCK, ImageError, blocks_of, halves_agree
from burnlab.iso9660.rock_ridge import (
    Continuation,
    Field,
    NameFlags,
    PosixAttributes,
    TimeStamps,
    iter_fields,
    unpack_link,
    unpack_location,
    unpack_nm,
    unpack_pn,
)

GetBlocks: TypeAlias = Callable[[int, int], bytes]
Tell: TypeAlias = Callable[[str], None]

CONTINUED_BYTES: Final = 1 << 20
CONTINUED_AREAS: Final = 1024
NAME_BYTES: Final = 4095
BOTH_ORDERS: Final[dict[bytes, tuple[int, ...]]] = {
    b"PX": (0, 16, 24, 32),
    b"PN": (0, 8),
    b"CE": (0, 8, 16),
    b"CL": (0,),
}
"""Where the data of a field have numbers in both byte orders; the count of links isn't used."""


def continued_fields(use: bytes, get: GetBlocks, tell: Tell) -> Iterator[Field]:
    """All fields of a system use area and of the areas that CE fields lead to, with those.

    Areas are bounded in number, in length together, and none is visited twice. `get` gives blocks or raises
    ImageError.
    """
    area: bytes | None = use
    budget = CONTINUED_BYTES
    visited: set[tuple[int, int]] = set()
    while area is not None:
        pending: Continuation | None = None
        try:
            for field in iter_fields(area):
                yield field
                if field.signature != b"CE":
                    continue
                if pending is None:
                    pending = Continuation.unpack(field.data)
                else:
                    tell("Two CE fields in one area: the second one is ignored")
            if pending is None or not pending.length:
                return
            budget -= pending.length
            place = (pending.block, pending.offset)
            if place in visited or len(visited) >= CONTINUED_AREAS or budget < 0:
                raise ImageError("CE fields lead in a circle or too far")
            visited.add(place)
            area = read_area(pending, get)
        except ImageError as error:
            tell(str(error))
            return


def read_area(place: Continuation, get: GetBlocks) -> bytes:
    """The bytes that a CE field points to.

    Raises:
        ImageError: it can't point there.
    """
    if place.length > CONTINUED_BYTES or place.offset > CONTINUED_BYTES or place.block >= LBA_END:
        raise ImageError(f"CE field points to {place.length} bytes at {place.offset}: too many")
    first = place.block + place.offset // BLOCK
    start = place.offset % BLOCK
    return get(first, blocks_of(start + place.length))[start : start + place.length]


class NodeFacts:
    """What the fields of one record tell; None or empty where they don't.

    `agrees`: both byte orders of all numbers that count told the same.
    """

    __slots__ = (
        "_links",
        "_name_done",
        "_names",
        "_payload",
        "_payload_done",
        "agrees",
        "child",
        "device",
        "extensions",
        "is_compressed",
        "is_relocated",
        "posix",
        "times",
    )

    def __init__(self) -> None:
        """Nothing known."""
        self.posix: PosixAttributes | None = None
        self.times: TimeStamps | None = None
        self.device = 0
        self.child: int | None = None
        self.is_relocated = False
        self.is_compressed = False
        self.agrees = True
        self.extensions: list[bytes] = []
        self._names: list[bytes] = []
        self._name_done = False
        self._links: list[bytes] = []
        self._payload: list[bytes] = []
        self._payload_done = False

    @property
    def has_name(self) -> bool:
        """Whether there was any NM field that carries a name."""
        return bool(self._names)

    @property
    def name(self) -> bytes:
        """The name, joined, as it stands in the fields."""
        return b"".join(self._names)

    def target(self, tell: Tell) -> bytes:
        """The target of a symbolic link; empty if it can't be told."""
        try:
            return unpack_link(self._links)
        except ImageError as error:
            tell(str(error))
            return b""

    def attributes(self, tell: Tell) -> dict[bytes, bytes]:
        """Attributes by full name, as stored in AL fields."""
        if not self._payload:
            return {}
        try:
            return unpack_attributes(b"".join(self._payload))
        except ImageError as error:
            tell(str(error))
            return {}

    def take(self, fields: Iterator[Field], tell: Tell) -> NodeFacts:
        """Take fields in; those that nobody knows are passed over."""
        for field in fields:
            if any(not halves_agree(field.data, at, 4) for at in BOTH_ORDERS.get(field.signature, ())):
                self.agrees = False
            handler = HANDLERS.get(field.signature)
            if handler is None or field.version != 1:
                continue
            try:
                handler(self, field.data)
            except ImageError as error:
                tell(str(error))
        return self

    def _take_px(self, data: bytes) -> None:
        self.posix = PosixAttributes.unpack(data)

    def _take_tf(self, data: bytes) -> None:
        self.times = TimeStamps.unpack(data)

    def _take_pn(self, data: bytes) -> None:
        self.device = unpack_pn(data)

    def _take_cl(self, data: bytes) -> None:
        self.child = unpack_location(data)

    def _take_re(self, data: bytes) -> None:  # noqa: ARG002 - it has no data
        self.is_relocated = True

    def _take_zf(self, data: bytes) -> None:  # noqa: ARG002 - stored bytes are what counts here
        self.is_compressed = True

    def _take_er(self, data: bytes) -> None:
        self.extensions.append(data[4 : 4 + data[0]] if len(data) > 4 else b"")

    def _take_nm(self, data: bytes) -> None:
        flags, text = unpack_nm(data)
        if flags & (NameFlags.CURRENT | NameFlags.PARENT):
            return
        if self._name_done:
            raise ImageError("Another NM field behind the last one of the name")
        if sum(map(len, self._names)) + len(text) > NAME_BYTES:
            raise ImageError("Name of more than 4095 bytes")
        self._names.append(text)
        self._name_done = not flags & NameFlags.CONTINUE

    def _take_sl(self, data: bytes) -> None:
        self._links.append(data)

    def _take_al(self, data: bytes) -> None:
        if not data or self._payload_done:
            raise ImageError("AL field that doesn't belong to any list")
        self._payload.append(data[1:])
        self._payload_done = not data[0] & 1


HANDLERS: Final[dict[bytes, Callable[[NodeFacts, bytes], None]]] = {
    b"PX": NodeFacts._take_px,
    b"TF": NodeFacts._take_tf,
    b"PN": NodeFacts._take_pn,
    b"CL": NodeFacts._take_cl,
    b"RE": NodeFacts._take_re,
    b"ZF": NodeFacts._take_zf,
    b"ER": NodeFacts._take_er,
    b"NM": NodeFacts._take_nm,
    b"SL": NodeFacts._take_sl,
    b"AL": NodeFacts._take_al,
}
