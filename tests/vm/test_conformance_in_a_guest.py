"""The conformance suite through a real kernel's SG_IO: our recorder there, and QEMU's own DVD-ROM drive."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from burnlab.vm import MicroGuest, micro_guest
from burnlab.vm.images.with_burnlab import PACKAGE_TAG
from support.drive import pattern
from support.served import ServedProcess, burnlab

pytestmark = pytest.mark.vm

PROGRAM = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
from burnlab.burn.sg_io import SgIoUnit
from burnlab.conformance.report import as_json
from burnlab.conformance.runner import Terms, choose, run
from burnlab.conformance.suite import CASES
cases = choose(CASES, sys.argv[3:])
print(json.dumps(as_json(run(SgIoUnit(sys.argv[2]), time.sleep, cases, Terms(allow_dataloss=True)))))
"""
"""What `burnlab conformance --allow-dataloss` does, which needs more than Python's own library."""

CHAPTERS = ("inquiry", "vital-product-data", "mode-select", "event-status", "read", "overwrite", "tray")
"""What is tried with our recorder: asking, reading, writing, and what takes a unit attention."""
QEMU_DEVIATIONS = {
    "get-configuration.reserved-request": "GOOD",
    "mode-sense.page-timeout-and-protect": "5/24/00 (invalid field in cdb)",
    "disc-structure-dvd.physical-format": "0h",
}
"""Some of what QEMU 7.2's drive does otherwise than the standard."""


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MicroGuest]:
    folder = tmp_path_factory.mktemp("recorder")
    made = burnlab("disc", "create", folder / "ram.disc", "--type", "dvd-ram")
    assert made.returncode == 0, made.stderr
    image = folder / "some.iso"
    image.write_bytes(pattern(0, 400000))
    with (
        ServedProcess(folder, folder / "ram.disc") as served,
        micro_guest(recorder=served.url, cdrom=image, own_program=True, progress=print) as running,
    ):
        yield running


def report(guest: MicroGuest, device: str, *chapters: str) -> dict[str, Any]:
    """Run the suite, or chapters of it, against a device of the guest."""
    words = ("python3", "-c", PROGRAM, f"/mnt/{PACKAGE_TAG}", device, *chapters)
    done = guest.run(shlex.join(words), timeout=300)
    assert (done.exit_code, done.stderr) == (0, "")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_our_recorder_behind_the_kernel(guest: MicroGuest) -> None:
    told = report(guest, "/dev/sr1", *CHAPTERS)
    assert told["medium"] == "DVD RAM"
    assert [result for result in told["results"] if result["verdict"] == "failed"] == []
    assert told["passed"] >= 35


def test_qemus_drive(guest: MicroGuest) -> None:
    """Nobody's recorder: what is found there is so, and the suite goes on to its end."""
    told = report(guest, "/dev/sr0")
    assert told["product"] == "QEMU DVD-ROM"
    came = {result["name"]: result.get("came") for result in told["results"]}
    assert {name: came[name] for name in QEMU_DEVIATIONS} == QEMU_DEVIATIONS
    assert told["passed"] >= 50
    print(told["passed"], sorted(name for name, what in came.items() if what))
    assert told["failed"] < 30
