"""GET CONFIGURATION: which features are current with a DVD-RW in each state."""

from __future__ import annotations

from support.drive import Drive

ALWAYS = {0x0000, 0x0001, 0x0002, 0x0003, 0x0100, 0x0105, 0x0107, 0x0108, 0x010C}


def test_life_of_a_disc(drive: Drive) -> None:
    assert drive.current_features() >= ALWAYS | {0x1F, 0x21, 0x2F}
    assert 0x10 not in drive.current_features(), "nothing is readable"
    drive.burn_session(16)
    assert drive.current_features() >= ALWAYS | {0x10, 0x1F, 0x21, 0x2F}
    drive.burn_session(16, close=True)
    assert drive.current_features() >= ALWAYS | {0x10, 0x1F}
    assert not drive.current_features() & {0x1D, 0x1E, 0x20, 0x2A, 0x2B, 0x2D, 0x2E, 0x38, 0x40, 0x41}


def test_profile_list(drive: Drive) -> None:
    data = next(f for f in drive.configuration().features if f.code == 0).data
    assert len(data) % 4 == 0
    rows = [(int.from_bytes(data[n : n + 2], "big"), data[n + 2] & 1) for n in range(0, len(data), 4)]
    assert [p for p, current in rows if current] == [0x14]
    assert len(rows) <= 64


def test_bits_that_libburn_reads(drive: Drive) -> None:
    features = {f.code: f for f in drive.configuration().features}
    assert features[0x2F].data[0] & 0x44 == 0x44, "buffer underrun free, test write"
    assert features[0x2F].data[0] & 0x02, "DVD-RW"
    assert features[0x107].data[0] & 0x02, "write speeds by GET PERFORMANCE type 03h"
    assert features[0x108].data.isascii()
    assert len(features[0x01].data) >= 4
