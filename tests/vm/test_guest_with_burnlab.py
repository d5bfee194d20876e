"""burnlab in the guest: SG_IO through a real kernel on the emulated recorder, by `/dev/sr1` and its sg file.

The first run builds the guest, which takes one to two minutes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from burnlab.vm import DebianGuest, debian_guest
from burnlab.vm.spec import IscsiAddress
from support.served import ServedProcess, burnlab

pytestmark = pytest.mark.vm

PRELUDE = '''
import json, sys, time
import burnlab.burn.sg_io
from burnlab.burn.sg_access import list_drives
from burnlab.burn.sg_io import SgIoUnit
from burnlab.scsi.task import Status, Task
from burnlab.scsi.transport import TransportError

READY = Task(bytes(6))

def tell(**facts):
    print(json.dumps(facts))

def sent(unit, cdb, data=b"", answer=0):
    """Send a command, again after a unit attention; status, data, sense."""
    for _ in range(5):
        reply = unit.execute(Task(bytes(cdb), data, answer))
        if not (reply.sense and reply.sense[2] & 15 == 6):
            break
    return reply.status.name, bytes(reply.data_in), reply.sense[2:3].hex() + reply.sense[12:14].hex()

def await_ready(unit):
    deadline = time.time() + 60
    while sent(unit, READY.cdb)[0] != "GOOD":
        assert time.time() < deadline
        time.sleep(0.2)

def blocks10(opcode, lba, count):
    return bytes((opcode, 0)) + lba.to_bytes(4, "big") + b"\\0" + count.to_bytes(2, "big") + b"\\0"

def refused(path, cdb=None, **how):
    try:
        with SgIoUnit(path, **how) as unit:
            if cdb is not None:
                unit.execute(Task(bytes(cdb)))
    except TransportError as error:
        tell(fault=error.fault.name, message=error.message, hint=error.hint)
    else:
        tell(fault=None)
'''


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebianGuest]:
    folder = tmp_path_factory.mktemp("recorder")
    disc = folder / "plus.disc"
    made = burnlab("disc", "create", disc, "--type", "dvd+rw")
    assert made.returncode == 0, made.stderr
    with ServedProcess(folder, disc) as served:
        target = served.url.split("/")[3]
        address = IscsiAddress("127.0.0.1", served.port, target)
        with debian_guest(recorder=address, own_program=True, progress=print) as running:
            run(running, FORMAT)
            yield running


FORMAT = """
with SgIoUnit("/dev/sr1") as unit:
    await_ready(unit)
    descriptor = (2295104).to_bytes(4, "big") + bytes((0x26 << 2, 0, 0, 0))
    assert sent(unit, b"\\x04\\x11" + bytes(4), bytes((0, 0x82, 0, 8)) + descriptor)[0] == "GOOD"
    await_ready(unit)
"""


def run(guest: DebianGuest, script: str, *, root: bool = False, program: str = "python3") -> list[Any]:
    """Run a script in the guest; what it told."""
    command = f"{program} - <<'END'\n{PRELUDE}\n{script}\nEND\n"
    result = (guest.run_as_root if root else guest.run)(command, timeout=180)
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_the_burn_program_is_installed(guest: DebianGuest) -> None:
    result = guest.run("bxorriso -version; stat -c '%U %A' /usr/bin/bxorriso")
    assert result.exit_code == 0, result.stderr
    assert "root -rwxr-xr-x" in result.stdout
    compiled = guest.run("ls /usr/lib/python3/dist-packages/burnlab/burn/__pycache__").stdout
    source = guest.run("ls /usr/lib/python3/dist-packages/burnlab/burn").stdout
    assert "sg_io.py" in source
    assert compiled == "" or "sg_io.cpython" in compiled


def test_drives_are_listed_without_opening_them(guest: DebianGuest) -> None:
    script = """
for drive in list_drives():
    tell(path=drive.path, generic=drive.generic, who=[drive.vendor, drive.product],
         mode=drive.permissions, group=drive.group, may=drive.may_write, links=list(drive.links))
"""
    first, second = run(guest, script)
    assert first["who"] == ["QEMU", "QEMU DVD-ROM"]
    assert first["links"] == ["/dev/cdrom", "/dev/dvdrom"] or "/dev/dvdrom" in first["links"]
    assert (second["path"], second["mode"], second["group"], second["may"]) == (
        "/dev/sr1",
        "rwrw--",
        "cdrom",
        True,
    )
    assert "/dev/recorder" in second["links"]
    assert second["generic"].startswith("/dev/sg")


WORK = """
path = PATH or list_drives()[1].generic
with SgIoUnit(path) as unit:
    status, data, _ = sent(unit, b"\\x12\\0\\0\\0\\xff\\0", answer=255)
    tell(inquiry=[status, data[:1].hex(), data[8:16].decode()], padding=data[36:].strip(bytes(1)).hex())
    await_ready(unit)
    tell(profile=sent(unit, b"\\x46\\0\\0\\0\\0\\0\\0\\0\\x08\\0", answer=8)[1][6:].hex())
    whole = bytes(range(256)) * 8 * 16
    for lba in range(0, 512, 16):
        data = lba.to_bytes(4, "big") + START + whole[4 + len(START):]
        assert sent(unit, blocks10(0x2A, lba, 16), data)[0] == "GOOD", lba
    tell(sync=sent(unit, b"\\x35" + bytes(9))[0])
    for lba in range(0, 512, 16):
        data = sent(unit, blocks10(0x28, lba, 16), answer=32768)[1]
        assert data == lba.to_bytes(4, "big") + START + whole[4 + len(START):], lba
    tell(beyond=sent(unit, blocks10(0x28, 2295104, 1), answer=2048)[2])
refused(path, b"\\xff" + bytes(9))
"""


@pytest.mark.parametrize(("path", "start"), [("/dev/sr1", b"block"), ("", b"generic")])
def test_a_dvd_plus_rw_is_written_and_read(guest: DebianGuest, path: str, start: bytes) -> None:
    told = run(guest, f"PATH, START = {path!r}, {start!r}\n{WORK}")
    facts: dict[str, Any] = {}
    for line in told:
        facts |= line
    # QEMU doesn't hand on how much of the answer is missing: what the drive didn't fill are zeros.
    assert (facts["inquiry"], facts["padding"]) == (["GOOD", "05", "burnlab "], "")
    assert facts["profile"] == "001a"
    assert facts["sync"] == "GOOD"
    assert facts["beyond"] == "052100"
    # Through the block device the kernel lets nothing pass that it doesn't know; through the sg file it does.
    assert facts["fault"] == ("DENIED" if path else None)
    words = "command FFh: the kernel doesn't let this user send the command"
    assert facts.get("message", words).endswith(words)


def test_a_drive_is_for_one_program_at_a_time(guest: DebianGuest) -> None:
    script = """
generic = list_drives()[1].generic
with SgIoUnit("/dev/sr1"):
    refused("/dev/sr1")
    refused(generic)
    refused("/dev/sr1", inspect=True)
with SgIoUnit(generic):
    refused("/dev/sr1")
refused("/dev/sr1")
"""
    held, sibling, looked, other, free = run(guest, script)
    assert (held["fault"], sibling["fault"], other["fault"]) == ("BUSY", "BUSY", "BUSY")
    assert held["message"] == "the device /dev/sr1 is busy: another program uses it"
    assert (looked["fault"], free["fault"]) == (None, None)


def test_a_mounted_disc_is_busy(guest: DebianGuest) -> None:
    made = guest.run("xorriso -outdev /tmp/etc.iso -volid ETC -map /etc/passwd /passwd", timeout=120)
    assert made.exit_code == 0, made.stderr
    write = """
from pathlib import Path
image = Path("/tmp/etc.iso").read_bytes()
image += bytes(-len(image) % 32768)
with SgIoUnit("/dev/sr1") as unit:
    await_ready(unit)
    for start in range(0, len(image), 32768):
        assert sent(unit, blocks10(0x2A, start // 2048, 16), image[start : start + 32768])[0] == "GOOD"
    assert sent(unit, b"\\x35" + bytes(9))[0] == "GOOD"
"""
    assert run(guest, write) == []
    guest.run_as_root("mkdir -p /mnt/disc && mount -o ro /dev/sr1 /mnt/disc")
    assert guest.run("cmp /etc/passwd /mnt/disc/passwd").exit_code == 0
    block, generic = run(guest, 'refused("/dev/sr1")\nrefused(list_drives()[1].generic)')
    assert guest.run_as_root("umount /mnt/disc").exit_code == 0
    for told in (block, generic):
        assert told["fault"] == "BUSY"
        assert told["message"] == "the device /dev/sr1 is busy: it is mounted at /mnt/disc"
        assert told["hint"] == "Unmount it: umount /mnt/disc"


NOBODY = "runuser -u nobody -- python3"


def test_who_may_not_is_told_what_helps(guest: DebianGuest) -> None:
    (denied,) = run(guest, 'refused("/dev/sr1")', root=True, program=NOBODY)
    assert denied["fault"] == "DENIED"
    assert denied["message"] == "nobody isn't allowed to use /dev/sr1 (brw-rw----, group cdrom)"
    assert denied["hint"] == "Join the group: sudo usermod -a -G cdrom nobody; then log in again"


def test_who_may_only_read_may_look(guest: DebianGuest) -> None:
    script = """
with SgIoUnit("/dev/sr1", inspect=True) as unit:
    tell(read_only=unit.is_read_only, inquiry=sent(unit, b"\\x12\\0\\0\\0\\x24\\0", answer=36)[0])
refused("/dev/sr1", b"\\xa1\\x11" + bytes(10), inspect=True)
"""
    guest.run_as_root("chmod o+r /dev/sr1")
    looked, denied = run(guest, script, root=True, program=NOBODY)
    guest.run_as_root("chmod o-r /dev/sr1")
    assert looked == {"read_only": True, "inquiry": "GOOD"}
    assert denied["fault"] == "DENIED"
    assert denied["message"].startswith("/dev/sr1, BLANK: /dev/sr1 could only be opened for reading")


def test_what_is_no_drive(guest: DebianGuest) -> None:
    script = 'for path in ("/dev/vda", "/dev/null", "/etc/passwd", "/dev/sr7", "/dev"): refused(path)'
    told = run(guest, script, root=True)
    assert [line["fault"] for line in told[1:]] == ["NOT_A_DRIVE", "NOT_A_DRIVE", "ABSENT", "NOT_A_DRIVE"]
    assert told[0]["fault"] in ("NOT_A_DRIVE", "BUSY")


@pytest.mark.parametrize("path", ["'/dev/sr1'", "list_drives()[1].generic"])
def test_signals_lose_no_answer(guest: DebianGuest, path: str) -> None:
    script = f"""
import signal
rung = []
with SgIoUnit({path}) as unit:
    await_ready(unit)
    signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    told = [sent(unit, blocks10(0x2A, 16 * n, 16), bytes([n]) * 32768)[0] for n in range(60)]
    signal.setitimer(signal.ITIMER_REAL, 0)
tell(good=told.count("GOOD"), rung=len(rung))
"""
    (told,) = run(guest, script)
    assert told["good"] == 60
    assert told["rung"] > 3
