"""Every opcode that the drive answers, a row each: its CDB, its handler, and when it is legal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Flag, auto
from typing import TYPE_CHECKING, Any

from burnlab.recorder import (
    cd_cue,
    cd_reading,
    configuration,
    formatting,
    medium,
    mode,
    session,
    speed,
    status,
    transfer,
    tray,
)
from burnlab.scsi import Reply, commands
from burnlab.scsi.mmc import commands as mmc
from burnlab.scsi.mmc.cue_sheet import SendCueSheet
from burnlab.scsi.mmc.read_cd import ReadCdMsf
from burnlab.scsi.mmc.sub_channel import ReadSubChannel
from burnlab.scsi.record import Cdb
from burnlab.scsi.task import Data

if TYPE_CHECKING:
    from burnlab.recorder.recorder import Call, Recorder


class Gate(Flag):
    """What is looked at before a handler runs, in this order."""

    NONE = 0
    ATTENTION = auto()
    """A pending unit attention is reported instead."""
    MEDIUM = auto()
    """2/3A without a medium."""
    IDLE = auto()
    """2/04 with progress while an operation runs."""


READY = Gate.ATTENTION | Gate.MEDIUM | Gate.IDLE


@dataclass(frozen=True, slots=True)
class Row:
    """One command."""

    cdb: type[Cdb]
    handler: Callable[[Recorder, Any, Call], Data | Reply | None]
    gates: Gate = READY


ROWS: dict[int, Row] = {
    row.cdb.OPCODE: row
    for row in (
        Row(commands.TestUnitReady, status.test_unit_ready),
        Row(commands.RequestSense, status.request_sense, Gate.NONE),
        Row(commands.Inquiry, status.inquiry, Gate.NONE),
        Row(commands.ReportLuns, status.report_luns, Gate.NONE),
        Row(mmc.GetEventStatusNotification, status.get_event_status_notification, Gate.NONE),
        Row(mmc.GetConfiguration, configuration.get_configuration, Gate.NONE),
        Row(commands.ModeSense6, mode.mode_sense_6, Gate.ATTENTION),
        Row(commands.ModeSense10, mode.mode_sense_10, Gate.ATTENTION),
        Row(commands.ModeSelect6, mode.mode_select_6, Gate.ATTENTION),
        Row(commands.ModeSelect10, mode.mode_select_10, Gate.ATTENTION),
        Row(commands.StartStopUnit, tray.start_stop_unit, Gate.ATTENTION),
        Row(commands.PreventAllowMediumRemoval, tray.prevent_allow_medium_removal, Gate.ATTENTION),
        Row(mmc.MechanismStatus, tray.mechanism_status, Gate.ATTENTION),
        Row(commands.ReadCapacity10, medium.read_capacity, Gate.ATTENTION),
        Row(mmc.ReadFormatCapacities, medium.read_format_capacities, Gate.ATTENTION),
        Row(mmc.ReadTocPmaAtip, medium.read_toc_pma_atip),
        Row(mmc.ReadDiscInformation, medium.read_disc_information),
        Row(mmc.ReadTrackInformation, medium.read_track_information),
        Row(mmc.ReadDiscStructure, medium.read_disc_structure),
        Row(commands.Read10, transfer.read),
        Row(commands.Read12, transfer.read),
        Row(mmc.ReadCd, cd_reading.read_cd),
        Row(ReadCdMsf, cd_reading.read_cd_msf),
        Row(ReadSubChannel, cd_reading.read_sub_channel),
        Row(commands.Verify10, transfer.verify),
        Row(commands.Seek10, transfer.seek),
        Row(commands.Write10, transfer.write),
        Row(commands.Write12, transfer.write),
        Row(commands.WriteAndVerify10, transfer.write),
        Row(commands.SynchronizeCache10, transfer.synchronize_cache),
        Row(mmc.ReadBufferCapacity, transfer.read_buffer_capacity),
        Row(SendCueSheet, cd_cue.send_cue_sheet),
        Row(mmc.ReserveTrack, session.reserve_track),
        Row(mmc.CloseTrackSession, session.close_track_session),
        Row(mmc.Blank, session.blank),
        Row(mmc.FormatUnit, formatting.format_unit),
        Row(mmc.SendOpcInformation, session.send_opc_information),
        Row(mmc.GetPerformance, speed.get_performance, Gate.ATTENTION),
        Row(mmc.SetStreaming, speed.set_streaming),
        Row(mmc.SetCdSpeed, speed.set_cd_speed, Gate.ATTENTION),
    )
}
