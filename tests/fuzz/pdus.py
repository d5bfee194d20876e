"""Both iSCSI cores, fed with PDUs that were changed, mixed, cut and repeated, or with no PDUs at all.

The target's has a real recorder behind it; the initiator's hears a target that was recorded, and lies.
"""

from __future__ import annotations

from random import Random
from typing import Any

from burnlab.disc import Disc
from burnlab.iscsi.chap import ChapAuth, ChapCredentials
from burnlab.iscsi.connection import State
from burnlab.iscsi.framing import Digests
from burnlab.iscsi.initiator import InitiatorConnection, InitiatorState
from burnlab.iscsi.initiator_login import InitiatorTerms
from burnlab.iscsi.keys import encode_text
from burnlab.iscsi.limits import Limits
from burnlab.iscsi.login import LoginTerms
from burnlab.iscsi.pdu import (
    FINAL,
    DataOut,
    Header,
    LoginRequest,
    LogoutRequest,
    NopOut,
    Request,
    ScsiCommand,
    TaskManagementRequest,
    TextRequest,
)
from burnlab.recorder import MODELS, ClockedUnit, Recorder
from burnlab.scsi import Task
from fuzz.engine import Target
from support.iscsi_headers import HEADERS
from support.iscsi_initiator import INITIATOR, IQN, ISID, NORMAL_KEYS, Pair, inquiry, pdu, read10, write10

LIMITS = Limits(queue_depth=8, receive_bytes=8192, transfer_bytes=65536, text_bytes=4096)
KINDS = ("dvd-rw", "dvd-ram", "bd-re", "cd-rw", "dvd+r")
REQUESTS = sorted((cls for cls in HEADERS.values() if issubclass(cls, Request)), key=lambda cls: cls.OPCODE)
RESPONSES = sorted((cls for cls in HEADERS.values() if not issubclass(cls, Request)), key=lambda c: c.OPCODE)
KEYS = (
    *NORMAL_KEYS, "InitiatorName", "TargetName", "SessionType", "AuthMethod", "CHAP_A", "CHAP_N", "CHAP_R",
    "CHAP_I", "CHAP_C", "HeaderDigest", "DataDigest", "MaxConnections", "ErrorRecoveryLevel", "IFMarker",
    "DefaultTime2Wait", "X-org.example", "TargetAlias", "TargetAddress", "TargetPortalGroupTag",
)  # fmt: skip
VALUES = (
    "", "a", IQN, INITIATOR, "Discovery", "Normal", "CHAP", "None", "CHAP,None", "5", "0", "0x0a", "0xzz",
    "0b"+"A"*40, "CRC32C", "Reject", "Yes", "No", "16777215", "99999999999999999999", "Irrelevant",
    "0x"+"41"*16, "1.2.3.4:3260,1", "é", "NotUnderstood", "user",
)  # fmt: skip
BLOCK = 2048


def good_pdus() -> list[bytes]:
    """What an initiator says that knows what it does, but not the numbers."""
    return [
        pdu(NopOut(itt=1, cmd_sn=1), b"ping"),
        pdu(ScsiCommand(flags=FINAL, itt=2, cmd_sn=1, cdb=bytes(16))),
        pdu(ScsiCommand(flags=0xC0, itt=2, edtl=96, cmd_sn=1, cdb=inquiry())),
        pdu(ScsiCommand(flags=0xC0, itt=2, edtl=4096, cmd_sn=1, cdb=read10(0, 2))),
        pdu(ScsiCommand(flags=0xA0, itt=3, edtl=2 * BLOCK, cmd_sn=1, cdb=write10(0, 2)), bytes(2 * BLOCK)),
        pdu(ScsiCommand(flags=0x20, itt=4, edtl=4 * BLOCK, cmd_sn=1, cdb=write10(0, 4)), bytes(512)),
        pdu(ScsiCommand(flags=0xA0, itt=5, edtl=4 * BLOCK, cmd_sn=1, cdb=write10(0, 4))),
        pdu(DataOut(flags=FINAL, itt=5, ttt=0), bytes(4 * BLOCK)),
        pdu(DataOut(itt=4, offset=512), bytes(512)),
        pdu(TaskManagementRequest(immediate=True, flags=FINAL | 1, itt=6, referenced_tag=5)),
        pdu(TaskManagementRequest(immediate=True, flags=FINAL | 5, itt=7)),
        pdu(TextRequest(flags=FINAL, itt=8, cmd_sn=1), b"SendTargets=\0"),
        pdu(LogoutRequest(flags=FINAL | 1, itt=9, cid=1, cmd_sn=1)),
    ]


def text(chances: Random) -> bytes:
    """Keys and values, mostly ones that there are."""
    if chances.random() < 0.1:
        return chances.randbytes(chances.randint(0, 60))
    pairs = [(chances.choice(KEYS), chances.choice(VALUES)) for _ in range(chances.randint(0, 6))]
    return encode_text(pairs)


def changed(raw: bytes, chances: Random) -> bytes:
    """Some bytes of a PDU become others, mostly of its header."""
    out = bytearray(raw)
    for _ in range(chances.choice((0, 0, 1, 1, 2, 5))):
        near = chances.random() < 0.9
        out[chances.randrange(min(48, len(out)) if near else len(out))] = chances.choice(
            (0, 1, 0x7F, 0x80, 0xFF, chances.randrange(256))
        )
    if chances.random() < 0.03:
        return bytes(out[: chances.randrange(len(out))])
    return bytes(out)


def random_header(chances: Random, kinds: list[type[Header]], data: bytes) -> bytes:
    """A PDU of a known kind with arbitrary fields."""
    kind = chances.choice(kinds)
    raw = bytearray(pdu(kind.unpack(chances.randbytes(48)), data))
    raw[0] = kind.OPCODE | chances.choice((0, 0x40)) * issubclass(kind, Request)
    return bytes(raw)


def make_target_case(chances: Random) -> Any:
    """How it logs in, the medium, and what is said: bytes, and whether CmdSN is put right before."""
    said = []
    for _ in range(chances.randint(1, 25)):
        roll = chances.random()
        if roll < 0.6:
            raw = changed(chances.choice(GOOD), chances)
        elif roll < 0.85:
            raw = random_header(chances, REQUESTS, chances.randbytes(chances.choice((0, 0, 4, 40))))
        elif roll < 0.95:
            raw = pdu(LoginRequest(flags=chances.randrange(256), isid=ISID, itt=1), text(chances))
        else:
            raw = chances.randbytes(chances.randint(0, 300))
        said.append([raw, chances.random() < 0.8, chances.choice((0, 0, 0, 1, 100))])
    login = chances.choice(("none", "normal", "normal", "normal", "digests", "chap", "discovery"))
    return [login, chances.choice(KINDS), chances.random() < 0.8, chances.choice((1, 7, 48, 10**6)), said]


GOOD = good_pdus()


def check_target(case: Any) -> None:
    """Nothing raises, what is held stays within the limits, what is sent is well-formed and not too much."""
    login, kind, answers, portion, said = case
    now = [0.0]
    recorder = Recorder(MODELS["generic"])
    recorder.load(Disc.in_memory(kind), 0.0)
    unit = ClockedUnit(recorder, lambda: now[0])

    def execute(task: Task) -> Any:
        return unit.execute(task)

    terms = LoginTerms(IQN, ChapAuth("user", "secret") if login == "chap" else None)
    pair = Pair(execute if answers else None, terms=terms, limits=LIMITS)
    if login == "digests":
        pair.login({"HeaderDigest": "CRC32C", "DataDigest": "CRC32C"})
    elif login in ("normal", "discovery"):
        pair.login(discovery=login == "discovery")
    for raw, put_right, seconds in said:
        data = _put_right(raw, pair) if put_right else raw
        for at in range(0, len(data), max(portion, len(data) // 50 + 1)):
            pair.feed(data[at : at + max(portion, len(data) // 50 + 1)])
        now[0] += seconds
        pair.tick(seconds)
        _within_limits(pair)
    pair.target.abort_tasks()
    _within_limits(pair)
    assert login != "chap" or pair.target.state is not State.FULL_FEATURE, "in without the secret"
    if pair.target.state is State.FULL_FEATURE:
        assert pair.target._window.outstanding == 0


def _put_right(raw: bytes, pair: Pair) -> bytes:
    """The CmdSN that the target waits for, and digests if it wants them."""
    if len(raw) < 48:
        return raw
    out = bytearray(raw)
    if raw[0] & 0x3F not in (DataOut.OPCODE, LoginRequest.OPCODE):
        out[24:28] = pair.target._window.expected.to_bytes(4, "big")
    if pair.digests == Digests():
        return bytes(out)
    length = int.from_bytes(out[5:8], "big")
    data = bytes(out[48 : 48 + length])
    header = HEADERS.get(out[0] & 0x3F)
    return pdu(header.unpack(bytes(out[:48])), data, pair.digests) if header else bytes(out)


def _within_limits(pair: Pair) -> None:
    pair.collect()
    assert len(pair.target._window.early) <= 16
    assert pair.target._reader._held <= LIMITS.receive_bytes + 2048 or pair.target.state is State.CLOSED
    commands = pair.target._commands
    if commands is None:
        return
    tasks = commands.tasks
    assert len(tasks.commands) <= LIMITS.queue_depth + LIMITS.immediate_commands
    assert 0 <= pair.target._window.outstanding <= LIMITS.queue_depth
    assert set(tasks.running) <= {command.handle for command in tasks.commands.values()}
    assert all(command.itt in tasks.commands for command in tasks.waiting)
    pair.ready.clear()
    pair.events.clear()


# The initiator's core.


def make_initiator_case(chances: Random) -> Any:
    """What it offers, and what a target says to it: bytes, and whether numbers and tags are put right."""
    said = []
    for _ in range(chances.randint(1, 20)):
        roll = chances.random()
        if roll < 0.35:
            flags = chances.choice((0x87, 0x87, 0x84, 0x04, 0x81, 0x00, chances.randrange(256)))
            login = HEADERS[0x23].unpack(bytes(48))
            raw = bytearray(pdu(login, text(chances)))
            raw[1] = flags
            raw[36] = chances.choice((0, 0, 0, 0, 1, 2, 3, 255))
            said.append([changed(bytes(raw), chances), chances.random() < 0.9])
        elif roll < 0.9:
            raw = random_header(chances, RESPONSES, chances.randbytes(chances.choice((0, 0, 4, 20, 600))))
            said.append([raw, chances.random() < 0.9])
        else:
            said.append([chances.randbytes(chances.randint(0, 200)), False])
    return [chances.random() < 0.3, said]


def check_initiator(case: Any) -> None:
    """Whatever a target says: nothing raises, and no more is sent and held than was asked for."""
    with_secret, said = case
    credentials = ChapCredentials("user", "secret123456", "target", "secret654321") if with_secret else None
    core = InitiatorConnection(InitiatorTerms(INITIATOR, IQN, ISID, credentials), 0, 0.0)
    now = 0.0
    tasks = [Task(bytes(6)), Task(read10(0, 4), b"", 8192), Task(write10(0, 4), bytes(8192))]
    sent = 0
    numbers = [0, 1, 0]
    for raw, put_right in said:
        if core.state is InitiatorState.FULL_FEATURE and not core.ending:
            core.execute(tasks[numbers[2] % 3])
            numbers[2] += 1
        sent += sum(len(part) for part in core.data_to_send())
        core.receive_data(_answering(raw, core) if put_right else raw, now)
        now += 1.0
        due = core.get_timer()
        if due is not None and due <= now:
            core.handle_timer(now)
        while core.next_event() is not None:
            pass
    sent += sum(len(part) for part in core.data_to_send())
    assert sent < 4000 + 40_000 * len(said), f"{sent} bytes for {len(said)} PDUs"


def _answering(raw: bytes, core: InitiatorConnection) -> bytes:
    """Tags that the initiator has given, and the StatSN that it waits for."""
    if len(raw) < 48:
        return raw
    out = bytearray(raw)
    tags = [*core._tasks] or [core._last_tag]
    if out[0] & 0x3F != 0x23:
        out[16:20] = tags[out[19] % len(tags)].to_bytes(4, "big")
        out[24:28] = core._exp_stat_sn.to_bytes(4, "big")
        out[28:32] = core._cmd_sn.to_bytes(4, "big")
        out[32:36] = ((core._cmd_sn + 30) & 0xFFFFFFFF).to_bytes(4, "big")
    return bytes(out)


TARGETS = (
    Target(
        "pdus", "PDUs to the target's iSCSI core, with a recorder behind it", make_target_case, check_target
    ),
    Target("answers", "PDUs to the initiator's iSCSI core", make_initiator_case, check_initiator),
)
