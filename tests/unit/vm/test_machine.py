"""What is said when QEMU ends, how machines are named and remembered, how ssh is called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from burnlab.vm.errors import BadRequest, LaunchFailure, VmError
from burnlab.vm.machine import CONSOLE_LOG, OUTPUT_LOG, Machine, started_at
from burnlab.vm.places import Places
from burnlab.vm.record import MachineRecord, Process, all_records, claim, folder_of, load_running, save
from burnlab.vm.ssh import SshAccess

ACCESS = SshAccess(5557, "burner", Path("/i/key"), Path("/i/hosts"), "burnlab-guest")
GONE = 2**22 + 1  # above the largest process id


@pytest.mark.parametrize(
    ("output", "hint"),
    [
        ("qemu: -blockdev driver=iscsi: Unknown driver 'iscsi'", "qemu-block-extra"),
        ("Could not set up host forwarding rule 'tcp:127.0.0.1:5557-:22'", "--ssh-port"),
        ("iSCSI: failed to send readcapacity10 command", "tray is empty"),
        ("iSCSI: Failed to connect to LUN : Connection refused", "recorder serve"),
        ("Could not open '/dev/sr7': No such file or directory", "/dev/sr*"),
        ("Could not open '/dev/sr0': Permission denied", "cdrom"),
        ("cannot set up guest memory 'pc.ram': Cannot allocate memory", "--memory"),
        ("something new", "doctor"),
    ],
)
def test_a_launch_failure_says_what_to_do(tmp_path: Path, output: str, hint: str) -> None:
    (tmp_path / OUTPUT_LOG).write_text(output + "\n")
    with pytest.raises(LaunchFailure) as caught:
        Machine(tmp_path, ["qemu"], GONE).check()
    assert hint in caught.value.hint
    assert output in str(caught.value) and output in caught.value.output_tail


def test_tails_are_short(tmp_path: Path) -> None:
    (tmp_path / CONSOLE_LOG).write_bytes(b"x" * 100000 + b"\r\nend\xff")
    machine = Machine(tmp_path, [], GONE)
    assert machine.console_tail().endswith("\nend\ufffd")
    assert len(machine.console_tail()) < 5000
    assert machine.output_tail() == ""


def test_a_process_is_known_by_its_start_too() -> None:
    me = Process.of(os.getpid())
    assert me.is_running
    assert not Process(os.getpid(), me.started + 1).is_running
    assert started_at(GONE) is None


@pytest.mark.parametrize("name", ["", "..", "a/b", "Upper", "-x", "a" * 21])
def test_names_that_are_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRequest):
        folder_of(Places(tmp_path, tmp_path), name)


def test_records(tmp_path: Path) -> None:
    places = Places(tmp_path, tmp_path)
    with pytest.raises(VmError, match="no machine named"):
        load_running(places, "one")
    entry = MachineRecord("one", Process.of(os.getpid()), ["qemu"], "/i", 5557, "tcg")
    save(claim(places, "one"), entry)
    assert load_running(places, "one") == entry
    assert list(all_records(places)) == [entry]
    with pytest.raises(VmError, match="running already"):
        claim(places, "one")
    save(folder_of(places, "one"), MachineRecord("one", Process(GONE, 1), [], "/i", 5557, "tcg"))
    with pytest.raises(VmError, match="ended by itself"):
        load_running(places, "one")
    assert list(claim(places, "one").iterdir()) == []


def test_ssh_regards_nothing_of_the_users_own() -> None:
    argv = ACCESS.ssh(["xorriso", "-devices"])
    assert argv[:3] == ["ssh", "-F", "/dev/null"]
    assert argv[-5:] == ["5557", "burner@127.0.0.1", "--", "xorriso", "-devices"]
    for setting in ("IdentityFile=/i/key", "UserKnownHostsFile=/i/hosts", "StrictHostKeyChecking=yes"):
        assert setting in argv


def test_scp_knows_the_guests_paths() -> None:
    argv = ACCESS.scp(["a:b", "/c", "guest:d"], recursive=True)
    assert argv[-7:] == ["-P", "5557", "-r", "--", "./a:b", "/c", "burner@127.0.0.1:d"]
    with pytest.raises(BadRequest):
        ACCESS.scp(["a", "b"])


def test_places_follow_the_environment(tmp_path: Path) -> None:
    assert Places.of_user({"HOME": "/h"}) == Places(Path("/h/.cache/burnlab"), Path("/h/.cache/burnlab/run"))
    runtime = str(tmp_path)
    places = Places.of_user({"HOME": "/h", "XDG_CACHE_HOME": "/c", "XDG_RUNTIME_DIR": runtime})
    assert places == Places(Path("/c/burnlab"), tmp_path / "burnlab")


def test_sockets_of_a_machine_fit_into_an_address(tmp_path: Path) -> None:
    folder = Places(tmp_path, tmp_path / ("x" * 120)).private("micro")
    folder.rmdir()
    assert len(str(folder / "burnlab.errors.4")) < 108
