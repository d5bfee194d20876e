"""The recorder: tray, disc, gates and dispatch. What a command does is written in the handlers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from burnlab.disc import Disc, DiscError
from burnlab.disc.disc import Unburnt
from burnlab.recorder.busy import BLOCK_BYTES, Operation, Pace, Work
from burnlab.recorder.faults import NO_FAULTS, FaultPlan
from burnlab.recorder.mishaps import Mishaps
from burnlab.recorder.models import Model, read_speed_kbps, write_speeds_kbps
from burnlab.recorder.nexus import NexusState
from burnlab.recorder.refusals import sense_of
from burnlab.recorder.table import ROWS, Gate
from burnlab.scsi import Asc, CheckCondition, Nexus, Reply, SenseData, SenseKey, Status, Task
from burnlab.scsi.mmc.events import MediaEvent
from burnlab.scsi.mmc.mode_pages import ErrorRecoveryPage, WriteParametersPage
from burnlab.scsi.mmc.profiles import Profile
from burnlab.scsi.record import Cdb
from burnlab.scsi.task import Data
from burnlab.scsi.value import value

GOOD = Reply()


@value
class Call:
    """One command on its way through a handler."""

    task: Task
    nexus: NexusState
    now: float


class RemovalPreventedError(Exception):
    """An initiator has locked the tray, or the drive is at work."""


class Recorder:
    """One emulated drive with one tray.

    `speed` limits it to a multiple of the medium's 1x and makes it take its time; None is as fast as can be.
    `faults` lie in wait for commands from the first one on; `mishaps` takes more of them at any time.
    """

    def __init__(self, model: Model, *, speed: float | None = None, faults: FaultPlan = NO_FAULTS) -> None:
        self.model = model
        self.speed = speed
        self.tray_open = False
        self.operation: Operation | None = None
        self.write_parameters = WriteParametersPage(buffer_underrun_free=model.burn_free)
        self.error_recovery = ErrorRecoveryPage()
        self.rehearsal: Disc | None = None
        self.closed_here = False
        """The disc was closed since it was loaded: drives with that habit go on counting free blocks."""
        self.background_ends: float | None = None
        self.pace = Pace(model.buffer_kib * 1024, extra_seconds=dict(model.extra_seconds))
        self.position = 0
        """Sector of a CD that was read last."""
        self.selected_write_kbps = 0
        self.selected_read_kbps = 0
        self.calibrated = False
        """The laser's power is set for the writing that goes on."""
        self.mishaps = Mishaps(faults, model.buffer_kib * 1024 // BLOCK_BYTES)
        self._disc: Disc | None = None
        self._disc_view: tuple[object, ...] | None = None
        self._nexuses: dict[Nexus, NexusState] = {}

    # The outside: hands that load and eject.

    @property
    def disc(self) -> Disc | None:
        """The disc that the laser can see: none while the tray is open."""
        return None if self.tray_open else self._disc

    @property
    def disc_in_tray(self) -> Disc | None:
        """The disc that lies in the tray, open or closed."""
        return self._disc

    @property
    def removal_prevented(self) -> bool:
        """Some initiator has locked the tray."""
        return any(n.prevents_removal for n in self._nexuses.values())

    def load(self, disc: Disc, now: float) -> None:
        """Put a disc into the empty tray and close it."""
        if self._disc is not None:
            raise ValueError("there is a disc in the tray already")
        self._disc = disc
        self.tray_open = True
        self.close_tray(now)

    def remove(self) -> Disc | None:
        """Open the tray and take the disc out; RemovalPreventedError while locked or busy."""
        if not self.tray_open:
            if self.removal_prevented:
                for nexus in self._nexuses.values():
                    nexus.notify(MediaEvent.EJECT_REQUEST)
                raise RemovalPreventedError("the tray is locked by an initiator")
            if self.operation is not None:
                raise RemovalPreventedError(f"the drive is busy: {self.operation.work.name.lower()}")
            self.open_tray()
        disc, self._disc = self._disc, None
        return disc

    def unlock(self) -> None:
        """Take every initiator's lock off the tray, as the pin hole of a real drive does."""
        for nexus in self._nexuses.values():
            nexus.prevents_removal = False

    def open_tray(self) -> None:
        """Open the tray; the disc stays in it. What was not yet written down is written down."""
        if self.tray_open:
            return
        if self._disc is not None:
            self._disc.synchronize()
            self._disc.end_background_format(done=False)
            self.mishaps.flushed()
            self._tell(MediaEvent.MEDIA_REMOVAL)
        self.tray_open = True
        self.operation = None
        self.background_ends = None
        self.rehearsal = None

    def close_tray(self, now: float) -> None:
        """Close the tray; a disc in it is read anew and every initiator is told."""
        if not self.tray_open:
            return
        self.tray_open = False
        self.closed_here = False
        if self._disc is None:
            return
        self.set_speeds(0, 0)
        self.position = 0
        self._tell(MediaEvent.NEW_MEDIA, Asc.MEDIUM_MAY_HAVE_CHANGED)
        self._disc_view = self._view()
        self.begin(Work.LOAD, self.pace.duration(Work.LOAD, 0, 5.0, now), now)

    # Initiators.

    def open_nexus(self, nexus: Nexus) -> None:
        """A new initiator: it is told of power on, and of the disc that is there."""
        state = NexusState()
        state.attend(Asc.POWER_ON_OR_RESET)
        if self.disc is not None:
            state.notify(MediaEvent.NEW_MEDIA)
        self._nexuses[nexus] = state

    def close_nexus(self, nexus: Nexus) -> None:
        """Forget an initiator and what it locked."""
        self._nexuses.pop(nexus, None)

    def reset(self) -> None:
        """Reset: locks are gone, every initiator is told; an operation that runs goes on."""
        for state in self._nexuses.values():
            state.prevents_removal = False
            state.attend(Asc.RESET_OCCURRED)

    def lose_power(self, unburnt: Iterable[Unburnt], seconds: float, now: float) -> None:
        """The power goes and comes again: what was in the buffer is gone, `unburnt`, the newest first.

        All that initiators have set up is forgotten, and each is told; the disc is as a killed recorder
        leaves it, and is being read in for `seconds`.
        """
        self.operation = None
        self.background_ends = None
        self.rehearsal = None
        self.closed_here = False
        self.position = 0
        self.write_parameters = WriteParametersPage(buffer_underrun_free=self.model.burn_free)
        self.error_recovery = ErrorRecoveryPage()
        self.pace.empty(now)
        for state in self._nexuses.values():
            state.forget()
            state.attend(Asc.POWER_ON_OR_RESET)
        if self.disc is None:
            return
        self.disc.lose_power(unburnt)
        self.set_speeds(0, 0)
        self._tell(MediaEvent.NEW_MEDIA)
        self._disc_view = self._view()
        self.begin(Work.LOAD, seconds, now)

    def _tell(self, event: MediaEvent, attention: Asc | None = None) -> None:
        for state in self._nexuses.values():
            state.notify(event)
            if attention is not None:
                state.attend(attention)

    def tell_others(self, nexus: NexusState, attention: Asc) -> None:
        """Owe a unit attention to every initiator but one, who has brought it about."""
        for state in self._nexuses.values():
            if state is not nexus:
                state.attend(attention)

    # Time.

    def begin(self, work: Work, seconds: float, now: float) -> None:
        """Be busy for `seconds`."""
        self.operation = Operation(work, now, now + seconds, self.model.progress)
        self.calibrated = False
        self.settle(now)

    def be_busy(self, seconds: float, sense: SenseData, now: float) -> None:
        """Be busy for `seconds` with nothing that anybody has asked for, unless something takes longer."""
        if self.operation is None or self.operation.ends < now + seconds:
            self.operation = Operation(Work.FAULT, now, now + seconds, self.model.progress, sense)

    def format_in_background(self, seconds: float, now: float) -> None:
        """Let formatting of the disc go on for `seconds`, without being busy with it."""
        self.background_ends = now + seconds

    def _settle_background(self, now: float) -> None:
        if self.background_ends is None or now < self.background_ends:
            return
        self.background_ends = None
        if self._disc is not None:
            self._disc.end_background_format(done=True)

    def settle(self, now: float) -> None:
        """End an operation whose time is over; a change of the disc becomes a media event then.

        There is no unit attention: it would break the programs that poll for progress.
        """
        if self.operation is not None and now >= self.operation.ends:
            self.operation = None
            view = self._view()
            if view != self._disc_view:
                self._disc_view = view
                self._tell(MediaEvent.NEW_MEDIA)

    def _view(self) -> tuple[object, ...] | None:
        if self.disc is None:
            return None
        disc, state = self.disc, self.disc.state
        tracks = [(t.start, t.state) for t in state.tracks]
        return (disc.profile, state.finalized, state.closed_sessions, tracks, disc.capacity_end)

    def set_speeds(self, read_kbps: int, write_kbps: int) -> None:
        """Select speeds: the nearest that the drive has and that aren't faster; 0 means the fastest."""
        offered = self.write_speeds()
        slower = [s for s in offered if s <= write_kbps]
        self.selected_write_kbps = max(slower) if slower else (offered[-1] if write_kbps else offered[0])
        fastest = read_speed_kbps(self.model, self.profile, self.speed)
        self.selected_read_kbps = min(read_kbps, fastest) if read_kbps else fastest
        if self.speed is not None:
            self.pace.write_kbps = self.selected_write_kbps
            self.pace.read_kbps = self.selected_read_kbps

    def select_write_parameters(self, page: WriteParametersPage) -> None:
        """Take write parameters from now on; what was rehearsed before is forgotten.

        Not so on CD while test writing stays on: there each track has write parameters of its own.
        """
        self.write_parameters = page if self.model.burn_free else replace(page, buffer_underrun_free=False)
        if not (page.test_write and self.disc is not None and self.disc.is_cd_recordable):
            self.rehearsal = None

    def write_speeds(self) -> tuple[int, ...]:
        """Write speeds for the medium in kB/s, fastest first."""
        return write_speeds_kbps(self.model, self.profile, self.speed)

    # Commands.

    @property
    def profile(self) -> int:
        """The current profile; 0 without a medium."""
        return self.disc.profile if self.disc is not None else Profile.NONE

    def need_disc(self) -> Disc:
        """The disc, or 2/3A with the tray's state."""
        if self._disc is None or self.tray_open:
            asc = Asc.MEDIUM_NOT_PRESENT_TRAY_OPEN if self.tray_open else Asc.MEDIUM_NOT_PRESENT_TRAY_CLOSED
            raise CheckCondition.of(SenseKey.NOT_READY, asc)
        return self._disc

    def not_ready(self, now: float) -> SenseData | None:
        """What TEST UNIT READY would say; None if the drive is ready."""
        try:
            self.need_disc()
        except CheckCondition as refusal:
            return refusal.sense
        return self.operation.sense(now) if self.operation is not None else None

    def execute(self, task: Task, now: float) -> Reply:
        """Carry out one task at the time `now`, in seconds."""
        nexus = self._nexuses.get(task.nexus)
        if nexus is None:
            nexus = self._nexuses.setdefault(task.nexus, NexusState())
        if self.background_ends is not None:
            self._settle_background(now)
        if self.operation is not None:
            self.settle(now)
        if self.mishaps.any or nexus.deferred:
            return self.mishaps.execute(self, task, nexus, now)
        return self.perform(task, nexus, now)

    def perform(self, task: Task, nexus: NexusState, now: float) -> Reply:
        """Carry out one task that no fault keeps from it."""
        try:
            row = ROWS.get(task.cdb[0]) if task.cdb else None
            if row is None:
                raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_OPCODE)
            self._pass(row.gates, nexus, now)
            cdb = row.cdb.parse(task.cdb)
            answer = row.handler(self, cdb, Call(task, nexus, now))
        except CheckCondition as refusal:
            return Reply(Status.CHECK_CONDITION, sense=refusal.sense.pack())
        except DiscError as refusal:
            return Reply(Status.CHECK_CONDITION, sense=sense_of(refusal).pack())
        if answer is None:
            return GOOD
        if isinstance(answer, Reply):
            return answer
        return Reply(data_in=_cut(answer, cdb, task))

    def lets_pass(self, gates: Gate, nexus: NexusState) -> bool:
        """Whether nothing keeps a command from being carried out; nothing is told by asking."""
        return not (
            (nexus.attentions and gates & Gate.ATTENTION)
            or (self.disc is None and gates & Gate.MEDIUM)
            or (self.operation is not None and gates & Gate.IDLE)
        )

    def _pass(self, gates: Gate, nexus: NexusState, now: float) -> None:
        if not nexus.attentions and self.operation is None and self.disc is not None:
            # Nearly every command meets a drive that is ready: no gate has anything to say.
            return
        if nexus.attentions and gates & Gate.ATTENTION:
            sense = nexus.next_attention()
            if sense is not None:
                raise CheckCondition(sense)
        if gates & Gate.MEDIUM:
            self.need_disc()
        if self.operation is not None and gates & Gate.IDLE:
            raise CheckCondition(self.operation.sense(now))


def _cut(answer: Data, cdb: Cdb, task: Task) -> Data:
    limit = min(getattr(cdb, "allocation_length", len(answer)), task.data_in_bytes)
    return answer if len(answer) <= limit else answer[:limit]
