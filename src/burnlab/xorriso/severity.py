"""Severities of events, from low to high."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """How grave an event is; values are those of the libraries' message queue, shifted right by 24 bits."""

    ALL = 0x00
    ERRFILE = 0x08
    DEBUG = 0x10
    UPDATE = 0x20
    NOTE = 0x30
    HINT = 0x40
    WARNING = 0x50
    SORRY = 0x60
    MISHAP = 0x64
    FAILURE = 0x68
    FATAL = 0x70
    ABORT = 0x71
    NEVER = 0x7F


def find_severity(text: str) -> Severity | None:
    """The severity of a name in any case, with or without something behind it; None if there is none."""
    upper = text.upper()
    return next((severity for severity in Severity if upper.startswith(severity.name)), None)
