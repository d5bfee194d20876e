"""The recorder from outside: what hands may do, and that it survives whatever a handler meets."""

from __future__ import annotations

import pytest

from burnlab.disc import Disc, DiscState
from burnlab.disc.surface import MemorySurface
from burnlab.recorder import MODELS, Recorder
from burnlab.recorder.nexus import MAXIMUM_PENDING, NexusState
from burnlab.recorder.table import ROWS
from burnlab.scsi import Asc, Nexus, Status, Task, commands
from burnlab.scsi.mmc.events import MediaEvent

TUR = commands.TestUnitReady().pack()


def test_a_second_disc_does_not_fit() -> None:
    recorder = Recorder(MODELS["generic"])
    recorder.load(Disc.in_memory("dvd-rw"), 0.0)
    with pytest.raises(ValueError, match="already"):
        recorder.load(Disc.in_memory("dvd-rw"), 0.0)


def test_loading_into_an_open_tray() -> None:
    recorder = Recorder(MODELS["generic"])
    assert recorder.remove() is None
    assert recorder.tray_open
    recorder.load(Disc.in_memory("dvd-rw"), 0.0)
    assert not recorder.tray_open
    assert recorder.disc is not None


def test_an_ejected_disc_lies_in_the_tray() -> None:
    recorder = Recorder(MODELS["generic"])
    disc = Disc.in_memory("dvd-rw")
    recorder.load(disc, 0.0)
    recorder.open_tray()
    assert recorder.disc is None
    assert recorder.disc_in_tray is disc
    assert recorder.remove() is disc
    assert recorder.disc_in_tray is None


def test_unlock_is_the_pin_hole() -> None:
    recorder = Recorder(MODELS["generic"])
    recorder.load(Disc.in_memory("dvd-rw"), 0.0)
    recorder.execute(Task(commands.PreventAllowMediumRemoval(prevent=True).pack()), 0.0)
    assert recorder.removal_prevented
    recorder.unlock()
    assert recorder.remove() is not None


def test_ejecting_writes_down_what_was_in_the_buffer() -> None:
    recorder = Recorder(MODELS["generic"])
    kept: list[DiscState] = []
    recorder.load(Disc(Disc.in_memory("dvd-rw").state, MemorySurface(), kept.append), 0.0)
    recorder.execute(Task(commands.Write10(0, 16).pack(), bytes(32768)), 0.0)
    recorder.remove()
    assert kept[-1].tracks[0].blocks == 16


def test_unknown_initiators_are_served() -> None:
    recorder = Recorder(MODELS["generic"])
    reply = recorder.execute(Task(commands.Inquiry(allocation_length=36).pack(), data_in_bytes=36), 0.0)
    assert reply.status == Status.GOOD


def test_nexus_state_does_not_grow_without_end() -> None:
    state = NexusState()
    for n in range(1000):
        state.notify(MediaEvent.NEW_MEDIA if n % 2 else MediaEvent.MEDIA_REMOVAL)
        state.attend(Asc.MEDIUM_MAY_HAVE_CHANGED)
    assert len(state.media_events) <= MAXIMUM_PENDING
    assert state.media_events[-1] is MediaEvent.NEW_MEDIA
    assert len(state.attentions) == 1


def test_attentions_come_in_order_and_once() -> None:
    state = NexusState()
    state.attend(Asc.POWER_ON_OR_RESET)
    state.attend(Asc.MEDIUM_MAY_HAVE_CHANGED)
    assert [str(state.next_attention()) for _ in range(3)] == ["6/29/00", "6/28/00", "None"]


def test_a_lost_initiator_is_forgotten() -> None:
    recorder = Recorder(MODELS["generic"])
    nexus = Nexus("a")
    recorder.open_nexus(nexus)
    recorder.execute(Task(TUR, nexus=nexus), 0.0)
    recorder.close_nexus(nexus)
    recorder.close_nexus(nexus)
    recorder.open_nexus(nexus)
    reply = recorder.execute(Task(TUR, nexus=nexus), 0.0)
    assert reply.sense[12] == 0x29


def test_one_row_for_each_opcode() -> None:
    for opcode, row in ROWS.items():
        assert opcode == row.cdb.OPCODE
        assert row.cdb.NAME
        assert row.handler.__doc__
