"""Faults that a plan asks for: tables as in a fault file, with a `when` as everywhere in a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from .plan import Case, When

if TYPE_CHECKING:
    from burnlab.recorder import FaultPlan

FaultTable = Mapping[str, Any]


class PlanFaultError(Exception):
    """A fault that can't be. The text names the key, and what is allowed."""


def faults_for(tables: Sequence[FaultTable], case: Case, where: str) -> FaultPlan:
    """Those of the faults that apply to a case, read.

    Raises:
        PlanFaultError: one can't be.
    """
    from burnlab.recorder import FaultError, FaultPlan

    try:
        applying = [_without_when(table) for table in tables if _when(table).holds(case)]
        return FaultPlan.from_tables(applying, where)
    except FaultError as error:
        hint = f"; {error.hint}" if error.hint else ""
        raise PlanFaultError(f"{error}{hint}") from error
    except msgspec.ValidationError as error:
        raise PlanFaultError(f"{where}: `when`: {error}") from error


def _when(table: FaultTable) -> When:
    return msgspec.convert(table.get("when", {}), When)


def _without_when(table: FaultTable) -> FaultTable:
    return {key: value for key, value in table.items() if key != "when"}
