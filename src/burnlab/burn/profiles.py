"""Profiles of media by code and by name, for whoever must not know SCSI."""

from __future__ import annotations

from burnlab.burn.drive import FILE_PROFILE
from burnlab.burn.mmc_media import KINDS
from burnlab.scsi.mmc.profiles import Profile

__all__ = ["Profile", "name_of_profile"]


def name_of_profile(code: int) -> str:
    """What media of a profile are called; empty if there is no such profile."""
    if code == FILE_PROFILE:
        return "stdio file"
    return KINDS[code].name if code in KINDS else ""
