"""The initiator's end for tests of the target: packs requests, unpacks responses, no sockets.

`Pair` joins it with a `TargetConnection` in memory and holds the clock. Every helper is plain: the tests say
which bytes go, and look at which PDUs come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from burnlab.iscsi.connection import TargetConnection
from burnlab.iscsi.events import Event, TaskReady
from burnlab.iscsi.framing import NO_DIGESTS, Digests, Frame, FrameReader, frame_parts
from burnlab.iscsi.keys import decode_text, encode_text
from burnlab.iscsi.limits import DEFAULT_LIMITS, Limits
from burnlab.iscsi.login import LoginTerms
from burnlab.iscsi.pdu import (
    FINAL,
    DataIn,
    Header,
    LoginRequest,
    LoginResponse,
    Request,
    ScsiCommand,
    ScsiResponse,
)
from burnlab.scsi.task import Data, Reply, Task
from support.iscsi_headers import unpack_header

IQN = "iqn.2024-01.test:target"
INITIATOR = "iqn.2024-01.test:initiator"
ISID = bytes.fromhex("80aabbccddee")
TEST_UNIT_READY = bytes(16)

NORMAL_KEYS = {
    "InitialR2T": "No",
    "ImmediateData": "Yes",
    "MaxRecvDataSegmentLength": "65536",
    "MaxBurstLength": "262144",
    "FirstBurstLength": "65536",
    "MaxOutstandingR2T": "1",
}


def pdu(header: Header, data: Data = b"", digests: Digests = NO_DIGESTS, ahs: bytes = b"") -> bytes:
    """One PDU as bytes."""
    return b"".join(frame_parts(header.pack(len(data), len(ahs) // 4), data, digests, ahs))


def read10(lba: int, blocks: int) -> bytes:
    """The CDB, padded to 16 bytes."""
    return b"\x28\0" + lba.to_bytes(4, "big") + b"\0" + blocks.to_bytes(2, "big") + bytes(7)


def write10(lba: int, blocks: int) -> bytes:
    """The CDB, padded to 16 bytes."""
    return b"\x2a" + read10(lba, blocks)[1:]


def inquiry(length: int = 96) -> bytes:
    """The CDB, padded to 16 bytes."""
    return b"\x12\0\0" + length.to_bytes(2, "big") + bytes(11)


@dataclass
class Pair:
    """A target's connection and the initiator's end of it."""

    execute: Callable[[Task], Reply] | None = None
    """Answers tasks at once; None leaves them in `ready`."""
    terms: LoginTerms = field(default_factory=lambda: LoginTerms(IQN))
    limits: Limits = DEFAULT_LIMITS
    now: float = 0.0
    cmd_sn: int = 1
    itt: int = 0
    events: list[Event] = field(default_factory=list)
    ready: list[TaskReady] = field(default_factory=list)
    digests: Digests = NO_DIGESTS

    def __post_init__(self) -> None:
        self.target = TargetConnection(self.terms, "192.0.2.1:3260", self.limits, self.now)
        self.reader = FrameReader(0xFFFFFF)

    def feed(self, data: bytes) -> list[tuple[Header, bytes]]:
        """Send bytes; returns the PDUs that come back, as header and data."""
        self.target.receive_data(data, self.now)
        return self.collect()

    def collect(self) -> list[tuple[Header, bytes]]:
        """Handle events and read what the target sends."""
        while (event := self.target.next_event()) is not None:
            self.events.append(event)
            if isinstance(event, TaskReady):
                self.ready.append(event)
                if self.execute is not None:
                    self.target.complete(event.handle, self.execute(event.task), self.now)
        received: list[tuple[Header, bytes]] = []
        self.reader.feed(b"".join(self.target.data_to_send()))
        while (frame := self.reader.next_frame()) is not None:
            assert frame.intact
            received.append((unpack_header(frame.header), bytes(frame.data)))
        return received

    def send(self, header: Request, data: Data = b"") -> list[tuple[Header, bytes]]:
        """Send one PDU as it is."""
        return self.feed(pdu(header, data, self.digests))

    def request(self, header: Request, data: Data = b"") -> list[tuple[Header, bytes]]:
        """Send one PDU with the next CmdSN and, unless it has one, the next tag."""
        changes: dict[str, int] = {"cmd_sn": self.cmd_sn}
        if getattr(header, "itt", 0) == 0:
            self.itt += 1
            changes["itt"] = self.itt
        if not getattr(header, "immediate", False):
            self.cmd_sn += 1
        return self.send(replace(header, **changes), data)  # type: ignore[type-var, unused-ignore]

    def command(
        self, cdb: bytes, edtl: int = 0, *, data: Data = b"", flags: int = 0, lun: int = 0, **fields: int
    ) -> list[tuple[Header, bytes]]:
        """Send a SCSI command; the direction follows from `data` and `edtl` unless `flags` say it."""
        if not flags:
            direction = ScsiCommand.WRITE if data else ScsiCommand.READ if edtl else 0
            flags = FINAL | direction
        header = ScsiCommand(flags=flags, lun=lun, edtl=edtl or len(data), cdb=cdb, **fields)  # type: ignore[arg-type]
        return self.request(header, data)

    def login_step(
        self, keys: dict[str, str] | bytes, current: int, following: int | None, **fields: object
    ) -> tuple[LoginResponse, dict[str, str]]:
        """One login request; returns the response and its keys. `following` None: no transit."""
        flags = current << 2 | (FINAL | following if following is not None else 0)
        request = LoginRequest(flags=flags, isid=ISID, itt=1, cid=1, cmd_sn=self.cmd_sn)
        text = keys if isinstance(keys, bytes) else encode_text(keys.items())
        answers = self.send(replace(request, **fields), text)  # type: ignore[arg-type]
        assert len(answers) == 1, answers
        response, data = answers[0]
        assert isinstance(response, LoginResponse)
        return response, dict(decode_text(data))

    def login(self, keys: dict[str, str] | None = None, *, discovery: bool = False) -> dict[str, str]:
        """Log in without authentication, straight to the full feature phase; returns the target's keys."""
        who = {"InitiatorName": INITIATOR, "SessionType": "Discovery" if discovery else "Normal"}
        if not discovery:
            who["TargetName"] = IQN
        offered = {} if discovery else NORMAL_KEYS
        response, answer = self.login_step({**who, **offered, **(keys or {})}, 1, 3)
        assert (response.status_class, response.flags) == (0, FINAL | 1 << 2 | 3), response
        self.digests = Digests(answer.get("HeaderDigest") == "CRC32C", answer.get("DataDigest") == "CRC32C")
        self.reader.digests = self.digests
        return answer

    def tick(self, seconds: float) -> list[tuple[Header, bytes]]:
        """Let time pass, call the timer if it is due, and read what comes."""
        self.now += seconds
        due = self.target.get_timer()
        if due is not None and due <= self.now:
            self.target.handle_timer(self.now)
        return self.collect()


H = TypeVar("H", bound=Header)


def one(answers: list[tuple[Header, bytes]], kind: type[H]) -> tuple[H, bytes]:
    """The only PDU that came, of this kind."""
    assert len(answers) == 1, answers
    header, data = answers[0]
    assert isinstance(header, kind), header
    return header, data


def status(answers: list[tuple[Header, bytes]]) -> tuple[int, bytes, bytes]:
    """Status, data and sense data of a command's answer, whichever PDUs carry them."""
    data, sense = b"", b""
    for header, segment in answers:
        if isinstance(header, DataIn):
            data += segment
            if header.flags & DataIn.STATUS:
                return header.status, data, sense
        elif isinstance(header, ScsiResponse):
            sense = segment[2 : 2 + int.from_bytes(segment[:2], "big")]
            return header.status, data, sense
    raise AssertionError(f"no status in {answers}")


def frames(data: Iterable[bytes], digests: Digests = NO_DIGESTS, limit: int = 0xFFFFFF) -> list[Frame]:
    """All frames of a byte stream that comes in these portions."""
    reader = FrameReader(limit, digests)
    found = []
    for portion in data:
        reader.feed(portion)
        while (frame := reader.next_frame()) is not None:
            found.append(frame)
    return found
