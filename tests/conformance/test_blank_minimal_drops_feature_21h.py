"""After a minimal BLANK feature 21h is there but not current, and 52h tells no incremental track."""

from __future__ import annotations

from burnlab.scsi.mmc.commands import GetConfiguration
from burnlab.scsi.mmc.features import Configuration
from support.drive import Drive


def one(drive: Drive) -> Configuration:
    # 46 02 00 21: growisofs asks for this feature alone, for 16 bytes of it.
    return Configuration.unpack(drive.run(bytes.fromhex("460200210000000020000000")))


def test_bit_by_bit(drive: Drive) -> None:
    feature = one(drive).features[0]
    assert feature.code == 0x21
    assert feature.current
    assert feature.data[3] == 1, "one link size"
    assert feature.data[4] == 16
    drive.burn_session(16)
    drive.blank(minimal=True)
    feature = one(drive).features[0]
    assert not feature.current
    current = Configuration.unpack(drive.run(GetConfiguration(rt=1, allocation_length=4096)))
    assert 0x21 not in {f.code for f in current.features}
    assert drive.track(1).track_mode == 4
    assert not drive.track(1).packet


def test_still_gone_after_writing_at_once(drive: Drive) -> None:
    drive.burn_session(16)
    drive.blank(minimal=True)
    drive.burn_at_once(20)
    assert 0x21 not in drive.current_features()
    drive.blank()
    assert 0x21 in drive.current_features()


def test_stays_gone_while_the_tray_moves(drive: Drive) -> None:
    drive.burn_session(16)
    drive.blank(minimal=True)
    drive.eject()
    drive.load_tray()
    drive.settle()
    assert 0x21 not in drive.current_features()
