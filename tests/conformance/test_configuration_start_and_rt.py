"""GET CONFIGURATION honours the starting feature and RT 0, 1, 2; features in the order of their codes."""

from __future__ import annotations

import pytest

from burnlab.scsi.mmc.commands import GetConfiguration
from burnlab.scsi.mmc.features import Configuration
from support.drive import Drive
from support.expect import INVALID_FIELD_IN_CDB


def ask(drive: Drive, rt: int, start: int) -> Configuration:
    cdb = GetConfiguration(rt=rt, starting_feature=start, allocation_length=4096)
    return Configuration.unpack(drive.run(cdb))


def test_ascending_and_whole(drive: Drive) -> None:
    raw = drive.run(GetConfiguration(allocation_length=4096))
    codes = [f.code for f in Configuration.unpack(raw).features]
    assert codes == sorted(set(codes))
    assert all(
        raw_length % 4 == 0 for raw_length in (len(f.data) for f in Configuration.unpack(raw).features)
    )
    assert int.from_bytes(raw[0:4], "big") + 4 == len(raw)
    assert raw[6:8] == b"\x00\x14"


def test_current_only(drive: Drive) -> None:
    everything = ask(drive, 0, 0)
    assert ask(drive, 1, 0).features == tuple(f for f in everything.features if f.current)


@pytest.mark.parametrize("start", [0x20, 0x21, 0x28, 0x107, 0x10C, 0x7FFF])
def test_from_a_feature_on(drive: Drive, start: int) -> None:
    everything = ask(drive, 0, 0)
    assert ask(drive, 0, start).features == tuple(f for f in everything.features if f.code >= start)


@pytest.mark.parametrize("code", [0x00, 0x21, 0x108])
def test_one(drive: Drive, code: int) -> None:
    assert [f.code for f in ask(drive, 2, code).features] == [code]
    assert ask(drive, 2, code).current_profile == 0x14


@pytest.mark.parametrize("code", [0x38, 0x0109, 0x7FFF])
def test_one_that_is_not_there(drive: Drive, code: int) -> None:
    # growisofs asks for 0038h, pseudo-overwrite: libburn refuses media that have it.
    assert ask(drive, 2, code).features == ()


def test_reserved_rt(drive: Drive) -> None:
    assert drive.outcome(GetConfiguration(rt=3, allocation_length=8)) == INVALID_FIELD_IN_CDB


def test_the_kernels_questions(drive: Drive) -> None:
    assert drive.run(bytes.fromhex("46000028000000001000"))[6:8] == b"\x00\x14"
    assert drive.run(bytes.fromhex("46000020000000001800"))[6:8] == b"\x00\x14"
