"""Drives on USB, for guests that have no virtio drivers: xorriso sees the recorder there and burns."""

from __future__ import annotations

from pathlib import Path

import pytest

from burnlab.vm import Hba, micro_guest
from support.served import ServedProcess, burnlab, info

pytestmark = pytest.mark.vm

DRIVERS = {Hba.USB_BOT: "usb-storage", Hba.USB_UAS: "uas"}
BURN = "xorriso -abort_on FAILURE -md5 on -outdev /dev/sr1 -close on -map /bin/busybox /b -commit"
CHECK = "xorriso -abort_on FAILURE -md5 on -indev /dev/sr1 -check_md5_r sorry / --"


@pytest.mark.parametrize("hba", DRIVERS)
def test_xorriso_burns_on_usb(hba: Hba, tmp_path: Path) -> None:
    disc = tmp_path / "plus.disc"
    assert burnlab("disc", "create", disc, "--type", "dvd+r").returncode == 0
    with (
        ServedProcess(tmp_path, disc) as served,
        micro_guest(recorder=served.url, hba=hba, progress=print) as guest,
    ):
        listed = guest.run("xorriso -devices", timeout=120).stdout
        assert [line.split()[2] for line in listed.splitlines() if "-dev" in line] == [
            "'/dev/sr0'",
            "'/dev/sr1'",
        ]
        assert "'burnlab ' 'BD-RE RECORDER'" in listed
        # The recorder is the second logical unit of a USB device, which this driver works.
        place = guest.run("readlink -f /sys/block/sr1/device; ls /sys/bus/usb/drivers/" + DRIVERS[hba]).stdout
        assert "/usb" in place and "0:0:1" in place.splitlines()[0]
        assert any(":" in line for line in place.splitlines()[1:]), place
        burned = guest.run(BURN, timeout=300)
        assert burned.exit_code == 0, burned.stderr
        checked = guest.run(CHECK, timeout=300)
        assert "File contents and their MD5 checksums match." in checked.stdout
        assert checked.exit_code == 0, checked.stderr
    (session,) = info(disc)["sessions"]
    assert info(disc)["state"] == "closed", session
