"""FORMAT UNIT and READ FORMAT CAPACITIES as burn programs use them: literal bytes, not our codec."""

from __future__ import annotations

from typing import NamedTuple

from support.drive import Drive
from support.expect import Outcome

FORMAT_UNIT = bytes.fromhex("041100000000")


def format_outcome(
    drive: Drive, code: int, blocks: int, parameter: int = 0, *, flags: int = 0x02, sub_type: int = 0
) -> Outcome:
    """FORMAT UNIT with one descriptor; waits until the drive is ready again."""
    data = (
        bytes((0, flags, 0, 8))
        + blocks.to_bytes(4, "big")
        + bytes((code << 2 | sub_type,))
        + parameter.to_bytes(3, "big")
    )
    outcome = drive.outcome(FORMAT_UNIT, data)
    drive.wait_ready()
    return outcome


class Capacities(NamedTuple):
    """READ FORMAT CAPACITIES: current blocks and type; type, blocks and parameter of each offer."""

    blocks: int
    kind: int
    offers: list[tuple[int, int, int]]


def capacities(drive: Drive) -> Capacities:
    """Ask in two steps, as libburn does."""
    head = drive.run(bytes.fromhex("23000000000000000400"))
    length = head[3] + 4
    data = drive.run(bytes.fromhex("230000000000000000")[:8] + bytes((length, 0)))
    assert len(data) == length
    rows = [data[n : n + 8] for n in range(12, length, 8)]
    return Capacities(
        int.from_bytes(data[4:8], "big"),
        data[8] & 3,
        [(r[4] >> 2, int.from_bytes(r[0:4], "big"), int.from_bytes(r[5:8], "big")) for r in rows],
    )
