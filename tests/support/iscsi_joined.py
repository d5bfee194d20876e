"""Both ends of a connection joined in memory: burnlab's initiator, burnlab's target, and a unit behind it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from burnlab.iscsi.chap import ChapAuth, ChapCredentials
from burnlab.iscsi.commands import Function
from burnlab.iscsi.connection import TargetConnection
from burnlab.iscsi.events import Closed, TaskReady
from burnlab.iscsi.framing import NO_DIGESTS, FrameReader, digests_of
from burnlab.iscsi.initiator import InitiatorConnection
from burnlab.iscsi.initiator_events import Answered, InitiatorEvent, LoginDone, LoginRefused
from burnlab.iscsi.initiator_login import DEFAULT_OFFERS, InitiatorTerms, Offers
from burnlab.iscsi.limits import DEFAULT_LIMITS, Limits
from burnlab.iscsi.login import LoginTerms
from burnlab.iscsi.pdu import Header, Opcode
from burnlab.scsi.task import LogicalUnit, Reply, Task
from support.iscsi_headers import unpack_header
from support.iscsi_stub import MemoryUnit

IQN = "iqn.2024-01.test:target"
INITIATOR = "iqn.2024-01.test:initiator"
ISID = bytes.fromhex("800102030000")


@dataclass
class Joined:
    """`portion` is how many bytes travel at a time; `sent` keeps the opcodes that went each way."""

    offers: Offers = DEFAULT_OFFERS
    limits: Limits = DEFAULT_LIMITS
    auth: ChapAuth | None = None
    credentials: ChapCredentials | None = None
    target_name: str = IQN
    unit: LogicalUnit = field(default_factory=MemoryUnit)
    lun: int = 0
    portion: int = 1 << 20
    answers: bool = True
    """Whether the unit's replies reach the target; otherwise they wait in `held`."""
    now: float = 0.0
    events: list[InitiatorEvent] = field(default_factory=list)
    held: list[tuple[TaskReady, Reply]] = field(default_factory=list)
    sent: list[Opcode] = field(default_factory=list)
    received: list[Opcode] = field(default_factory=list)
    closed: str = ""

    def __post_init__(self) -> None:
        terms = InitiatorTerms(INITIATOR, self.target_name, ISID, self.credentials, self.offers)
        self.initiator = InitiatorConnection(terms, self.lun, self.now)
        self.target = TargetConnection(LoginTerms(IQN, self.auth), "192.0.2.1:3260", self.limits, self.now)
        self._readers = FrameReader(0xFFFFFF), FrameReader(0xFFFFFF)

    def pump(self) -> None:
        """Carry bytes to and fro until nobody has anything to say."""
        while True:
            out = b"".join(self.initiator.data_to_send())
            self._feed(self._readers[0], self.sent, out)
            for start in range(0, len(out), self.portion):
                self.target.receive_data(out[start : start + self.portion], self.now)
            self._serve()
            back = b"".join(self.target.data_to_send())
            self._feed(self._readers[1], self.received, back)
            for start in range(0, len(back), self.portion):
                self.initiator.receive_data(back[start : start + self.portion], self.now)
            self._collect()
            if not out and not back:
                return

    def _feed(self, reader: FrameReader, opcodes: list[Opcode], data: bytes) -> None:
        """Look at what travels, with the digests that hold by then."""
        reader.feed(data)
        while (frame := reader.next_frame()) is not None:
            assert frame.intact
            opcodes.append(Opcode(frame.header[0] & 0x3F))
            if opcodes[-1] is Opcode.LOGIN_RESPONSE and self.target.result is not None:
                terms = self.target.result.parameters
                for each in self._readers:
                    each.digests = digests_of(header=terms.header_digest, data=terms.data_digest)

    def _serve(self) -> None:
        while (event := self.target.next_event()) is not None:
            if isinstance(event, TaskReady):
                reply = self.unit.execute(event.task)
                if self.answers:
                    self.target.complete(event.handle, reply, self.now)
                else:
                    self.held.append((event, reply))
            elif isinstance(event, Closed):
                self.closed = event.reason

    def _collect(self) -> None:
        while (event := self.initiator.next_event()) is not None:
            self.events.append(event)

    def login(self) -> LoginDone:
        """Log in; the login has to succeed."""
        self.pump()
        assert isinstance(self.events[0], LoginDone), self.events
        done = self.events.pop(0)
        assert isinstance(done, LoginDone)
        return done

    def refusal(self) -> LoginRefused:
        """Log in; the login has to fail."""
        self.pump()
        refused = self.events[0]
        assert isinstance(refused, LoginRefused), self.events
        return refused

    def execute(self, cdb: bytes, data_out: bytes = b"", data_in_bytes: int = 0) -> Reply:
        """Send a task and take its reply."""
        handle = self.initiator.execute(Task(cdb, data_out, data_in_bytes))
        self.pump()
        event = self.events.pop(0)
        assert isinstance(event, Answered), event
        assert event.handle == handle
        return replace(event.reply, data_in=bytes(event.reply.data_in))

    def manage(self, function: Function, task: int = 0xFFFFFFFF) -> list[InitiatorEvent]:
        """Send a task management function; the events that came of it."""
        self.initiator.manage(function, task)
        self.pump()
        events, self.events = self.events, []
        return events

    def say(self, header: Header, data: bytes = b"") -> list[InitiatorEvent]:
        """Let the target say something of its own; the events that came of it. Without digests only."""
        assert self._readers[0].digests is NO_DIGESTS
        self.initiator.receive_data(header.pack(len(data)) + data + bytes(-len(data) % 4), self.now)
        self._collect()
        events, self.events = self.events, []
        return events

    def replies(self) -> list[Header]:
        """The headers of what the initiator wants to send, taken away from it."""
        reader = FrameReader(0xFFFFFF)
        reader.feed(b"".join(self.initiator.data_to_send()))
        found = []
        while (frame := reader.next_frame()) is not None:
            found.append(unpack_header(frame.header))
        return found
