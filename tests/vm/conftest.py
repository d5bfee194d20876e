"""Guests for tests. A host without QEMU or the means to build a guest skips, and says so."""

from __future__ import annotations

import shutil

import pytest

NEEDED = {"qemu-system-x86_64": "qemu-system-x86", "busybox": "busybox-static", "cpio": "cpio"}


@pytest.fixture(scope="session", autouse=True)
def host_can_run_guests() -> None:
    """Skip what needs a guest where one can't be run."""
    missing = [package for program, package in NEEDED.items() if shutil.which(program) is None]
    if missing:
        pytest.skip(f"no guests here: apt-get install {' '.join(missing)}")
