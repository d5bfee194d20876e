"""The probe of host drives on a real kernel's drives, and what keeping one does to everybody else."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from burnlab.vm import MicroGuest, micro_guest
from burnlab.vm.images.with_burnlab import PACKAGE_TAG
from support.served import ServedProcess, burn, burnlab

pytestmark = pytest.mark.vm

PRELUDE = f"""
import json, os, subprocess, sys, types
sys.path.insert(0, "/mnt/{PACKAGE_TAG}")
import burnlab
room = types.ModuleType("burnlab.vm")  # the room's front needs more than Python's own library
room.__path__ = [os.path.join(os.path.dirname(burnlab.__file__), "vm")]
sys.modules["burnlab.vm"] = room
from burnlab.vm.host_drive import findings
from burnlab.vm.host_probe import hold, list_drives, look_at
from burnlab.vm.errors import HostFault

def tell(path):
    facts = look_at(path)
    print(json.dumps(dict(
        kind=facts.kind.name, sibling=facts.sibling, label=facts.label, tray=facts.tray.name,
        claimed=facts.is_claimed, mounted=facts.mounted_at, kib=facts.limits.max_kib,
        sectors=facts.limits.sectors, holders=[holder.name for holder in facts.holders],
        found=[[finding.weight.value, finding.message] for finding in findings(facts)])))

def end(command):
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    print(json.dumps(dict(code=done.returncode, said=done.stdout + done.stderr)))
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedProcess]:
    folder = tmp_path_factory.mktemp("recorder")
    assert burnlab("disc", "create", folder / "d.disc", "--type", "dvd-rw").returncode == 0
    with ServedProcess(folder, folder / "d.disc") as running:
        yield running


@pytest.fixture(scope="module")
def guest(served: ServedProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MicroGuest]:
    folder = tmp_path_factory.mktemp("image")
    made = burn(folder, "-outdev", "some.iso", "-map", __file__, "/file")
    assert made.returncode == 0, made.stderr
    image = folder / "some.iso"
    with micro_guest(recorder=served.url, cdrom=image, own_program=True, progress=print) as running:
        yield running


def run(guest: MicroGuest, script: str) -> list[Any]:
    done = guest.run(f"python3 -c {shlex.quote(PRELUDE + script)}", timeout=120)
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_facts_of_both_nodes(guest: MicroGuest) -> None:
    script = 'print(json.dumps(list_drives()))\nfor node in ("/dev/sr1", "/dev/sg1"): tell(node)'
    nodes, block, generic = run(guest, script)
    assert nodes == ["/dev/sr0", "/dev/sr1"]
    assert (block["kind"], block["sibling"]) == ("BLOCK", "/dev/sg1")
    assert (generic["kind"], generic["sibling"]) == ("GENERIC", "/dev/sr1")
    for facts in (block, generic):
        assert "(burnlab BD-RE RECORDER 1.00)" in facts["label"]
        assert (facts["tray"], facts["claimed"], facts["mounted"], facts["holders"]) == (
            "LOADED",
            False,
            [],
            [],
        )
        assert 0 < facts["sectors"] <= facts["kib"] * 2
        assert [weight for weight, _ in facts["found"]] == []


def test_a_drive_that_is_kept_is_for_nobody_else(guest: MicroGuest) -> None:
    script = """
with hold(look_at("/dev/sg1")) as handle:
    child = subprocess.Popen(["sleep", "100"], pass_fds=[handle])
for node in ("/dev/sr1", "/dev/sg1"): tell(node)
end("mount -t iso9660 /dev/sr1 /mnt")
end("xorriso -outdev /dev/sr1 -toc")
try:
    with hold(look_at("/dev/sr1"), 0.5): print(json.dumps("held twice"))
except HostFault as error:
    print(json.dumps(error.message))
child.kill(), child.wait()
with hold(look_at("/dev/sr1")): tell("/dev/sr0")
tell("/dev/sr1")
"""
    block, generic, mount, xorriso, again, _other, free = run(guest, script)
    for node, facts in (("/dev/sr1", block), ("/dev/sg1", generic)):
        assert facts["claimed"] and facts["holders"] == ["sleep"]
        ((weight, message),) = facts["found"]
        assert weight == "refuses" and message.startswith(f"{node} is in use by sleep (process ")
    assert mount["code"] != 0 and "busy" in mount["said"].lower()
    assert xorriso["code"] != 0 and "busy" in xorriso["said"].lower()
    assert again.startswith("/dev/sr1 is in use by sleep (process ")
    assert (free["claimed"], free["found"]) == (False, [])


def test_a_mounted_medium(guest: MicroGuest) -> None:
    assert guest.run("mkdir -p '/tmp/a b' && mount -t iso9660 -o ro /dev/sr0 '/tmp/a b'").exit_code == 0
    block, generic = run(guest, 'tell("/dev/sr0")\ntell("/dev/sg0")')
    assert guest.run("umount '/tmp/a b'").exit_code == 0
    for facts in (block, generic):
        assert facts["mounted"] == ["/tmp/a b"]
        assert facts["found"] == [["refuses", f"the disc in {facts['label'][:8]} is mounted at /tmp/a b"]]


def test_who_may_not_is_told_so(guest: MicroGuest) -> None:
    (facts,) = run(guest, 'os.setgroups([])\nos.setgid(1234)\nos.setuid(1234)\ntell("/dev/sr1")')
    assert facts["found"] == [
        ["refuses", "user 1234 may not read and write /dev/sr1 (brw-rw----, group cdrom)"]
    ]


def test_what_isnt_there_and_what_is_no_drive(guest: MicroGuest) -> None:
    absent, other = run(guest, 'tell("/dev/sr7")\ntell("/dev/null")')
    assert absent["found"] == [["refuses", "there is no drive /dev/sr7"]]
    assert other["found"] == [["refuses", "/dev/null isn't the node of a drive"]]


def test_an_empty_tray(guest: MicroGuest, served: ServedProcess) -> None:
    assert burnlab("recorder", "eject", "--force", "--control", served.control).returncode == 0
    block, generic = run(guest, 'tell("/dev/sr1")\ntell("/dev/sg1")')
    for facts in (block, generic):
        assert facts["tray"] in ("EMPTY", "OPEN")
        assert "refuses" not in [weight for weight, _ in facts["found"]]
        assert any("no medium is in it" in text or "tray is open" in text for _, text in facts["found"])
