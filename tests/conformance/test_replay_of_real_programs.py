"""Replay of what real programs sent: statuses, sense data and the numbers that the programs build on.

The steps are in `tests/golden/traces`; its README tells where they come from.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from burnlab.disc import Disc
from burnlab.disc.surface import NoSurface
from burnlab.scsi.mmc.disc_info import DiscInformation, TrackInformation
from support.drive import Drive, MakeDrive
from support.expect import GOOD, OPERATION_IN_PROGRESS, outcome_of

TRACES = Path(__file__).parent.parent / "golden" / "traces"
JOBS = {
    "xorriso-scenario-dvd-rw": "bd-5300s",
    "growisofs-dvdrw": "generic",
    "dvdrwformat-blank": "generic",
    "kernel-sessions": "generic",
}
"""Trace → model of drive: the scenario's own has the habit that the scenario tells of."""
WRITE_10 = 0x2A


def told(cdb: bytes, answer: bytes) -> Any:
    """The numbers of an answer that the traces hold; None for commands of which they hold none."""
    number = lambda first, width: int.from_bytes(answer[first : first + width], "big")  # noqa: E731
    match cdb[0]:
        case 0x25:
            return number(0, 4)
        case 0x46 if len(answer) >= 8:
            return number(6, 2)
        case 0x4A:
            return answer[4] & 0x0F
        case 0x51 if len(answer) >= 32:
            d = DiscInformation.unpack(answer)
            return [d.status, d.last_session_state, d.sessions, d.last_track_in_last_session]
        case 0x52 if len(answer) >= 20:
            t = TrackInformation.unpack(answer)
            row = [t.track, t.session, int(t.blank), t.start]
            row += [t.next_writable if t.nwa_valid else None, t.free_blocks]
            if len(answer) >= 32:
                row += [t.size, t.last_recorded if t.last_recorded_valid else None]
            return row
    return None


class Player:
    """Plays a trace against a drive, as patiently as the programs are."""

    def __init__(self, drive: Drive) -> None:
        self.drive = drive
        self.next_write = 0
        self.seen_busy = 0

    def play(self, row: dict[str, Any], following: dict[str, Any]) -> None:
        """One step; `following` is the one after it."""
        if "cut" in row:
            self._fill(following)
            return
        cdb = bytes.fromhex(row["cdb"]).ljust(16, b"\0")
        expected = row.get("sense", "")
        if cdb[0] == 0 and expected in ("", "2/04/07"):
            self._poll(expected)
            return
        data = bytes.fromhex(row["out"]) if "out" in row else bytes(row.get("out_bytes", 0))
        reply = self.drive.send(cdb, data)
        outcome = outcome_of(reply)
        assert (str(outcome) if outcome != GOOD else "") == expected
        if cdb[0] == WRITE_10:
            self.next_write = int.from_bytes(cdb[2:6], "big") + int.from_bytes(cdb[7:9], "big")
        if "told" in row:
            assert told(cdb, bytes(reply.data_in)) == row["told"]

    def _poll(self, expected: str) -> None:
        """TEST UNIT READY: how often a program asks depends on how long it takes, not whether."""
        if expected:
            outcome = self.drive.ready()
            assert outcome in (GOOD, OPERATION_IN_PROGRESS)
            self.seen_busy += outcome == OPERATION_IN_PROGRESS
            self.drive.clock.advance(1.0)
        else:
            self.drive.wait_ready()
            assert self.drive.ready() == GOOD

    def _fill(self, following: dict[str, Any]) -> None:
        cdb = bytes.fromhex(following["cdb"]).ljust(16, b"\0")
        if cdb[0] != WRITE_10:
            return
        until = int.from_bytes(cdb[2:6], "big")
        while self.next_write < until:
            self.drive.run(b"\x2a\0" + self.next_write.to_bytes(4, "big") + b"\0\0\x10\0", bytes(16 * 2048))
            self.next_write += 16


@pytest.mark.parametrize("job", JOBS)
def test_job(make_drive: MakeDrive, job: str) -> None:
    drive = make_drive(Disc(Disc.in_memory("dvd-rw").state, NoSurface()), model=JOBS[job])
    player = Player(drive)
    rows = [json.loads(line) for line in (TRACES / f"{job}.jsonl").read_text().splitlines()]
    for number, row in enumerate(rows, start=1):
        try:
            player.play(row, rows[number] if number < len(rows) else {})
        except AssertionError as error:
            raise AssertionError(f"step {number}, {json.dumps(row)}: {error}") from error
    if any(row.get("cdb", "").startswith("a1") for row in rows):
        assert player.seen_busy >= 2, "blanking showed progress"
