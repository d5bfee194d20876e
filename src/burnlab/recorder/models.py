"""Drive models as data: what a drive calls itself, what it can do, and its habits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from burnlab.recorder.busy import Progress, Work, linear, relapsing, stuck
from burnlab.scsi.mmc.profiles import Profile

CD_1X_KBPS = 176.4
DVD_1X_KBPS = 1385.0
BD_1X_KBPS = 4495.625


@dataclass(frozen=True, slots=True)
class Model:
    """One model of drive. Speeds are multiples of the medium's 1x, fastest first."""

    name: str
    title: str
    vendor: str
    product: str
    revision: str
    serial: str
    profiles: tuple[Profile, ...]
    buffer_kib: int = 4096
    cd_read_speed: float = 40
    dvd_read_speed: float = 16
    bd_read_speed: float = 8
    cd_write_speeds: tuple[float, ...] = (40, 24, 16, 8, 4)
    dvd_write_speeds: tuple[float, ...] = (16, 12, 8, 4)
    dvd_rw_write_speeds: tuple[float, ...] = (6, 4, 2)
    bd_write_speeds: tuple[float, ...] = (8, 6, 4, 2)
    free_on_closed_gap: int | None = None
    """A habit: after closing a disc it goes on telling of an empty session this many blocks behind the
    last one, with free blocks in it, until the disc is loaded again."""
    progress: Progress = linear
    burn_free: bool = True
    """It survives a buffer that runs empty, and says so."""
    extra_seconds: tuple[tuple[Work, float], ...] = ()
    """Operations that take this much longer than they need, at every speed."""
    free_blocks_lie: int = 0
    """A habit: it tells of this many free blocks more than there are."""


_EVERY_PROFILE = tuple(sorted((p for p in Profile if p is not Profile.NONE), reverse=True))

_GENERIC = Model(
    "generic",
    "a recorder for every medium, without habits",
    vendor="burnlab",
    product="BD-RE RECORDER",
    revision="1.00",
    serial="BURNLAB00001",
    profiles=_EVERY_PROFILE,
)

MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        _GENERIC,
        Model(
            "bd-5300s",
            "the scenario's drive, an Optiarc of 2010",
            vendor="Optiarc",
            product="BD RW BD-5300S",
            revision="1.04",
            serial="BURNLAB05300",
            profiles=_EVERY_PROFILE,
            free_on_closed_gap=6512,
        ),
        replace(_GENERIC, name="stuck-progress", title="tells of 1 % until it is done", progress=stuck),
        replace(
            _GENERIC, name="relapsing-progress", title="tells of 1 % again after 99 %", progress=relapsing
        ),
        replace(_GENERIC, name="no-burn-free", title="without buffer underrun protection", burn_free=False),
        replace(
            _GENERIC,
            name="slow-close",
            title="takes long to close tracks and sessions",
            extra_seconds=((Work.CLOSE_TRACK, 4.0), (Work.CLOSE_SESSION, 15.0)),
        ),
        replace(
            _GENERIC,
            name="lying-free",
            title="tells of more free blocks than there are",
            free_blocks_lie=40960,
        ),
        replace(
            _GENERIC,
            name="slow-ready",
            title="needs several seconds to become ready after loading",
            extra_seconds=((Work.LOAD, 6.0),),
        ),
    )
}
"""Every model by its name on the command line."""


def one_x_kbps(profile: int) -> float:
    """What 1x means for media of this profile, in kB/s of 1000 bytes."""
    if profile in (Profile.CD_ROM, Profile.CD_R, Profile.CD_RW):
        return CD_1X_KBPS
    if profile in (Profile.BD_ROM, Profile.BD_R_SRM, Profile.BD_R_RRM, Profile.BD_RE):
        return BD_1X_KBPS
    return DVD_1X_KBPS


def _speeds(model: Model, profile: int) -> tuple[tuple[float, ...], float]:
    one_x = one_x_kbps(profile)
    if one_x == CD_1X_KBPS:
        return model.cd_write_speeds, model.cd_read_speed
    if one_x == BD_1X_KBPS:
        return model.bd_write_speeds, model.bd_read_speed
    rewritable = profile in (Profile.DVD_RW_SEQUENTIAL, Profile.DVD_RW_RESTRICTED_OVERWRITE)
    return model.dvd_rw_write_speeds if rewritable else model.dvd_write_speeds, model.dvd_read_speed


def write_speeds_kbps(model: Model, profile: int, limit: float | None) -> tuple[int, ...]:
    """Write speeds for a medium, fastest first, none above `limit` times 1x (which is always among them)."""
    speeds, _ = _speeds(model, profile)
    if limit is not None:
        speeds = tuple(sorted({s for s in speeds if s <= limit} | {limit}, reverse=True))
    return tuple(int(s * one_x_kbps(profile)) for s in speeds)


def read_speed_kbps(model: Model, profile: int, limit: float | None) -> int:
    """The fastest read speed for a medium, at most `limit` times 1x."""
    _, speed = _speeds(model, profile)
    return int((speed if limit is None else min(speed, limit)) * one_x_kbps(profile))
