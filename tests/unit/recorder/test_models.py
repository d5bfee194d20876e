"""Drive models as data: what programs read of them fits into its fields, and speeds obey a limit."""

from __future__ import annotations

import pytest

from burnlab.recorder import MODELS, Model
from burnlab.recorder.models import one_x_kbps, read_speed_kbps, write_speeds_kbps
from burnlab.scsi.mmc.profiles import Profile


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda m: m.name)
def test_names_fit(model: Model) -> None:
    assert MODELS[model.name] is model
    for text, width in ((model.vendor, 8), (model.product, 16), (model.revision, 4), (model.serial, 20)):
        assert 0 < len(text) <= width
        assert text.isascii()
        assert text.isprintable()
    assert model.title
    assert Profile.NONE not in model.profiles
    assert len(set(model.profiles)) == len(model.profiles)
    assert 64 <= model.buffer_kib <= 0xFFFF


def test_the_scenarios_drive() -> None:
    model = MODELS["bd-5300s"]
    assert (model.vendor, model.product, model.revision) == ("Optiarc", "BD RW BD-5300S", "1.04")
    assert model.free_on_closed_gap == 6512
    assert MODELS["generic"].free_on_closed_gap is None


@pytest.mark.parametrize(
    ("profile", "kbps"),
    [
        (Profile.CD_ROM, 176.4),
        (Profile.DVD_RW_SEQUENTIAL, 1385),
        (Profile.DVD_ROM, 1385),
        (Profile.BD_RE, 4495.625),
    ],
)
def test_one_x(profile: Profile, kbps: float) -> None:
    assert one_x_kbps(profile) == kbps


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("model", MODELS.values(), ids=lambda m: m.name)
@pytest.mark.parametrize("limit", [None, 1, 2.4, 4, 100])
def test_speeds(model: Model, profile: Profile, limit: float | None) -> None:
    speeds = write_speeds_kbps(model, profile, limit)
    assert speeds
    assert list(speeds) == sorted(set(speeds), reverse=True)
    assert all(s > 0 for s in speeds)
    if limit is not None:
        assert speeds[0] == int(limit * one_x_kbps(profile))
        assert 0 < read_speed_kbps(model, profile, limit) <= limit * one_x_kbps(profile)
