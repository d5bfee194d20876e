"""Every refusal of a medium has its words in SCSI."""

from __future__ import annotations

import inspect

from burnlab.disc import DiscError, errors
from burnlab.recorder.refusals import REFUSALS, sense_of


def test_every_error_has_a_row() -> None:
    known = {
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, DiscError) and kind is not DiscError
    }
    assert known == set(REFUSALS)


def test_an_unforeseen_one_is_an_internal_failure() -> None:
    class Unforeseen(DiscError):
        pass

    assert str(sense_of(Unforeseen("x"))) == "4/44/00"
