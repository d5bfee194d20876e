"""The whole walkthrough by the real xorriso, on the /dev/sr0 that `burnlab recorder attach` gives a host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from burnlab.iscsi.server import TargetConfig
from burnlab.lab.bench import PAYLOADS, SHARE, GuestStation
from burnlab.lab.loading import load_plan
from burnlab.lab.monitor import Monitor
from burnlab.lab.plan import Case
from burnlab.lab.run import Job, StationOpener, run_plans
from burnlab.lab.serving import ServedRecorder
from burnlab.lab.station import Address, Station
from burnlab.lab.tray import model_of, workplace
from burnlab.vm import Share
from burnlab.vm.spec import HOST_ADDRESS
from support.attached import command, host_guest, start_daemon

pytestmark = pytest.mark.vm

PLAN = "walkthrough"


class AttachedStation(GuestStation):
    """A host that is a guest: the recorder is its only drive."""

    @property
    def address(self) -> Address:
        """The drive as open-iscsi has made it."""
        return Address("/dev/sr0", "xorriso", PAYLOADS, other="bxorriso")


def attached_station(job: Job, folder: Path) -> StationOpener:
    """A recorder that this process serves, and a host that has logged in to it before a disc is in it."""

    @contextmanager
    def open_station() -> Iterator[Station]:
        with ExitStack() as stack:
            place = stack.enter_context(workplace(job, folder, False, print))
            served = ServedRecorder(model_of(job), TargetConfig(port=0), trace=place.trace)
            stack.callback(served.close)
            served.target.start()
            guest = stack.enter_context(host_guest(Share(place.payloads, SHARE)))
            start_daemon(guest)
            done = command(guest, "recorder", "attach", served.url.replace("127.0.0.1", HOST_ADDRESS))
            assert (done.exit_code, done.stdout) == (0, "/dev/sr0\n"), done.stderr
            # As Debian's udev rules do.
            assert guest.run("chgrp cdrom /dev/sr0; chmod 660 /dev/sr0 /dev/sg0").exit_code == 0
            assert guest.run(f"mkdir -p {PAYLOADS} && mount -o bind /mnt/{SHARE} {PAYLOADS}").exit_code == 0
            yield AttachedStation(served, guest, place, job)
            gone = command(guest, "recorder", "detach", served.url.replace("127.0.0.1", HOST_ADDRESS))
            assert gone.exit_code == 0, gone.stderr

    return open_station


def test_the_walkthrough_holds_on_an_attached_drive(tmp_path: Path) -> None:
    loaded = load_plan(PLAN)
    # Not "guest": those have the scenario's virtual DVD-ROM, too.
    case = Case(loaded.plan.types[0], "quick", "xorriso", loaded.plan.model, "host")
    job = Job(loaded, (case,), "guest", "")
    result = run_plans([job], lambda one: attached_station(one, tmp_path), Monitor())
    why = [(step.name, step.why) for entry in result.cases for step in entry.steps if step.state == "failed"]
    assert not why and not result.broken, (why, result.broken, result.hint)
    assert result.cases[0].holds
