"""Connections that are stuck or slow: what becomes of them, and that nobody else notices."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import replace

import pytest

from burnlab.iscsi.limits import Limits
from burnlab.iscsi.pdu import FINAL, LoginRequest, NopOut, ScsiCommand
from burnlab.iscsi.server import TargetConfig, TargetServer
from support.iscsi_client import Client, eventually, login_pdu
from support.iscsi_initiator import IQN, ISID, TEST_UNIT_READY, pdu, read10, write10
from support.iscsi_stub import MemoryUnit

CONFIG = TargetConfig(iqn=IQN, port=0)
QUICK = replace(CONFIG, limits=Limits(login_seconds=0.3, stall_seconds=0.3, send_seconds=0.3))


def isid(number: int) -> bytes:
    return number.to_bytes(6, "big")


def ended(client: Client) -> bool:
    """Whether the target has ended the connection."""
    try:
        while client.socket.recv(1 << 20):
            pass
    except ConnectionError:
        pass
    return True


def nothing(_client: Client) -> None:
    """Connect, and say nothing at all."""


def half_a_login(client: Client) -> None:
    client.socket.sendall(login_pdu(client.isid)[:60])


def a_login_without_an_end(client: Client) -> None:
    request = LoginRequest(flags=0x40 | 1 << 2, isid=client.isid, itt=1, cmd_sn=1)
    client.socket.sendall(pdu(request, b"InitiatorName="))


def half_a_pdu(client: Client) -> None:
    client.login()
    client.socket.sendall(pdu(NopOut(immediate=True, itt=5, cmd_sn=1), bytes(4000))[:1000])


def answers_that_nobody_takes(client: Client) -> None:
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.login()
    for _ in range(40):
        client.send(read10(0, 128), 262144)


STUCK = (nothing, half_a_login, a_login_without_an_end, half_a_pdu, answers_that_nobody_takes)


@pytest.mark.parametrize("stick", STUCK)
def test_a_stuck_connection_is_ended(stick) -> None:  # type: ignore[no-untyped-def]
    unit = MemoryUnit(4096)
    with TargetServer(unit, QUICK) as server:
        client = Client(server.address)
        stick(client)
        if stick is answers_that_nobody_takes:
            eventually(lambda: not server._all_pumps())
        assert ended(client)
        eventually(lambda: not server._all_pumps())
        assert [what for what in unit.log if what[0] == "open"] == [  # type: ignore[index]
            ("open", what[1])
            for what in unit.log
            if what[0] == "close"  # type: ignore[index]
        ]


def test_nobody_else_notices() -> None:
    """One of each kind at once, and a command that never gets its data: others work on as if alone."""
    with TargetServer(MemoryUnit(4096), CONFIG) as server:
        stuck = [Client(server.address, isid=isid(n)) for n in range(10)]
        for number, client in enumerate(stuck):
            STUCK[number % len(STUCK)](client)
        writer = Client(server.address, isid=isid(50)).login()
        header = ScsiCommand(flags=FINAL | 0x20, itt=1, edtl=65536, cmd_sn=1, cdb=write10(0, 32))
        writer.socket.sendall(pdu(header))
        writer.receive()
        workers = [Client(server.address, isid=isid(100 + n)).login() for n in range(3)]
        for turn in range(30):
            for client in workers:
                assert client.run(TEST_UNIT_READY)[0] == 0
                assert client.run(read10(turn, 16), 32768)[0] == 0
        for client in (*stuck, writer):
            client.socket.close()
        eventually(lambda: len(server._all_pumps()) == 3)


def test_a_slow_initiator_gets_everything() -> None:
    """It takes less in a second than would wait in the target: that isn't being stuck."""
    config = replace(CONFIG, limits=Limits(send_seconds=2.0, reply_bytes=65536))
    with TargetServer(MemoryUnit(4096), config) as server:
        slow = Client(server.address)
        slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        slow.login()
        for _ in range(8):
            slow.send(read10(0, 64), 131072)
        for _ in range(8):
            time.sleep(0.05)
            assert len(slow.receive()[1]) == 131072


def test_what_waits_to_be_sent_is_bounded() -> None:
    """A burst of reads that nobody takes: the target reads from the disc only what it may keep."""
    unit = MemoryUnit(4096)
    config = replace(CONFIG, limits=Limits(reply_bytes=1 << 20))
    with TargetServer(unit, config) as server:
        taken = 0
        execute = unit.execute

        def count(task):  # type: ignore[no-untyped-def]
            nonlocal taken
            reply = execute(task)
            taken += len(reply.data_in)
            return reply

        unit.execute = count  # type: ignore[method-assign]
        client = Client(server.address)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.login()
        burst = b"".join(
            pdu(ScsiCommand(flags=FINAL | 0x40, itt=n, edtl=4 << 20, cmd_sn=n, cdb=read10(0, 2048)))
            for n in range(1, 60)
        )
        client.socket.sendall(burst)
        eventually(lambda: taken > 0)
        time.sleep(0.3)
        # What the system's buffers hold is a few MiB at the most.
        assert taken <= 16 << 20


def test_too_many_and_then_room_again() -> None:
    with TargetServer(MemoryUnit(), replace(CONFIG, max_connections=3)) as server:
        first = [Client(server.address, isid=isid(n)).login() for n in range(3)]
        assert Client(server.address, isid=isid(9)).socket.recv(1) == b""
        first.pop().socket.close()
        eventually(lambda: len(server._all_pumps()) == 2)
        Client(server.address, isid=isid(9)).login().ping()
        for client in first:
            client.ping()


def test_no_thread_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system refuses a thread: that connection isn't served, and the next one is."""
    with TargetServer(MemoryUnit(), CONFIG) as server:
        start = threading.Thread.start

        def refuse(_thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(threading.Thread, "start", refuse)
        refused = Client(server.address)
        assert refused.socket.recv(1) == b""
        monkeypatch.setattr(threading.Thread, "start", start)
        Client(server.address, isid=ISID).login().ping()
