"""REQUEST SENSE when nothing is wrong: 18 bytes of fixed format, key 0."""

from __future__ import annotations

from support.drive import Drive
from support.expect import INVALID_FIELD_IN_CDB


def test_literal_cdb_of_the_bios(drive: Drive) -> None:
    # 03 00 00 00 12 00, padded to 16 bytes: what SeaBIOS sends through QEMU.
    answer = drive.run(bytes.fromhex("03000000120000000000000000000000"))
    assert answer == bytes.fromhex("700000000000000a00000000000000000000")


def test_only_fixed_format(drive: Drive) -> None:
    assert drive.outcome(bytes.fromhex("030100001200")) == INVALID_FIELD_IN_CDB
