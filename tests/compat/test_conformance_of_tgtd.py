"""The conformance suite against tgtd's emulation of a DVD-ROM: it finds what is so, and doesn't crash."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.drive import pattern
from support.foreign_target import tgtd
from support.served import burnlab

pytestmark = pytest.mark.compat

DEVIATIONS = {
    "event-status.supported-classes": "5/20/00 (invalid opcode)",
    "read-toc.tracks": "18 bytes",
    "disc-information.reserved-type": "GOOD",
    "track-information.beyond-the-last": "2/24/00 (invalid field in cdb)",
    "read.far-out": "3/11/00 (unrecovered read error)",
    "verify.byte-check": "GOOD",
    "pressed.nothing-else-either": "GOOD",
}
"""What tgtd 1.0.85 does otherwise than the standard, among other things, and what it answers."""


def test_deviations_are_told(tmp_path: Path) -> None:
    image = tmp_path / "some.iso"
    image.write_bytes(pattern(0, 2000))
    with tgtd(image, mode="cd") as target:
        run = burnlab("conformance", target.url, "--json")
    assert (run.returncode, run.stderr) == (1, "")
    report = json.loads(run.stdout)
    assert report["product"] == "VIRTUAL-CDROM"
    results = {result["name"]: result for result in report["results"]}
    assert {name: results[name].get("came") for name in DEVIATIONS} == DEVIATIONS
    for name in ("inquiry.standard-data", "vital-product-data.every-page", "read.several-blocks"):
        assert results[name]["verdict"] == "passed"
    assert report["passed"] >= 50
    assert not [name for name, result in results.items() if "can't be reached" in result["reason"]]


def test_a_disk_is_refused(tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    image.write_bytes(bytes(1 << 20))
    with tgtd(image) as target:
        run = burnlab("conformance", target.url)
    assert run.returncode == 3
    assert "it is a SCSI device of type 00h, no MMC unit" in run.stderr
