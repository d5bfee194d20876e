"""How much one connection may use up: memory, and time in which nothing happens.

What it comes to: a connection that does nothing costs a receive buffer and a thread. The most that a hostile
initiator can make the target hold is twice `receive_bytes` for each command in hand and each that came early,
`solicited_bytes` and `reply_bytes`, and a transfer beyond each of these: some 100 MiB by default.
"""

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
    solicited_bytes: int = 16 << 20
    """The most data of writes that are asked for by R2T or wait for their turn, over all commands."""
    reply_bytes: int = 8 << 20
    """The most data of reads that are in hand or wait to be sent; a single command may go beyond it."""
    text_bytes: int = 65536
    """The longest text of a negotiation."""
    login_seconds: float = 15.0
    """How long a login may take in all."""
    stall_seconds: float = 60.0
    """How long an initiator may stay silent in the middle of a PDU."""
    send_seconds: float = 120.0
    """How long it may take no byte of what is sent to it."""


DEFAULT_LIMITS = Limits()
