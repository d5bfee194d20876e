"""Profiles: what a medium, or a drive with it, is called.    Source: MMC-5, 5.3.1, table 94."""

from __future__ import annotations

from enum import IntEnum


class Profile(IntEnum):
    """Profile numbers of optical media."""

    NONE = 0x0000
    CD_ROM = 0x0008
    CD_R = 0x0009
    CD_RW = 0x000A
    DVD_ROM = 0x0010
    DVD_R = 0x0011
    DVD_RAM = 0x0012
    DVD_RW_RESTRICTED_OVERWRITE = 0x0013
    DVD_RW_SEQUENTIAL = 0x0014
    DVD_R_DL_SEQUENTIAL = 0x0015
    DVD_PLUS_RW = 0x001A
    DVD_PLUS_R = 0x001B
    DVD_PLUS_R_DL = 0x002B
    BD_ROM = 0x0040
    BD_R_SRM = 0x0041
    BD_R_RRM = 0x0042
    BD_RE = 0x0043

    @property
    def is_cd(self) -> bool:
        """A CD of any kind."""
        return self in (Profile.CD_ROM, Profile.CD_R, Profile.CD_RW)

    @property
    def is_bd(self) -> bool:
        """A BD of any kind."""
        return self in (Profile.BD_ROM, Profile.BD_R_SRM, Profile.BD_R_RRM, Profile.BD_RE)

    @property
    def is_dvd(self) -> bool:
        """A DVD of any kind."""
        return self is not Profile.NONE and not self.is_cd and not self.is_bd
