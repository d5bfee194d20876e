"""Frozen dataclasses that are quick to make, for what every command needs anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

_Class = TypeVar("_Class")


@dataclass_transform(frozen_default=True)
def value(cls: type[_Class]) -> type[_Class]:
    """A dataclass that only the type checker keeps frozen: `frozen=True` would make creation slow."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
