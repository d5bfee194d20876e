"""A blocking initiator of a few lines, for what a proper one would never do."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field

from burnlab.iscsi.framing import FrameReader
from burnlab.iscsi.keys import encode_text
from burnlab.iscsi.pdu import FINAL, Header, LoginRequest, NopIn, NopOut, ScsiCommand
from support.iscsi_headers import unpack_header
from support.iscsi_initiator import INITIATOR, IQN, ISID, pdu, status


def login_pdu(isid: bytes, initiator: str = INITIATOR, target: str = IQN, **more: str) -> bytes:
    """The one PDU of a login that leaves out what can be left out; `more` are further keys."""
    keys = {"InitiatorName": initiator, "TargetName": target, "MaxRecvDataSegmentLength": "262144", **more}
    request = LoginRequest(flags=FINAL | 1 << 2 | 3, isid=isid, itt=1, cmd_sn=1)
    return pdu(request, encode_text(keys.items()))


@dataclass
class Client:
    """A blocking initiator of a few lines."""

    address: tuple[str, int]
    isid: bytes = ISID
    cmd_sn: int = 1
    initiator: str = INITIATOR
    target: str = IQN
    timeout: float = 10
    reader: FrameReader = field(default_factory=lambda: FrameReader(0xFFFFFF))

    def __post_init__(self) -> None:
        self.socket = socket.create_connection(self.address, timeout=self.timeout)

    def close(self) -> None:
        """Vanish without a word."""
        self.socket.close()

    def login(self, **more: str) -> Client:
        """Log in, for a normal session."""
        self.socket.sendall(login_pdu(self.isid, self.initiator, self.target, **more))
        self.receive()
        return self

    def receive(self) -> tuple[Header, bytes]:
        """The next PDU: header and data."""
        while (frame := self.reader.next_frame()) is None:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError
            self.reader.feed(data)
        return unpack_header(frame.header), bytes(frame.data)

    def send(self, cdb: bytes, edtl: int = 0, data: bytes = b"") -> int:
        """Send a command; returns its tag."""
        flags = FINAL | (0x20 if data else 0x40 if edtl else 0)
        itt = self.cmd_sn
        header = ScsiCommand(flags=flags, itt=itt, edtl=edtl or len(data), cmd_sn=itt, cdb=cdb)
        self.cmd_sn += 1
        self.socket.sendall(pdu(header, data))
        return itt

    def run(self, cdb: bytes, edtl: int = 0, data: bytes = b"") -> tuple[int, bytes, bytes]:
        """Status, data and sense data of a command."""
        self.send(cdb, edtl, data)
        return status([self.receive()])

    def ping(self) -> None:
        """NOP-Out, and its answer."""
        self.socket.sendall(pdu(NopOut(immediate=True, itt=0x7000, cmd_sn=self.cmd_sn)))
        assert isinstance(self.receive()[0], NopIn)


def eventually(condition: object) -> None:
    """Wait until a callable says true."""
    deadline = time.monotonic() + 5
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)
