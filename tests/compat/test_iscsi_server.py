"""The server on real sockets: several connections, time held back, failures of the unit, bad luck."""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from burnlab.iscsi.limits import Limits
from burnlab.iscsi.pdu import (
    FINAL,
    TaskManagementRequest,
    TaskManagementResponse,
)
from burnlab.iscsi.server import TargetConfig, TargetServer, _unsent
from burnlab.scsi.sense import SenseData
from burnlab.scsi.task import Nexus, Reply, Task
from support.iscsi_client import Client, eventually
from support.iscsi_initiator import INITIATOR, IQN, ISID, TEST_UNIT_READY, pdu, read10, write10
from support.iscsi_stub import MemoryUnit

CONFIG = TargetConfig(iqn=IQN, port=0)


@contextmanager
def serving(unit: MemoryUnit, config: TargetConfig = CONFIG) -> Iterator[TargetServer]:
    with TargetServer(unit, config) as server:
        yield server


def test_data_there_and_back() -> None:
    unit = MemoryUnit()
    with serving(unit) as server:
        client = Client(server.address).login()
        content = bytes(range(256)) * 128
        assert client.run(write10(5, 16), data=content)[0] == 0
        assert client.run(read10(5, 16), 32768) == (0, content, b"")
    assert unit.log == [("open", Nexus(INITIATOR, ISID.hex())), ("close", Nexus(INITIATOR, ISID.hex()))]


def test_url() -> None:
    with serving(MemoryUnit()) as server:
        assert server.url == f"iscsi://127.0.0.1:{server.address[1]}/{IQN}/0"


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6")
def test_ipv6() -> None:
    try:
        server = TargetServer(MemoryUnit(), replace(CONFIG, host="::1"))
        server.start()
    except OSError as error:
        pytest.skip(f"no IPv6 on this machine: {error}")
    with contextlib.closing(server):
        assert server.url.startswith("iscsi://[::1]:")
        Client(server.address).login().ping()


def test_busy_port_is_told() -> None:
    with serving(MemoryUnit()) as server:
        host, port = server.address
        with pytest.raises(OSError, match=f"can't listen on {host}:{port}") as caught:
            TargetServer(MemoryUnit(), replace(CONFIG, port=port)).start()
        assert caught.value.errno == errno.EADDRINUSE


@pytest.mark.parametrize("sent", range(11))
def test_what_is_left_after_a_part_was_sent(sent: int) -> None:
    parts = [b"abc", memoryview(b"defg"), bytearray(b"hij")]
    assert b"".join(_unsent(list(parts), sent)) == b"abcdefghij"[sent:]


def test_many_answers_of_one_burst() -> None:
    with serving(MemoryUnit()) as server:
        client = Client(server.address).login()
        for _index in range(40):
            client.send(read10(0, 16), 32768)
        tags = [client.receive()[0] for _index in range(40)]
        assert [getattr(header, "itt", None) for header in tags] == list(range(1, 41))


def test_an_initiator_that_does_not_read_harms_nobody() -> None:
    unit = MemoryUnit(4096)
    with serving(unit, replace(CONFIG, limits=Limits(queue_depth=64))) as server:
        stuck = Client(server.address).login()
        for _index in range(60):
            stuck.send(read10(0, 128), 262144)
        other = Client(server.address, isid=bytes(6)).login()
        for _index in range(5):
            assert other.run(TEST_UNIT_READY)[0] == 0
        for _index in range(60):
            assert len(stuck.receive()[1]) == 262144


def test_time_of_the_drive_holds_back_one_answer_only() -> None:
    seconds = 2.0
    unit = MemoryUnit(seconds=seconds)
    with serving(unit) as server:
        client, other = Client(server.address).login(), Client(server.address, isid=bytes(6)).login()
        began = time.monotonic()
        slow = client.send(write10(0, 1), data=bytes(2048))
        client.ping()
        assert client.run(TEST_UNIT_READY)[0] == 0
        assert other.run(TEST_UNIT_READY)[0] == 0
        assert time.monotonic() - began < seconds
        assert getattr(client.receive()[0], "itt", None) == slow
        assert time.monotonic() - began >= seconds


class BrokenUnit(MemoryUnit):
    def execute(self, task: Task) -> Reply:
        if task.cdb[0] == 0x2A:
            raise RuntimeError("the unit is broken")
        return super().execute(task)

    def open_nexus(self, nexus: Nexus) -> None:
        raise RuntimeError("the unit is broken here too")


def test_a_unit_that_raises(caplog: pytest.LogCaptureFixture) -> None:
    with serving(BrokenUnit()) as server, caplog.at_level(logging.ERROR):
        client = Client(server.address).login()
        code, _data, sense = client.run(write10(0, 1), data=bytes(2048))
        assert (code, str(SenseData.unpack(sense))) == (2, "4/44/00")
        assert client.run(TEST_UNIT_READY)[0] == 0
    assert "the unit is broken" in caplog.text


def test_session_reinstatement() -> None:
    unit = MemoryUnit()
    nexus = Nexus(INITIATOR, ISID.hex())
    with serving(unit) as server:
        old = Client(server.address).login()
        new = Client(server.address).login()
        with pytest.raises((EOFError, ConnectionError)):
            old.ping()
        new.ping()
        eventually(lambda: unit.log == [("open", nexus), ("close", nexus), ("open", nexus)])


def manage(client: Client, function: int) -> int:
    header = TaskManagementRequest(immediate=True, flags=FINAL | function, itt=0x6000, cmd_sn=client.cmd_sn)
    client.socket.sendall(pdu(header))
    answer, _data = client.receive()
    assert isinstance(answer, TaskManagementResponse)
    return answer.response


def is_held_back(server: TargetServer) -> bool:
    """Some answer waits for its time."""
    return any(pump.connection.get_timer() for pump in server._all_pumps())


@pytest.mark.parametrize("function", [4, 5, 6])
def test_a_reset_aborts_what_others_have_in_hand(function: int) -> None:
    unit = MemoryUnit(seconds=600.0)
    with serving(unit) as server:
        client, other = Client(server.address).login(), Client(server.address, isid=bytes(6)).login()
        other.send(write10(0, 1), data=bytes(2048))
        eventually(lambda: is_held_back(server))
        assert manage(client, function) == 0
        eventually(lambda: not is_held_back(server))
        other.ping()
    assert ("reset" in unit.log) == (function != 4)


def test_cold_reset_ends_all_connections() -> None:
    unit = MemoryUnit()
    with serving(unit) as server:
        client, other = Client(server.address).login(), Client(server.address, isid=bytes(6)).login()
        assert manage(client, 7) == 0
        for each in (client, other):
            with pytest.raises((EOFError, ConnectionError)):
                each.ping()
    assert "reset" in unit.log


def test_a_login_that_never_comes() -> None:
    limits = Limits(login_seconds=0.2)
    with serving(MemoryUnit(), replace(CONFIG, limits=limits)) as server:
        client = Client(server.address)
        assert client.socket.recv(1) == b""
        eventually(lambda: not server._all_pumps())


def test_too_many_connections() -> None:
    with serving(MemoryUnit(), replace(CONFIG, max_connections=1)) as server:
        first = Client(server.address).login()
        assert Client(server.address).socket.recv(1) == b""
        first.ping()


def test_nonsense_ends_its_own_connection_only() -> None:
    with serving(MemoryUnit()) as server:
        good = Client(server.address).login()
        for nonsense in (b"GET / HTTP/1.1\r\n\r\n" * 10, b"\xff" * 200):
            bad = Client(server.address)
            bad.socket.sendall(nonsense)
            while bad.socket.recv(1000):
                pass
        good.ping()


def test_close_ends_all_threads() -> None:
    before = set(threading.enumerate())
    with serving(MemoryUnit()) as server:
        clients = [Client(server.address, isid=bytes((0, 0, 0, 0, 0, n))).login() for n in range(5)]
        clients[0].socket.close()
    eventually(lambda: set(threading.enumerate()) <= before)
    with pytest.raises(RuntimeError, match="isn't running"):
        server.address  # noqa: B018


def test_a_peer_that_vanishes_is_told_to_the_unit() -> None:
    unit = MemoryUnit()
    with serving(unit) as server:
        Client(server.address).login().socket.close()
        eventually(lambda: len(unit.log) == 2)
