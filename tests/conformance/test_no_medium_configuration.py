"""GET CONFIGURATION without a medium: profile 0000h, no current profile, the drive's features only."""

from __future__ import annotations

import pytest

from support.drive import Drive

ALWAYS = {0x0000, 0x0001, 0x0002, 0x0003, 0x0100, 0x0105, 0x0108, 0x010C}


@pytest.mark.parametrize("tray", ["closed", "open"])
def test_profile_and_features(empty: Drive, drive: Drive, tray: str) -> None:
    unit = empty
    if tray == "open":
        drive.eject()
        unit = drive
    configuration = unit.configuration()
    assert configuration.current_profile == 0
    profiles = next(f for f in configuration.features if f.code == 0).data
    assert len(profiles) >= 4
    assert not any(profiles[2::4])
    assert unit.current_features() >= ALWAYS
    assert not unit.current_features() & {0x10, 0x1D, 0x1E, 0x1F, 0x21, 0x23, 0x2F, 0x40}
