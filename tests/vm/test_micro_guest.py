"""The micro guest for real: boots, runs commands, and says what is wrong when something is."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from burnlab.vm import CommandTimeout, GuestSilent, LaunchFailure, MicroGuest, Share, micro_guest
from burnlab.vm.accel import boots, probe_kvm
from burnlab.vm.places import Places
from burnlab.vm.spec import Accel

pytestmark = pytest.mark.vm

NOBODY = "iscsi://127.0.0.1:9/iqn.2008-11.org.linux-kvm:nobody/1"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shared")
    (folder / "note").write_text("from the host\n")
    return folder


@pytest.fixture(scope="module")
def guest(shared: Path) -> Iterator[MicroGuest]:
    with micro_guest(cdrom=image(shared), shares=[Share(shared, "work")], progress=print) as running:
        yield running


def image(folder: Path) -> Path:
    """A file of some blocks, which serves as the virtual DVD-ROM's disc."""
    path = folder / "some.iso"
    path.write_bytes(b"burnlab!" * 256 * 100)
    return path


def test_streams_and_exit_codes_are_kept_apart(guest: MicroGuest) -> None:
    result = guest.run("echo out; echo err >&2; exit 7")
    assert (result.stdout, result.stderr, result.exit_code) == ("out\n", "err\n", 7)
    assert guest.run("kill -KILL $$").exit_code == 128 + signal.SIGKILL
    assert guest.run("no-such-program").exit_code == 127
    assert guest.run("true").exit_code == 0


def test_quotes_newlines_and_an_empty_input(guest: MicroGuest) -> None:
    assert guest.run("cat\nprintf '%s|' \"a  b\" 'c\nd' $(echo ü)").stdout == "a  b|c\nd|ü|"


def test_big_outputs_come_through_byte_by_byte(guest: MicroGuest) -> None:
    result = guest.run(
        "head -c 3000000 /dev/urandom | tee /tmp/x; md5sum </tmp/x >&2; rm /tmp/x", timeout=120
    )
    assert len(result.stdout_bytes) == 3000000
    assert result.stderr.split()[0] == hashlib.md5(result.stdout_bytes).hexdigest()


def test_lines_are_told_while_the_command_runs(guest: MicroGuest) -> None:
    seen: list[tuple[str, str, float]] = []
    began = time.monotonic()
    result = guest.run(
        "echo one; sleep 2; echo two >&2; sleep 2",
        on_line=lambda name, line: seen.append((name, line, time.monotonic() - began)),
    )
    assert [entry[:2] for entry in seen] == [("stdout", "one"), ("stderr", "two")]
    assert seen[0][2] < result.seconds - 2


def test_a_command_that_takes_too_long_is_ended(guest: MicroGuest) -> None:
    with pytest.raises(CommandTimeout) as caught:
        guest.run("echo begun; sleep 1000 & sleep 1000", timeout=5)
    assert caught.value.stdout == b"begun\n"
    assert guest.run("ps").stdout.count("sleep 1000") == 0


def test_commands_from_several_threads(guest: MicroGuest) -> None:
    results: dict[int, str] = {}

    def work(number: int) -> None:
        results[number] = guest.run(f"sleep 0.{number % 3}; echo {number}", timeout=60).stdout

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: f"{number}\n" for number in range(8)}


def test_the_virtual_dvd_rom_is_sr0(guest: MicroGuest, shared: Path) -> None:
    listed = guest.run("xorriso -devices").stdout
    assert listed.startswith("0  -dev '/dev/sr0' rwrw-- :  'QEMU    ' 'QEMU DVD-ROM'")
    digest = hashlib.md5(image(shared).read_bytes()).hexdigest()
    assert guest.run("md5sum /dev/sr0").stdout.split()[0] == digest
    assert guest.facts["drives"] == "1"


def test_a_shared_folder_is_there_read_only(guest: MicroGuest) -> None:
    assert guest.run("cat /mnt/work/note").stdout == "from the host\n"
    assert guest.run("touch /mnt/work/new").exit_code != 0


def test_the_guest_has_what_burn_programs_need(guest: MicroGuest) -> None:
    assert guest.xorriso_version
    assert guest.run("ls -d /dev/fd /dev/stdin /proc/1 /sys/block /dev/sg0").exit_code == 0
    assert guest.run("eject --version").exit_code == 0
    for name in ("iso9660", "udf", "9p"):
        assert guest.run(f"grep -qw {name} /proc/filesystems").exit_code == 0, name


def test_the_monitor_answers(guest: MicroGuest) -> None:
    status = guest.monitor("query-status")
    assert isinstance(status, dict) and status["running"] is True


def test_a_guest_that_never_answers() -> None:
    with pytest.raises(GuestSilent) as caught, micro_guest(boot_timeout=0.01):
        pass
    assert caught.value.hint


def test_a_recorder_that_nobody_serves() -> None:
    with pytest.raises(LaunchFailure) as caught, micro_guest(recorder=NOBODY):
        pass
    assert "recorder serve" in caught.value.hint
    assert caught.value.exit_code == 1


def test_qemu_killed_while_a_command_runs() -> None:
    with pytest.raises(LaunchFailure) as caught, micro_guest() as running:
        began = time.monotonic()
        threading.Timer(1, os.kill, (running.machine.pid, signal.SIGKILL)).start()
        running.run("sleep 100", timeout=90)
    assert caught.value.exit_code == -signal.SIGKILL
    assert time.monotonic() - began < 60


def test_the_probe_really_boots_something(tmp_path: Path) -> None:
    # Under TCG the same sector has to run: a probe that can't succeed would prove nothing about KVM.
    assert boots(Accel.TCG, seconds=60).works
    assert not boots(Accel.TCG, seconds=0.001).works


def test_the_probe_of_kvm_is_asked_once(tmp_path: Path) -> None:
    said: list[str] = []
    places = Places(tmp_path, tmp_path)
    first = probe_kvm(places, said.append)
    assert probe_kvm(places, said.append) == first
    assert len(said) <= 1
