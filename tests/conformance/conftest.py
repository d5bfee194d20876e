"""The recorder under test: every test runs once for each transport in `support.drive.TRANSPORTS`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from burnlab.disc import Disc
from burnlab.disc.disc import pressed_state
from burnlab.disc.media import medium_named
from burnlab.disc.surface import MemorySurface
from support.drive import TRANSPORTS, Bench, Drive, MakeDrive, MakeRom, pattern
from support.iscsi_bench import IscsiBench

TRANSPORTS["iscsi"] = IscsiBench


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what can't be sent by iSCSI, whose CDBs always have 16 bytes: marked `memory_only`."""
    left_out = [i for i in items if i.get_closest_marker("memory_only") and "iscsi" in i.name]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [i for i in items if i not in left_out]


@pytest.fixture(params=sorted(TRANSPORTS))
def make_drive(request: pytest.FixtureRequest) -> Iterator[MakeDrive]:
    """Make a recorder: `medium` is a type name, a disc, or None for an empty tray.

    The drive has settled: no unit attention and no event is pending, unless `settled` is False.
    """
    benches: list[Any] = []

    def make(
        medium: str | Disc | None = "dvd-rw",
        *,
        model: str = "generic",
        speed: float | None = None,
        settled: bool = True,
        initiator: str = "",
    ) -> Drive:
        bench: Bench = TRANSPORTS[request.param](model, speed)
        benches.append(bench)
        if medium is not None:
            bench.load(Disc.in_memory(medium) if isinstance(medium, str) else medium)
        drive = Drive(bench)
        if initiator:
            drive.nexus = type(drive.nexus)(initiator)
        bench.connect(drive.nexus)
        if settled:
            drive.settle()
        return drive

    yield make
    for bench in benches:
        if hasattr(bench, "close"):
            bench.close()


@pytest.fixture
def drive(make_drive: MakeDrive) -> Drive:
    """A recorder without habits, at full speed, with a blank DVD-RW."""
    return make_drive()


@pytest.fixture
def empty(make_drive: MakeDrive) -> Drive:
    """A recorder with a closed, empty tray."""
    return make_drive(None)


@pytest.fixture
def make_rom() -> MakeRom:
    """Make a pressed disc of so many blocks, each telling its own address."""

    def make(medium: str = "dvd-rom", blocks: int = 1000) -> Disc:
        surface = MemorySurface()
        surface.write(0, pattern(0, blocks))
        return Disc(pressed_state(medium_named(medium), blocks), surface)

    return make


@pytest.fixture
def rom(make_drive: MakeDrive, make_rom: MakeRom) -> Drive:
    """A recorder with a DVD-ROM of 1000 blocks."""
    return make_drive(make_rom())
