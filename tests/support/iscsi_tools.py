"""Foreign initiators for the compat tests: found or skipped, run with a clean environment."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

PACKAGES = {
    "iscsi-ls": "libiscsi-bin",
    "iscsi-inq": "libiscsi-bin",
    "iscsi-test-cu": "libiscsi-bin",
    "qemu-img": "qemu-utils qemu-block-extra",
    "qemu-io": "qemu-utils qemu-block-extra",
}


def run(program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a foreign program; skips the test if it is missing."""
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is missing: apt install {PACKAGES[program]}")
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    result = subprocess.run(
        [path, *arguments], capture_output=True, text=True, timeout=300, env=environment, check=False
    )
    if "Unknown protocol 'iscsi'" in result.stderr:
        pytest.skip("QEMU has no iSCSI: apt install qemu-block-extra")
    assert not check or result.returncode == 0, f"{result.args}\n{result.stdout}\n{result.stderr}"
    return result


def conformance(pattern: str, url: str) -> dict[str, str]:
    """Run a family of iscsi-test-cu; test name → "passed", "failed", or why it was skipped.

    The program reports what it skipped as passed, with the reason on a line before.
    """
    output = run("iscsi-test-cu", "-t", pattern, "--dataloss", url, check=False).stdout
    found = {}
    for part in re.split(r"^  Test: ", output, flags=re.MULTILINE)[1:]:
        name, _dots, body = part.partition(" ...")
        # What follows the verdict belongs to the set-up of the next suite.
        verdict = re.search(r"(passed|FAILED)", re.sub(r"\[FAILED\]", "", body))
        assert verdict is not None, output
        skipped = re.search(r"\[SKIPPED\] (.*)", body[: verdict.end()])
        found[name] = skipped[1] if skipped else "passed" if verdict[1] == "passed" else "failed"
    return found
