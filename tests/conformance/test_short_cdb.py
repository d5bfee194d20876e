"""A CDB shorter than its command needs: an error and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from burnlab.recorder.table import ROWS
from support.drive import Drive
from support.expect import GOOD, INVALID_FIELD_IN_CDB, INVALID_OPCODE, outcome_of


@pytest.mark.memory_only
@pytest.mark.parametrize("opcode", ROWS, ids=lambda code: ROWS[code].cdb.NAME)
def test_cut_at_every_length(drive: Drive, opcode: int) -> None:
    before = drive.state_bytes()
    for length in range(1, ROWS[opcode].cdb.LENGTH):
        assert drive.outcome(bytes((opcode,)).ljust(length, b"\0")) == INVALID_FIELD_IN_CDB
    assert drive.state_bytes() == before


@pytest.mark.memory_only
def test_no_bytes_at_all(drive: Drive) -> None:
    assert drive.outcome(b"") in (INVALID_OPCODE, INVALID_FIELD_IN_CDB)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cdb=st.one_of(
        st.binary(max_size=16),
        st.tuples(st.sampled_from(sorted(ROWS)), st.binary(min_size=0, max_size=15)).map(
            lambda pair: bytes((pair[0],)) + pair[1]
        ),
    ),
    data=st.binary(max_size=4096),
)
def test_any_bytes_get_an_answer_and_leave_the_drive_alive(drive: Drive, cdb: bytes, data: bytes) -> None:
    reply = drive.send(cdb, data, 65536)
    outcome_of(reply)
    assert len(reply.data_in) <= 65536
    drive.wait_ready()
    drive.lock(False)
    drive.load_tray()
    drive.wait_ready()
    assert drive.ready() == GOOD
    drive.disc_information()
