"""burnlab's burn program on `/dev/sr1` of a real kernel: it burns a DVD-RW, and the real xorriso agrees."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from burnlab.vm import MicroGuest, micro_guest
from support.served import ServedProcess, burnlab

pytestmark = pytest.mark.vm

AS_USER = "busybox su burner -c"
MATCH = "File contents and their MD5 checksums match."


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MicroGuest]:
    folder = tmp_path_factory.mktemp("recorder")
    made = burnlab("disc", "create", folder / "rw.disc", "--type", "dvd-rw")
    assert made.returncode == 0, made.stderr
    with (
        ServedProcess(folder, folder / "rw.disc") as served,
        micro_guest(recorder=served.url, own_program=True, progress=print) as running,
    ):
        yield running


def said(guest: MicroGuest, command: str, exit_value: int = 0) -> tuple[str, str]:
    """Standard output and standard error of a command that ends as expected."""
    done = guest.run(command, timeout=120)
    assert done.exit_code == exit_value, f"{done.stdout}\n{done.stderr}"
    return done.stdout, done.stderr


ASK = """
from burnlab.burn.sg_access import list_drives
from burnlab.burn.sg_io import SgIoUnit
from burnlab.scsi.task import Task
for drive in list_drives():
    with SgIoUnit(drive.path) as unit:
        reply = unit.execute(Task(bytes((0x12, 0, 0, 0, 36, 0)), data_in_bytes=36))
    print(drive.path, drive.vendor, reply.status.name, reply.data_in[8:12].decode())
"""


def test_the_package_reaches_the_drives(guest: MicroGuest) -> None:
    assert said(guest, "bxorriso -version")[0]
    asked, _ = said(guest, f"PYTHONPATH=/mnt/burnlab python3 - <<'END'\n{ASK}\nEND\n")
    assert asked == "/dev/sr0 QEMU GOOD QEMU\n/dev/sr1 burnlab GOOD burn\n"


def test_it_burns_what_the_real_program_finds_whole(guest: MicroGuest) -> None:
    said(
        guest,
        "mkdir /tmp/tree && head -c 3000000 /dev/urandom >/tmp/tree/noise && ln -s noise /tmp/tree/link",
    )
    _, err = said(guest, "bxorriso -md5 on -dev /dev/sr1 -add /tmp/tree --")
    assert "Media current: DVD-RW sequential recording\nMedia status : is blank\n" in err
    assert "Writing to '/dev/sr1' completed successfully." in err
    checks = "-md5 on -indev /dev/sr1 -toc -check_md5_r sorry / --"
    ours, theirs = (said(guest, f"{program} {checks}")[0] for program in ("bxorriso", "xorriso"))
    assert MATCH in ours
    assert ours == theirs
    for address in ("/dev/sg1", "mmc:/dev/sg1"):
        assert said(guest, f"bxorriso {checks.replace('/dev/sr1', address)}")[0] == ours.replace(
            "/dev/sr1", address
        )


def test_it_lists_the_drives_as_the_real_program(guest: MicroGuest) -> None:
    for command in ("-devices", "-device_links"):
        ours, theirs = (said(guest, f"{program} {command}")[0] for program in ("bxorriso", "xorriso"))
        assert "'/dev/sr1' rwrw-- :" in ours
        assert ours == theirs


def test_a_drive_that_is_missing_busy_or_not_for_this_user(guest: MicroGuest) -> None:
    _, err = said(guest, "bxorriso -dev /dev/sr9 -toc", 5)
    assert err == said(guest, "xorriso -dev /dev/sr9 -toc", 5)[1]
    hold = "mkdir -p /tmp/held && mount -o ro /dev/sr1 /tmp/held"
    _, err = said(guest, f"{hold} && bxorriso -outdev /dev/sr1; value=$?; umount /tmp/held; exit $value", 5)
    assert "libburn : SORRY : Cannot open busy device '/dev/sr1' : Device or resource busy" in err
    assert "burnlab : HINT : Unmount it: umount /tmp/held" in err
    said(guest, "grep -q ^burner: /etc/passwd || echo burner:x:1000:1000::/tmp:/bin/sh >>/etc/passwd")
    _, err = said(guest, f"{AS_USER} 'bxorriso -outdev /dev/sr1 -toc'", 5)
    assert "burnlab : SORRY : burner isn't allowed to use /dev/sr1" in err
    assert "libburn : FAILURE : Cannot access '/dev/sr1' as SG_IO CDROM drive" in err
    assert "sudo usermod -a -G" in err


def test_a_mounted_disc_can_be_shared(guest: MicroGuest) -> None:
    said(guest, "mkdir -p /tmp/held && mount -o ro /dev/sr1 /tmp/held")
    words = "-drive_access shared:readonly -indev /dev/sr1 -toc -eject all"
    ours, theirs = (said(guest, f"{program} {words}") for program in ("bxorriso", "xorriso"))
    assert ours[0] == theirs[0]
    assert "Drive access : shared:readonly\n" in ours[0]
    for _, err in (ours, theirs):
        assert "xorriso : WARNING : Will not eject medium in readonly acquired input drive." in err
    said(guest, "umount /tmp/held")


def test_a_user_who_may_use_the_drive_needs_no_more(guest: MicroGuest) -> None:
    said(guest, "grep -q ^burner: /etc/passwd || echo burner:x:1000:1000::/tmp:/bin/sh >>/etc/passwd")
    said(guest, "chown burner /dev/sr1")
    _, err = said(guest, f"{AS_USER} 'bxorriso -md5 on -outdev /dev/sr1 -blank as_needed -add /etc --'")
    assert "Blanking done" in err
    assert "Writing to '/dev/sr1' completed successfully." in err
    assert MATCH in said(guest, "xorriso -md5 on -indev /dev/sr1 -check_md5_r sorry / --")[0]
