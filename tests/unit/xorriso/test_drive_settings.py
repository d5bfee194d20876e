"""The address of a blind growth, in words."""

from __future__ import annotations

import pytest

from support.burn_program import World


@pytest.mark.parametrize(
    ("word", "address"),
    [
        *(("96", 96), ("32s", 32), ("1k", 0), ("1m", 512), ("12.7", 12), ("4g", 2097152), ("0", 0)),
        *(("off", None), ("-1", None), ("", None), ("foo", 0), ("5x", 0), ("2d", 0)),
    ],
)
def test_an_address_as_the_real_program_reads_it(word: str, address: int | None) -> None:
    program = World().program()
    program.run_words(["-grow_blindly", word])
    assert program.settings.grow_blindly == address


def test_status_tells_it() -> None:
    world = World()
    assert world.run("-grow_blindly", "96", "-status", "-grow_blindly") == 0
    assert world.out == "-grow_blindly 96\n"
