"""Payloads: exact numbers, the same bytes each time."""

from __future__ import annotations

import hashlib

import pytest

from burnlab.lab.loading import load_plan
from burnlab.lab.payload import BLOCK_BYTES, PayloadError, PayloadShape, describe, lay_out, write_payload
from burnlab.lab.plan import Case
from burnlab.lab.run import shape_of

SMALL = PayloadShape(files=20, folders=3, blocks=200, big=2, seed=7)


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_what_is_written_is_what_was_described(tmp_path):
    write_payload(SMALL, tmp_path / "a")
    write_payload(SMALL, tmp_path / "b")
    found = tree(tmp_path / "a")
    assert found == tree(tmp_path / "b")
    facts = describe(SMALL)
    assert len(found) == SMALL.files
    assert len(list((tmp_path / "a").rglob("*"))) == facts.nodes
    assert sum(map(len, found.values())) == facts.bytes
    assert sum(-(-len(data) // BLOCK_BYTES) for data in found.values()) == facts.blocks == SMALL.blocks
    assert hashlib.md5(found[facts.probe]).hexdigest() == facts.probe_md5


def test_another_seed_is_another_content(tmp_path):
    assert describe(SMALL).probe_md5 != describe(PayloadShape(20, 3, 200, 2, seed=8)).probe_md5


def test_sparse_content_takes_no_room(tmp_path):
    write_payload(PayloadShape(files=2, folders=1, blocks=50000, sparse=True), tmp_path)
    big = max(tmp_path.rglob("*.dat"), key=lambda path: path.stat().st_size)
    assert big.stat().st_size > 50_000_000
    assert big.stat().st_blocks < 1000


@pytest.mark.parametrize("case", [Case("dvd-rw"), Case("dvd-rw", "full")], ids=lambda case: case.size)
def test_the_walkthroughs_payloads_can_be_made(case):
    for payload in load_plan("walkthrough").plan.payloads_for(case).values():
        files = lay_out(shape_of(payload))
        assert sum(-(-file.length_bytes // BLOCK_BYTES) for file in files) == payload.blocks
        assert all(file.length_bytes > 0 for file in files)


def test_the_scenarios_second_payload_has_its_594_files():
    plan = load_plan("walkthrough").plan
    assert describe(shape_of(plan.payloads_for(Case("dvd-rw", "full"))["bin"])).nodes == 594


@pytest.mark.parametrize(
    "shape",
    [PayloadShape(3, 1, 1), PayloadShape(1, 1, 9), PayloadShape(3, 0, 9), PayloadShape(3, 1, 9, big=0)],
)
def test_numbers_that_cannot_be_met(shape):
    with pytest.raises(PayloadError):
        lay_out(shape)
