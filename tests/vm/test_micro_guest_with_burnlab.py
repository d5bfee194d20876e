"""burnlab's burn program in the micro guest: Python from Debian, the package from this host."""

from __future__ import annotations

import pytest

from burnlab.vm.guest import micro_guest

pytestmark = pytest.mark.vm

ASK = """
from burnlab.burn.sg_access import list_drives
from burnlab.burn.sg_io import SgIoUnit
from burnlab.scsi.task import Task
for drive in list_drives():
    with SgIoUnit(drive.path) as unit:
        reply = unit.execute(Task(bytes((0x12, 0, 0, 0, 36, 0)), data_in_bytes=36))
    print(drive.path, drive.vendor, reply.status.name, reply.data_in[8:12].decode())
"""


def test_it_runs_and_reaches_the_drive() -> None:
    with micro_guest(programs=(), own_program=True, progress=print) as guest:
        version = guest.run("bxorriso -version")
        assert version.exit_code == 0, version.stderr
        asked = guest.run(f"PYTHONPATH=/mnt/burnlab python3 - <<'END'\n{ASK}\nEND\n")
        assert asked.stdout == "/dev/sr0 QEMU GOOD QEMU\n", asked.stderr
