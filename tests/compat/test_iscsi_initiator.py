"""burnlab's initiator on TCP: against tgtd, against burnlab's own recorder, and against bad luck."""

from __future__ import annotations

import hashlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from burnlab.iscsi import client
from burnlab.iscsi.chap import ChapAuth, ChapCredentials
from burnlab.iscsi.client import IscsiUnit, discover
from burnlab.iscsi.initiator_events import FoundTarget
from burnlab.iscsi.initiator_login import Offers
from burnlab.iscsi.server import TargetConfig, TargetServer
from burnlab.scsi.sense import Asc, SenseData, SenseKey
from burnlab.scsi.task import Reply, Status, Task
from burnlab.scsi.transport import Fault, TransportError
from support.foreign_target import IQN, SECRET, TARGET_SECRET, TARGET_USER, USER, Tgtd, tgtd
from support.iscsi_initiator import inquiry, read10, write10
from support.iscsi_stub import MemoryUnit
from support.served import ServedProcess, burnlab

pytestmark = pytest.mark.compat

TEST_UNIT_READY = Task(bytes(6))
MIB = 1 << 20
DISK_MIB = 64
DISK_BLOCK, DVD_BLOCK = 512, 2048

ONE_WAY = ChapCredentials(USER, SECRET)
MUTUAL = ChapCredentials(USER, SECRET, TARGET_USER, TARGET_SECRET)


def content(number: int, size: int = MIB) -> bytes:
    return hashlib.shake_128(str(number).encode()).digest(size)


def sense_of(reply: Reply) -> tuple[int, int, int]:
    assert reply.status is Status.CHECK_CONDITION
    sense = SenseData.unpack(reply.sense)
    return sense.key, sense.asc, sense.ascq


def good(unit: IscsiUnit, task: Task) -> bytes:
    """Execute a task that has to succeed, after the unit attention of a new session."""
    reply = unit.execute(task)
    if (
        reply.status is Status.CHECK_CONDITION
        and SenseData.unpack(reply.sense).key == SenseKey.UNIT_ATTENTION
    ):
        reply = unit.execute(task)
    assert reply.status is Status.GOOD, reply
    return bytes(reply.data_in)


# tgtd


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Tgtd]:
    image = tmp_path / "disk"
    with image.open("wb") as made:
        made.truncate(DISK_MIB * MIB)
    with tgtd(image) as running:
        yield running


WAYS = {
    "plain": ("None", None, {}),
    "digests": ("CRC32C", None, {}),
    "digests if you like": ("CRC32C,None", None, {}),
    "chap": ("None", ONE_WAY, {}),
    "mutual chap, digests": ("CRC32C", MUTUAL, {}),
    "unsolicited data": ("None", None, {"InitialR2T": "No", "ImmediateData": "No"}),
    "small bursts": (
        "None",
        None,
        {"InitialR2T": "No", "FirstBurstLength": "16384", "MaxBurstLength": "16384"},
    ),
    "long segments": ("None", None, {"MaxRecvDataSegmentLength": "262144"}),
}


@pytest.mark.parametrize("way", WAYS)
def test_64_mib_go_to_tgtd_and_come_back(target: Tgtd, way: str) -> None:
    digest, credentials, parameters = WAYS[way]
    wanted = {"HeaderDigest": digest.split(",")[0], "DataDigest": digest.split(",")[0], **parameters}
    target.set(**wanted)
    if credentials is not None:
        target.want_chap(mutual=credentials.is_mutual)
    with IscsiUnit.connect(target.url, auth=credentials, header_digest=digest, data_digest=digest) as unit:
        assert unit.parameters.header_digest == unit.parameters.data_digest == (digest != "None")
        if way == "unsolicited data":
            assert (unit.parameters.initial_r2t, unit.parameters.immediate_data) == (False, False)
        blocks = MIB // DISK_BLOCK
        good(unit, TEST_UNIT_READY)
        for number in range(DISK_MIB):
            assert unit.execute(Task(write10(number * blocks, blocks), content(number))) == Reply()
        for number in range(DISK_MIB):
            assert good(unit, Task(read10(number * blocks, blocks), data_in_bytes=MIB)) == content(number)


def test_what_tgtd_says(target: Tgtd) -> None:
    with IscsiUnit.connect(target.url) as unit:
        assert sense_of(unit.execute(TEST_UNIT_READY)) == (SenseKey.UNIT_ATTENTION, 0x29, 0)
        assert good(unit, Task(inquiry(36), data_in_bytes=36))[8:32] == b"IET     VIRTUAL-DISK    "
        assert len(good(unit, Task(inquiry(96), data_in_bytes=4096))) < 100
        end = DISK_MIB * MIB // DISK_BLOCK
        capacity = good(unit, Task(b"\x25" + bytes(9), data_in_bytes=8))
        assert int.from_bytes(capacity[:4], "big") == end - 1
        beyond = unit.execute(Task(read10(end, 1), data_in_bytes=DISK_BLOCK))
        assert sense_of(beyond) == (SenseKey.ILLEGAL_REQUEST, *Asc.LBA_OUT_OF_RANGE.value)
        assert sense_of(unit.execute(Task(b"\xff" + bytes(9))))[:2] == (SenseKey.ILLEGAL_REQUEST, 0x20)
        unit.reset()
        assert sense_of(unit.execute(TEST_UNIT_READY))[:2] == (SenseKey.UNIT_ATTENTION, 0x29)
        assert unit.execute(TEST_UNIT_READY) == Reply()


def test_which_targets_tgtd_has(target: Tgtd) -> None:
    portal = f"127.0.0.1:{target.port}"
    assert discover(f"iscsi://{portal}") == (FoundTarget(IQN, (f"{portal},1",)),)


def test_what_tgtd_refuses(target: Tgtd, tmp_path: Path) -> None:
    with pytest.raises(TransportError) as caught:
        IscsiUnit.connect(target.url.replace("tgtd", "nobody"))
    assert caught.value.fault is Fault.REFUSED
    assert "no such target" in caught.value.message
    target.want_chap(mutual=True)
    strange = (
        None,
        ChapCredentials(USER, "wrong wrong wrong"),
        ChapCredentials(USER, SECRET, TARGET_USER, "wrong wrong"),
    )
    for credentials in strange:
        with pytest.raises(TransportError) as caught:
            IscsiUnit.connect(target.url, auth=credentials)
        assert caught.value.fault is Fault.DENIED, caught.value
    secret, other = tmp_path / "secret", tmp_path / "other"
    secret.write_text(f"{SECRET}\n")
    other.write_text(TARGET_SECRET)
    host = target.url.replace("iscsi://", f"iscsi://{USER}@")
    files = f"secret_file={secret}&target_user={TARGET_USER}&target_secret_file={other}"
    with IscsiUnit.connect(f"{host}?{files}") as unit:
        good(unit, TEST_UNIT_READY)


# The emulated recorder


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[ServedProcess]:
    disc = tmp_path / "plus.disc"
    made = burnlab("disc", "create", disc, "--type", "dvd+rw")
    assert made.returncode == 0, made.stderr
    with ServedProcess(tmp_path, disc, "--speed", "max") as served:
        yield served


def format_plus_rw(unit: IscsiUnit) -> None:
    """FORMAT UNIT in the background, full capacity."""
    descriptor = (2295104).to_bytes(4, "big") + bytes((0x26 << 2, 0, 0, 0))
    good(unit, Task(bytes((0x04, 0x11, 0, 0, 0, 0)), bytes((0, 0x82, 0, 8)) + descriptor))
    deadline = time.monotonic() + 120
    while unit.execute(TEST_UNIT_READY).status is not Status.GOOD:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_dvd_plus_rw_is_written_and_read(recorder: ServedProcess) -> None:
    with IscsiUnit.connect(recorder.url, header_digest="CRC32C", data_digest="CRC32C") as unit:
        assert sense_of(unit.execute(TEST_UNIT_READY)) == (SenseKey.UNIT_ATTENTION, 0x29, 0)
        assert unit.execute(TEST_UNIT_READY) == Reply()
        configuration = good(unit, Task(bytes((0x46, 0, 0, 0, 0, 0, 0, 0, 8, 0)), data_in_bytes=8))
        assert configuration[6:8] == b"\x00\x1a"
        format_plus_rw(unit)
        for number in range(8):
            data = content(number, 16 * DVD_BLOCK)
            assert good(unit, Task(write10(16 * number, 16), data)) == b""
        good(unit, Task(b"\x35" + bytes(9)))
        for number in range(8):
            task = Task(read10(16 * number, 16), data_in_bytes=16 * DVD_BLOCK)
            assert good(unit, task) == content(number, 16 * DVD_BLOCK)


def test_a_recorder_that_dies_is_lost_for_good(recorder: ServedProcess) -> None:
    with IscsiUnit.connect(recorder.url) as unit:
        good(unit, TEST_UNIT_READY)
        recorder.kill()
        for _ in range(2):
            with pytest.raises(TransportError, match="nothing was sent again") as caught:
                unit.execute(TEST_UNIT_READY)
            assert caught.value.fault is Fault.LOST
    with pytest.raises(TransportError) as caught:
        IscsiUnit.connect(recorder.url)
    assert caught.value.fault is Fault.ABSENT


# Bad luck


@contextmanager
def peer(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """Somebody who listens and does with a connection as told. Yields the address of a target there."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            connection, _address = listener.accept()
            with connection:
                serve(connection)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"iscsi://127.0.0.1:{listener.getsockname()[1]}/{IQN}/0"
        thread.join(60)


def test_nobody_listens() -> None:
    with socket.socket() as taken, pytest.raises(TransportError, match="Connection refused") as caught:
        taken.bind(("127.0.0.1", 0))
        IscsiUnit.connect(f"iscsi://127.0.0.1:{taken.getsockname()[1]}/{IQN}/0")
    assert caught.value.fault is Fault.ABSENT


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n" + bytes(100), b""])
def test_a_peer_that_is_no_target(answer: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(answer)

    with peer(serve) as url, pytest.raises(TransportError, match="See whether an iSCSI target") as caught:
        IscsiUnit.connect(url)
    assert caught.value.fault is Fault.REFUSED


def test_a_peer_that_says_nothing() -> None:
    done = threading.Event()

    def serve(_connection: socket.socket) -> None:
        done.wait(60)

    with peer(serve) as url:
        with pytest.raises(TransportError, match=r"doesn't finish the login within 0\.3 s") as caught:
            IscsiUnit.connect(url, timeout=0.3)
        done.set()
    assert caught.value.fault is Fault.TIMEOUT


def test_addresses_that_are_none() -> None:
    for url in ("iscsi://host", "http://host", f"iscsi://host/{IQN}/x"):
        with pytest.raises(TransportError) as caught:
            IscsiUnit.connect(url)
        assert caught.value.fault is Fault.ABSENT
    with pytest.raises(TransportError, match="can't be read: No such file") as caught:
        IscsiUnit.connect(f"iscsi://me@host/{IQN}/0?secret_file=/nowhere")
    assert caught.value.fault is Fault.DENIED


def test_a_command_that_takes_too_long_is_aborted() -> None:
    def patience(cdb: bytes) -> float:
        return 0.2 if cdb[0] == 0x2A else 60.0

    slow = MemoryUnit(seconds=60.0)
    with (
        TargetServer(slow, TargetConfig(iqn=IQN, port=0)) as server,
        IscsiUnit.connect(server.url, patience=patience) as unit,
    ):
        with pytest.raises(TransportError, match=r"2Ah within 0\.2 s") as caught:
            unit.execute(Task(write10(0, 1), bytes(DVD_BLOCK)))
        assert caught.value.fault is Fault.TIMEOUT
        assert good(unit, Task(read10(0, 1), data_in_bytes=DVD_BLOCK)) == bytes(DVD_BLOCK)


def test_a_session_that_ends_behind_the_initiators_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(client, "KEEPER_SECONDS", 0.05)
    with TargetServer(MemoryUnit(), TargetConfig(iqn=IQN, port=0)) as server:
        unit = IscsiUnit.connect(server.url)
        good(unit, TEST_UNIT_READY)
    time.sleep(0.3)
    with caplog.at_level(logging.DEBUG), pytest.raises(TransportError, match="closed the connection"):
        unit.execute(TEST_UNIT_READY)
    unit.close()
    unit.close()


def test_a_closed_unit_takes_no_commands() -> None:
    auth = ChapAuth("me", "a long secret", "it", "another secret")
    memory = MemoryUnit()
    with TargetServer(memory, TargetConfig(iqn=IQN, port=0, auth=auth)) as server:
        url = server.url.replace("iscsi://", "iscsi://me%a long secret@")
        unit = IscsiUnit.connect(url, offers=Offers(max_burst_bytes=4096, first_burst_bytes=512))
        good(unit, Task(write10(0, 8), content(0, 8 * DVD_BLOCK)))
        unit.close()
        with pytest.raises(TransportError, match="was closed"):
            unit.execute(TEST_UNIT_READY)
        # Logged out in good order, so the target has let go of the session before it closes.
        deadline = time.monotonic() + 60
        while not any(isinstance(e, tuple) and e[0] == "close" for e in memory.log):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_threads_share_a_unit() -> None:
    failures: list[int] = []

    def work(unit: IscsiUnit, number: int) -> None:
        for _ in range(50):
            data = content(number, DVD_BLOCK)
            unit.execute(Task(write10(number, 1), data))
            if good(unit, Task(read10(number, 1), data_in_bytes=DVD_BLOCK)) != data:
                failures.append(number)

    config = TargetConfig(iqn=IQN, port=0)
    with TargetServer(MemoryUnit(blocks=64), config) as server, IscsiUnit.connect(server.url) as unit:
        threads = [threading.Thread(target=work, args=(unit, number)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
