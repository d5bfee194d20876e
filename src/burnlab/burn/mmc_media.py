"""Optical media as rows of a table: names, units of speed, and how each kind is written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from burnlab.burn.drive import BD_SPEED, CD_SPEED, DVD_SPEED
from burnlab.scsi.mmc.profiles import Profile


class Manner(Enum):
    """How a kind of medium is written."""

    READ_ONLY = "not"
    CD = "CD: write parameters, tracks of 300 blocks or more, sessions"
    DVD_MINUS = "DVD-R, DVD-RW: write parameters, incremental or at once"
    PLUS = "DVD+R, BD-R: no write parameters; tracks are reserved on blank media"
    RANDOM = "any block at any time"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of medium. `chunk` is how many blocks a WRITE takes, `align` what a track is padded to.

    `finalize` is the close function that ends the disc for good; 0 where write parameters say that.
    `needs_close` is for media that take one session only.
    """

    name: str
    manner: Manner
    unit: tuple[str, int] = ("D", DVD_SPEED)
    chunk: int = 16
    align: int = 16
    finalize: int = 0
    needs_close: bool = False
    has_test_write: bool = False
    free_code: int | None = None
    """Format type whose capacity tells how much fits on it; None: the current capacity does."""
    is_restricted: bool = False
    """Only whole units of 16 blocks can be overwritten."""
    can_stream: bool = False
    """It can be written without being read again by the drive at once."""


CD = ("C", CD_SPEED)
BD = ("B", BD_SPEED)

KINDS: dict[int, Kind] = {
    Profile.CD_ROM: Kind("CD-ROM", Manner.READ_ONLY, CD),
    Profile.CD_R: Kind("CD-R", Manner.CD, CD, align=1, has_test_write=True),
    Profile.CD_RW: Kind("CD-RW", Manner.CD, CD, align=1, has_test_write=True),
    Profile.DVD_ROM: Kind("DVD-ROM", Manner.READ_ONLY),
    Profile.DVD_R: Kind("DVD-R sequential recording", Manner.DVD_MINUS, has_test_write=True),
    Profile.DVD_RAM: Kind("DVD-RAM", Manner.RANDOM, align=32, can_stream=True),
    Profile.DVD_RW_RESTRICTED_OVERWRITE: Kind(
        "DVD-RW restricted overwrite", Manner.RANDOM, align=32, free_code=0x15, is_restricted=True
    ),
    Profile.DVD_RW_SEQUENTIAL: Kind("DVD-RW sequential recording", Manner.DVD_MINUS, has_test_write=True),
    Profile.DVD_R_DL_SEQUENTIAL: Kind(
        "DVD-R/DL sequential recording", Manner.DVD_MINUS, needs_close=True, has_test_write=True
    ),
    Profile.DVD_PLUS_RW: Kind("DVD+RW", Manner.RANDOM, align=32, free_code=0x26),
    Profile.DVD_PLUS_R: Kind("DVD+R", Manner.PLUS, finalize=5),
    Profile.DVD_PLUS_R_DL: Kind("DVD+R/DL", Manner.PLUS, finalize=5),
    Profile.BD_ROM: Kind("BD-ROM", Manner.READ_ONLY, BD),
    Profile.BD_R_SRM: Kind("BD-R sequential recording", Manner.PLUS, BD, 32, 32, finalize=6, can_stream=True),
    Profile.BD_R_RRM: Kind("BD-R random recording", Manner.READ_ONLY, BD),
    Profile.BD_RE: Kind("BD-RE", Manner.RANDOM, BD, 32, 32, can_stream=True),
}

UNKNOWN_KIND = Kind("is not recognizable", Manner.READ_ONLY)

MAKERS: tuple[tuple[str, str], ...] = (
    ("97m15s05f", "TDK Corporation"),
    ("97m15s17f", "Ritek Corp"),
    ("97m17s06f", "Moser Baer India Limited"),
    ("97m22s67f", "Moser Baer India Limited"),
    ("97m24s01f", "Taiyo Yuden Company Limited"),
    ("97m26s60f", "CMC Magnetics Corporation"),
    ("97m26s66f", "CMC Magnetics Corporation"),
    ("97m27s18f", "Plasmon Data Systems Ltd"),
    ("97m31s06f", "Ritek Corp"),
    ("97m32s19f", "Prodisc Technology"),
    ("97m34s23f", "Mitsubishi Chemical Corporation"),
    ("CMC", "CMC Magnetics Corporation"),
    ("MBI", "Moser Baer India Limited"),
    ("MCC", "Mitsubishi Kagaku Media Co."),
    ("MKM", "Mitsubishi Kagaku Media Co."),
    ("PHILIP", "Philips"),
    ("PRODISC", "Prodisc Technology"),
    ("RICOHJPN", "Ricoh Company Limited"),
    ("RITEK", "Ritek Corp"),
    ("SONY", "Sony Corporation"),
    ("TDK", "TDK Corporation"),
    ("TTH", "TDK Corporation"),
    ("TYG", "Taiyo Yuden Company Limited"),
    ("TYUDEN", "Taiyo Yuden Company Limited"),
    ("VERBAT", "Mitsubishi Kagaku Media Co."),
    ("YUDEN", "Taiyo Yuden Company Limited"),
)
"""Beginning of a media product id → who makes such media."""
UNKNOWN_MAKER = "(not found in manufacturer list)"


def maker_of(product: str) -> str:
    """Who makes media of a product id."""
    for beginning, maker in MAKERS:
        if product.startswith(beginning):
            return maker
    return UNKNOWN_MAKER
