"""The wiring, with a guest that isn't one: discs, traces, damage, and what a broken part becomes."""

from __future__ import annotations

import json
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from burnlab.lab import bench, tray
from burnlab.lab.loading import LoadedPlan, load_plan, parse_plan
from burnlab.lab.monitor import Monitor
from burnlab.lab.plan import Case
from burnlab.lab.run import Job, run_plan
from burnlab.lab.station import CommandTimeout, RefusedError, StationError
from burnlab.scsi import Nexus, Task
from burnlab.vm.command import CommandResult
from burnlab.vm.errors import CommandTimeout as GuestTimeout
from burnlab.vm.errors import VmError

PLAN = """
title = "Small"
types = ["dvd-rw"]
model = "MODEL"
[[payload]]
name = "lib"
files = 3
folders = 1
blocks = 100
[[step]]
name = "insert"
cites = "x"
action = { do = "insert" }
"""


class FakeGuest:
    """Answers every command in the same way, or fails."""

    xorriso_version = "1.5.4"

    def __init__(self, image, failure=None):
        self.failure = failure
        self.commands = []
        self.facts = {"kernel": "6.1"}
        self.packages = {"wodim": "9:1.1.11"}
        self.machine = SimpleNamespace(
            argv=["qemu", "-accel", "tcg,thread=multi", "-kernel", image, "-initrd", image]
        )

    def run(self, command, *, timeout=60, on_line=None):
        self.commands.append(command)
        if self.failure and command == "go":
            raise self.failure
        return CommandResult(command, 3, b"out\xff\n", b"err\n", 0.5)


def job(model="generic"):
    text = PLAN.replace("MODEL", model)
    return Job(LoadedPlan("small", text, parse_plan(text, "small")), (Case("dvd-rw", model=model),))


@pytest.fixture
def station(tmp_path, monkeypatch):
    """Opens a station whose guest is a fake."""

    @contextmanager
    def opened(model="generic", failure=None, **options):
        image = tmp_path / "image"
        image.write_bytes(b"kernel")
        guest = FakeGuest(str(image), failure)
        guest.shown = {}

        @contextmanager
        def fake_guest(**settings):
            guest.shown = settings
            yield guest

        monkeypatch.setattr(bench, "micro_guest", fake_guest)
        monkeypatch.setattr(bench, "_bind_payloads", lambda _guest: None)
        with bench.guest_station(job(model), traces=tmp_path / "traces", **options)() as opened_station:
            opened_station.guest = guest
            yield opened_station

    return opened


def test_commands_come_back_as_transcripts(station):
    with station() as place:
        seen = place.run("go", 5)
    assert (seen.stdout, seen.stderr, seen.exit_value, seen.seconds) == ("out\\xff\n", "err\n", 3, 0.5)


def test_the_guest_is_given_the_recorder_and_the_payloads(station):
    with station() as place:
        settings = place.guest.shown
        (share,) = settings["shares"]
        assert settings["recorder"].startswith("iscsi://127.0.0.1:")
        assert len(list(share.path.rglob("*.dat"))) == 3
    assert not share.path.exists()


def test_discs_change_and_each_has_its_trace(station, tmp_path):
    nexus = Nexus("test")
    inquiry = Task(bytes((0x12, 0, 0, 0, 36, 0)), data_in_bytes=36, nexus=nexus)
    with station() as place:
        unit = place._served.target._unit
        for _ in range(2):
            panel = place.insert("dvd-rw")
            unit.execute(inquiry)
        assert (panel["tray"], panel["medium"]["state"]) == ("closed", "blank")
        assert place.eject()["tray"] == "open"
        assert place.load()["medium"]["type"] == "dvd-rw"
        paths = place.traces()
    assert [path.name for path in paths] == ["trace-1-dvd-rw.jsonl", "trace-2-dvd-rw.jsonl"]
    for path in paths:
        assert json.loads(path.read_text().splitlines()[0])["name"] == "INQUIRY"


def test_a_rom_is_pressed_from_the_disc_in_the_tray(station, monkeypatch):
    def export(disc, path):
        path.write_bytes(disc.surface.read(0, 5))

    monkeypatch.setattr(tray, "export_image", export)
    with station() as place:
        with pytest.raises(RefusedError):
            place.press("dvd-rom")
        place.insert("dvd-ram")
        surface = place._disc / "surface"
        surface.write_bytes(b"burnlab!" * 256 * 5)
        panel = place.press("dvd-rom")
        data = (place._disc / "surface").read_bytes()
    assert (panel["medium"]["type"], panel["medium"]["state"]) == ("dvd-rom", "closed")
    assert data == b"burnlab!" * 256 * 5


def test_a_type_that_no_medium_has_is_a_broken_lab(station):
    with station() as place, pytest.raises(StationError, match="unknown medium type 'dvd-x'"):
        place.insert("dvd-x")


def test_damage_is_on_the_surface(station):
    with station() as place:
        place.insert("dvd-rw")
        surface = place._disc / "surface"
        surface.write_bytes(bytes(range(16)) * 128 * 3)
        place.damage(1)
        data = surface.read_bytes()
    assert data[2048:2064] == bytes(255 - n for n in range(16))
    assert data[:2048] == bytes(range(16)) * 128
    assert len(data) == 3 * 2048


def test_hands_without_a_disc_are_refused(station):
    with station() as place:
        for act in (place.load, lambda: place.damage(0)):
            with pytest.raises(RefusedError):
                act()


def test_a_locked_tray_refuses_and_the_step_fails(station):
    with station() as place:
        place.insert("dvd-rw")
        unit = place._served.target._unit
        unit.open_nexus(Nexus("test"))
        for _ in range(3):
            unit.execute(Task(bytes((0x1E, 0, 0, 0, 1, 0)), nexus=Nexus("test")))
        with pytest.raises(RefusedError, match="locked"):
            place.eject()


def test_timeouts_and_a_dead_guest(station):
    with station(failure=GuestTimeout("go", 5, b"so far\n")) as place, pytest.raises(CommandTimeout) as late:
        place.run("go", 5)
    assert late.value.transcript.stdout == "so far\n"
    with station(failure=VmError("QEMU ended", "look")) as place, pytest.raises(StationError) as dead:
        place.run("go", 5)
    assert dead.value.hint == "look"


def test_versions_name_all_that_takes_part(station):
    with station() as place:
        versions = place.versions()
    assert set(versions) == {"burnlab", "QEMU", "guest", "guest kernel", "xorriso", "drive model"}
    assert versions["QEMU"].endswith(", tcg")
    assert versions["guest"].startswith("micro, ")


def test_discs_are_kept_on_demand(station, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with station(keep=True, say=said.append) as place:
        place.insert("dvd-rw")
        disc = place._disc
    assert disc.is_dir()
    assert str(disc.parent) in said[-1]


def test_an_unknown_model_is_a_broken_lab(station):
    with pytest.raises(StationError, match="drive model 'odd'"), station("odd"):
        pass


def test_a_guest_that_does_not_start_is_a_broken_lab(tmp_path, monkeypatch):
    @contextmanager
    def no_guest(**settings):
        raise VmError(
            "there is no qemu-system-x86_64 on this host", "Install it: apt-get install qemu-system-x86"
        )
        yield

    monkeypatch.setattr(bench, "micro_guest", no_guest)
    result = run_plan(job(), bench.guest_station(job()), Monitor())
    assert (result.state, result.exit_value) == ("broken", 3)
    assert "qemu-system-x86_64" in result.broken
    assert result.hint.startswith("Install it")


def test_the_shipped_plans_models_exist():
    job = Job(load_plan("walkthrough"), (Case("dvd-rw", model="bd-5300s"),))
    assert tray.model_of(job).name == "bd-5300s"
