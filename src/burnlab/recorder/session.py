"""Commands that shape the disc: reserve, close, blank, and optimum power calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burnlab.disc import Disc, WriteType
from burnlab.recorder import cd_writing
from burnlab.recorder.busy import Work
from burnlab.recorder.transfer import selected_write_type, written_disc
from burnlab.scsi import Asc, CheckCondition, Reply, SenseKey
from burnlab.scsi.mmc.commands import Blank, CloseTrackSession, ReserveTrack, SendOpcInformation
from burnlab.scsi.mmc.mode_pages import MULTI_SESSION
from burnlab.scsi.mmc.profiles import Profile

if TYPE_CHECKING:
    from burnlab.recorder.recorder import Call, Recorder

STOP_FORMATTING, CLOSE_TRACK, CLOSE_SESSION = 0, 1, 2
FINALIZE = (5, 6)
CLOSE_FUNCTIONS = {
    Profile.DVD_PLUS_RW: (STOP_FORMATTING, CLOSE_SESSION),
    Profile.DVD_PLUS_R: (CLOSE_SESSION, *FINALIZE),
    Profile.DVD_PLUS_R_DL: (CLOSE_SESSION, *FINALIZE),
    Profile.BD_R_SRM: (CLOSE_SESSION, *FINALIZE),
}
"""What else than tracks can be closed, where it is not only a session; 5 and 6 finalize with and without a
minimal radius.    Source: MMC-5, 6.3."""
WHOLE_DISC, MINIMAL = 0, 1
MINIMAL_BLANK_SECONDS = 35.0
CLOSE_SECONDS = 2.0
BORDER_OUT_BLOCKS = 28688
"""What closing writes beside the data: as much as a border-out and the next border-in."""


def reserve_track(recorder: Recorder, cdb: ReserveTrack, _call: Call) -> None:
    """Set blocks aside for the next track."""
    if cdb.by_lba:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
    written_disc(recorder).reserve_track(cdb.size, selected_write_type(recorder))


def close_track_session(recorder: Recorder, cdb: CloseTrackSession, call: Call) -> Reply | None:
    """Close a track, or a session; the multi-session bits of page 05h tell whether another may follow."""
    disc = written_disc(recorder)
    if cdb.function == CLOSE_TRACK:
        disc.close_track(cdb.track)
        return _busy(recorder, Work.CLOSE_TRACK, 0, CLOSE_SECONDS, call, immed=cdb.immed)
    if cdb.function not in CLOSE_FUNCTIONS.get(Profile(disc.profile), (CLOSE_SESSION,)):
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
    was_final = disc.state.finalized
    if disc.is_cd_recordable:
        cd_writing.check_closing(disc, selected_write_type(recorder))
    if cdb.function in FINALIZE:
        disc.finalize()
    else:
        disc.close_session(appendable=stays_appendable(recorder, disc))
    recorder.background_ends = None
    if disc is recorder.rehearsal:
        recorder.rehearsal = None
    if disc is recorder.disc and disc.state.finalized and not was_final:
        recorder.closed_here = True
    return _busy(recorder, Work.CLOSE_SESSION, BORDER_OUT_BLOCKS, CLOSE_SECONDS, call, immed=cdb.immed)


def stays_appendable(recorder: Recorder, disc: Disc) -> bool:
    """Whether closing a session leaves the disc open: media that know but one way are closed by FINALIZE."""
    if WriteType.PLAIN in disc.medium.write_types:
        return True
    return recorder.write_parameters.multi_session == MULTI_SESSION


def blank(recorder: Recorder, cdb: Blank, call: Call) -> Reply | None:
    """Blank the whole disc or minimally; other blanking types are not for this medium."""
    if cdb.blanking_type not in (WHOLE_DISC, MINIMAL):
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
    full = cdb.blanking_type == WHOLE_DISC
    disc = recorder.need_disc()
    disc.blank(full=full)
    recorder.closed_here = False
    recorder.rehearsal = None
    if full:
        return _busy(recorder, Work.BLANK, disc.state.capacity_blocks, 0.0, call, immed=cdb.immed)
    return _busy(recorder, Work.MINIMAL_BLANK, 0, MINIMAL_BLANK_SECONDS, call, immed=cdb.immed)


def send_opc_information(recorder: Recorder, _cdb: SendOpcInformation, _call: Call) -> None:
    """Calibrate the laser: there is nothing to calibrate, but a medium must be recordable."""
    if not recorder.need_disc().is_recordable:
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.CANNOT_WRITE_INCOMPATIBLE_MEDIUM)
    recorder.calibrated = True


def _busy(
    recorder: Recorder, work: Work, blocks: int, overhead: float, call: Call, *, immed: bool
) -> Reply | None:
    seconds = recorder.pace.duration(work, blocks, overhead, call.now)
    recorder.begin(work, seconds, call.now)
    return None if immed else Reply(seconds=seconds)
