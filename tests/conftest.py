"""How the tests run: property tests have the same cases each time; several processes share the work."""

from __future__ import annotations

import heapq
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "steady", derandomize=True, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("searching", settings.get_profile("steady"), derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

GUESTS = "tests/vm/"
GUESTS_AT_ONCE = max(1, min(2, os.cpu_count() or 1))
"""A guest computes with one processor and mostly waits; more of them would fill a small machine's memory."""

SAME_IMAGE = {"test_debian_guest": "debian", "test_guest_with_burnlab": "debian"}
"""Files that use an image which takes minutes to build: side by side, one would only wait for the other."""

USUAL_GUEST_SECONDS = 30
SECONDS = {
    "debian": 200,
    "test_walkthrough": 140,
    "test_cd": 120,
    "test_shared_discs": 90,
    "test_burn_cut_off": 70,
    "test_programs": 60,
    "test_bad_luck": 60,
    "test_xorriso_drives": 40,
    "test_architecture": 30,
    "test_xorriso_on_discs": 30,
    "test_iso_identity": 30,
    "test_lab_in_memory": 20,
    "test_golden_transcripts": 20,
    "test_lab_payload_sizes": 20,
    "test_cli_disc": 20,
    "test_cli_recorder": 20,
    "test_lab_walkthrough": 20,
    "test_round_trips": 20,
}
"""About how long a file, or those of one image, take on two processors: the long ones begin first."""


def dealt_as(node_id: str) -> str:
    """What a test is dealt out with: its file, or all of the same image."""
    stem = Path(node_id.partition("::")[0]).stem
    return SAME_IMAGE.get(stem, stem)


def is_guest(node_id: str) -> bool:
    """It boots a guest."""
    return node_id.startswith(GUESTS)


def expected_seconds(node_id: str) -> int:
    """How long all tests take that this one is dealt out with."""
    return SECONDS.get(dealt_as(node_id), USUAL_GUEST_SECONDS if is_guest(node_id) else 0)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, guests come first, and the longest of each kind."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: (not is_guest(item.nodeid), -expected_seconds(item.nodeid)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deal out whole files, since their fixtures are made once, and the guests in as many rows as may run."""
    from xdist.scheduler import LoadScopeScheduling

    class Rows(LoadScopeScheduling):
        """Scopes are files, or rows of them."""

        def schedule(self) -> None:
            """Begin, once all processes have told which tests there are."""
            tests = next(iter(self.registered_collections.values()))
            self.rows = in_rows({dealt_as(test): expected_seconds(test) for test in tests if is_guest(test)})
            super().schedule()

        def _split_scope(self, nodeid: str) -> str:
            return self.rows.get(dealt_as(nodeid), dealt_as(nodeid))

    config.option.loadscopereorder = False
    return Rows(config, log)


def in_rows(seconds: dict[str, int]) -> dict[str, str]:
    """Deal out what takes so long to rows of about the same length: each to the shortest one so far."""
    rows = [(0, number) for number in range(GUESTS_AT_ONCE)]
    dealt = {}
    for name in sorted(seconds, key=lambda name: (-seconds[name], name)):
        length, number = heapq.heappop(rows)
        dealt[name] = f"guests {number + 1}"
        heapq.heappush(rows, (length + seconds[name], number))
    return dealt
