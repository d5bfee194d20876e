"""How much one connection may use up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one connection may ask for. Lengths in bytes."""

    queue_depth: int = 64
    """Commands in hand."""
    immediate_commands: int = 8
    """Further commands with immediate delivery."""
    receive_bytes: int = 262144
    """The longest data segment."""
    transfer_bytes: int = 16 << 20
    """The most that one command may transfer."""
    solicited_bytes: int = 32 << 20
    """The most that is asked for by R2T at a time, over all commands."""
    text_bytes: int = 65536
    """The longest text of a negotiation."""
    login_seconds: float = 15.0


DEFAULT_LIMITS = Limits()
