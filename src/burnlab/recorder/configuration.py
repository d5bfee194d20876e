"""GET CONFIGURATION: every feature of the drive, and which of them are current with this medium."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from burnlab.disc import Disc
from burnlab.scsi import Asc, CheckCondition, SenseKey
from burnlab.scsi.mmc.commands import GetConfiguration
from burnlab.scsi.mmc.features import (
    Configuration,
    Feature,
    FeatureDescriptor,
    dvd_r_rw_write,
    incremental_streaming,
    profile_list,
)
from burnlab.scsi.mmc.profiles import Profile

if TYPE_CHECKING:
    from burnlab.recorder.models import Model
    from burnlab.recorder.recorder import Call, Recorder

ALL, CURRENT, ONE = 0, 1, 2

SEQUENTIAL_DVD_MINUS = (Profile.DVD_R, Profile.DVD_RW_SEQUENTIAL, Profile.DVD_R_DL_SEQUENTIAL)
RESTRICTED_OVERWRITE = Profile.DVD_RW_RESTRICTED_OVERWRITE

CD_RECORDABLE = (Profile.CD_R, Profile.CD_RW)

CurrentWhen = Callable[[Disc], bool]
"""Tells whether a feature is current with a disc in the drive."""


def _with(*profiles: int) -> CurrentWhen:
    return lambda disc: disc.profile in profiles


def _readable(disc: Disc) -> bool:
    return bool(disc.capacity_end)


def _incremental(disc: Disc) -> bool:
    sequential = (*SEQUENTIAL_DVD_MINUS, Profile.CD_R, Profile.CD_RW, Profile.BD_R_SRM)
    return disc.profile in sequential and disc.state.incremental


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One feature. `always` ones are persistent and current even without a medium."""

    code: Feature
    version: int = 0
    data: bytes | Callable[[Model, int], bytes] = b""
    current: CurrentWhen | None = None

    def descriptor(self, model: Model, disc: Disc | None) -> FeatureDescriptor:
        """The descriptor with this model and this disc."""
        profile = disc.profile if disc is not None else Profile.NONE
        data = self.data(model, profile) if callable(self.data) else self.data
        current = self.current is None or (disc is not None and self.current(disc))
        return FeatureDescriptor(self.code, data, self.version, self.current is None, current)


def _formattable(disc: Disc) -> bool:
    """What can be formatted now; a BD-R only while it is new."""
    if disc.medium.spares_on_request:
        return not disc.state.tracks and not disc.state.spare_blocks
    return bool(disc.formats) or disc.profile == Profile.CD_RW


def _defect_managed(disc: Disc) -> bool:
    return disc.profile in (Profile.DVD_RAM, Profile.BD_RE) or bool(disc.state.spare_blocks)


def _random_writable(_model: Model, profile: int) -> bytes:
    """Last LBA (not told here), block size 2048, blocking, page present bit clear."""
    blocking = 32 if profile == Profile.BD_RE else 16
    return bytes(4) + (2048).to_bytes(4, "big") + blocking.to_bytes(2, "big") + b"\x01\x00"


def _serial(model: Model, _profile: int) -> bytes:
    serial = model.serial.encode("ascii")
    return serial.ljust(-(-len(serial) // 4) * 4, b" ")


def _random_readable(_model: Model, profile: int) -> bytes:
    """Block size 2048, blocking (1 on CD, 16 else), no read/write error recovery page bit."""
    blocking = 1 if profile in (Profile.CD_ROM, Profile.CD_R, Profile.CD_RW) else 16
    return (2048).to_bytes(4, "big") + blocking.to_bytes(2, "big") + b"\x01\x00"


CD = _with(Profile.CD_ROM, Profile.CD_R, Profile.CD_RW)
BD = _with(Profile.BD_ROM, Profile.BD_R_SRM, Profile.BD_R_RRM, Profile.BD_RE)


def _dvd(disc: Disc) -> bool:
    return Profile(disc.profile).is_dvd


FEATURES: tuple[FeatureRow, ...] = (
    FeatureRow(Feature.PROFILE_LIST, data=lambda m, p: profile_list(m.profiles, p)),
    FeatureRow(Feature.CORE, 2, b"\x00\x00\x00\x01\x01\x00\x00\x00"),
    FeatureRow(Feature.MORPHING, 1, b"\x02\x00\x00\x00"),
    FeatureRow(Feature.REMOVABLE_MEDIUM, 0, b"\x29\x00\x00\x00"),
    FeatureRow(Feature.RANDOM_READABLE, 0, _random_readable, _readable),
    FeatureRow(Feature.MULTI_READ, 0, b"", CD),
    FeatureRow(Feature.CD_READ, 2, b"\x01\x00\x00\x00", CD),
    FeatureRow(Feature.DVD_READ, 1, b"\x01\x00\x01\x00", _dvd),
    FeatureRow(
        Feature.RANDOM_WRITABLE,
        1,
        _random_writable,
        _with(Profile.DVD_RAM, Profile.DVD_PLUS_RW, Profile.BD_RE),
    ),
    FeatureRow(
        Feature.INCREMENTAL_STREAMING_WRITABLE,
        1,
        incremental_streaming(data_types=0x0100, link_sizes=(16,)),
        _incremental,
    ),
    FeatureRow(Feature.FORMATTABLE, 1, b"\x0f\x00\x00\x00\x00\x00\x00\x00", _formattable),
    FeatureRow(Feature.DEFECT_MANAGEMENT, 1, b"\x80\x00\x00\x00", _defect_managed),
    FeatureRow(Feature.DVD_PLUS_RW, 1, b"\x01\x03\x00\x00", _with(Profile.DVD_PLUS_RW)),
    FeatureRow(Feature.DVD_PLUS_R, 0, b"\x01\x00\x00\x00", _with(Profile.DVD_PLUS_R, Profile.DVD_PLUS_R_DL)),
    FeatureRow(Feature.RIGID_RESTRICTED_OVERWRITE, 0, b"\x0b\x00\x00\x00", _with(RESTRICTED_OVERWRITE)),
    FeatureRow(Feature.CD_TRACK_AT_ONCE, 2, b"\x46\x00\x3f\x01", _with(*CD_RECORDABLE)),
    FeatureRow(Feature.CD_MASTERING, 0, b"\x66\x00\xff\xff", _with(*CD_RECORDABLE)),
    FeatureRow(
        Feature.DVD_R_RW_WRITE,
        1,
        lambda m, _p: dvd_r_rw_write(
            buffer_underrun_free=m.burn_free, test_write=True, dvd_rw=True, dual_layer=True
        ),
        _with(*SEQUENTIAL_DVD_MINUS),
    ),
    FeatureRow(Feature.CD_RW_MEDIA_WRITE, 0, b"\x00\xff\x00\x00", _with(Profile.CD_RW)),
    FeatureRow(Feature.DVD_PLUS_R_DL, 0, b"\x01\x00\x00\x00", _with(Profile.DVD_PLUS_R_DL)),
    FeatureRow(Feature.BD_READ, 0, bytes(28), BD),
    FeatureRow(Feature.BD_WRITE, 0, bytes(20), _with(Profile.BD_R_SRM, Profile.BD_RE)),
    FeatureRow(Feature.POWER_MANAGEMENT),
    FeatureRow(Feature.TIMEOUT),
    FeatureRow(
        Feature.REAL_TIME_STREAMING,
        3,
        b"\x1f\x00\x00\x00",
        lambda disc: not CD(disc) or disc.is_recordable,
    ),
    FeatureRow(Feature.SERIAL_NUMBER, 0, _serial),
    FeatureRow(Feature.FIRMWARE_INFORMATION, 0, b"20260101000000\x00\x00"),
)
"""In the order of their codes.    Source: MMC-5, 5.3."""


def get_configuration(recorder: Recorder, cdb: GetConfiguration, _call: Call) -> bytes:
    """All features, the current ones, or one; from the starting feature on."""
    if cdb.rt not in (ALL, CURRENT, ONE):
        raise CheckCondition.of(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_CDB)
    rows = [r for r in FEATURES if r.code >= cdb.starting_feature]
    if cdb.rt == ONE:
        rows = [r for r in rows if r.code == cdb.starting_feature]
    descriptors = [r.descriptor(recorder.model, recorder.disc) for r in rows]
    if cdb.rt == CURRENT:
        descriptors = [d for d in descriptors if d.current]
    return Configuration(recorder.profile, tuple(descriptors)).pack()
