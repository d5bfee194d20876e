"""Conditions of cases: what unit and medium must be like."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from burnlab.conformance.case import Condition
from burnlab.conformance.subject import CD, Subject
from burnlab.scsi.mmc.profiles import Profile

SPC_2: Final = 4
"""Version of INQUIRY data from which on vital product data pages are demanded."""

PRESSED: Final = frozenset({Profile.CD_ROM, Profile.DVD_ROM, Profile.BD_ROM})
SEQUENTIAL: Final = frozenset(
    {
        Profile.CD_R,
        Profile.CD_RW,
        Profile.DVD_R,
        Profile.DVD_RW_SEQUENTIAL,
        Profile.DVD_PLUS_R,
        Profile.DVD_PLUS_R_DL,
        Profile.BD_R_SRM,
    }
)
"""What is recorded block after block."""
OVERWRITABLE: Final = frozenset(
    {Profile.DVD_RAM, Profile.DVD_RW_RESTRICTED_OVERWRITE, Profile.DVD_PLUS_RW, Profile.BD_RE}
)
BLANKABLE: Final = frozenset({Profile.CD_RW, Profile.DVD_RW_SEQUENTIAL, Profile.DVD_RW_RESTRICTED_OVERWRITE})

Predicate = Callable[[Subject], bool]


def a_medium(subject: Subject) -> str:
    """There is a medium."""
    return "" if subject.has_medium else "there is no medium"


def no_medium(subject: Subject) -> str:
    """There is none."""
    return "there is a medium" if subject.has_medium else ""


def readable(subject: Subject) -> str:
    """Something can be read as data."""
    return a_medium(subject) or ("" if subject.data else "there is no data track to be read")


def written(subject: Subject) -> str:
    """READ CAPACITY tells of a size."""
    return a_medium(subject) or ("" if subject.blocks else "nothing on the medium can be read")


def counts_bytes(subject: Subject) -> str:
    """How long an answer is can be told."""
    return "" if subject.counts_bytes else "the way to the unit doesn't tell how many bytes of an answer came"


def vital_product_data(subject: Subject) -> str:
    """The unit is of a version that must have vital product data."""
    return "" if subject.inquiry.version >= SPC_2 else "INQUIRY data of a version before SPC-2"


def that(otherwise: str, predicate: Predicate) -> Condition:
    """A medium for which the predicate holds; `otherwise` is told where it doesn't."""
    return lambda subject: a_medium(subject) or ("" if predicate(subject) else otherwise)


def medium_of(profiles: Iterable[int], otherwise: str) -> Condition:
    """The medium is one of these; `otherwise` is told where it is another one."""
    wanted = frozenset(profiles)
    return that(otherwise, lambda subject: subject.profile in wanted)


_DVDS: Final = frozenset(profile for profile in Profile if profile.is_dvd)
_BDS: Final = frozenset(profile for profile in Profile if profile.is_bd)

is_cd: Final = medium_of(CD, "the medium is no CD")
not_cd: Final = that(
    "flushing closes a track of a CD, and behind its data lie blocks without any",
    lambda subject: subject.profile not in CD,
)
is_dvd: Final = medium_of(_DVDS, "the medium is no DVD")
is_bd: Final = medium_of(_BDS, "the medium is no BD")
is_dvd_or_bd: Final = medium_of(_DVDS | _BDS, "the medium is neither DVD nor BD")
is_pressed: Final = medium_of(PRESSED, "the medium is not pressed")
is_sequential: Final = medium_of(SEQUENTIAL, "the medium is not recorded block after block")
is_overwritable: Final = medium_of(OVERWRITABLE, "the medium is not overwritable")
is_blankable: Final = medium_of(BLANKABLE, "the medium can't be blanked")
is_blank_medium: Final = that("something is recorded", lambda subject: subject.is_blank)
