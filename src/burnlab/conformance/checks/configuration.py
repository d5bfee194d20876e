"""GET CONFIGURATION: profiles and features."""

from __future__ import annotations

from typing import Final

from burnlab.conformance.bench import Bench, announced, at_least, holds, not_here, same
from burnlab.conformance.case import Chapter
from burnlab.conformance.conditions import a_medium
from burnlab.conformance.refusal import INVALID_FIELD
from burnlab.conformance.subject import ANSWER
from burnlab.scsi.mmc.commands import GetConfiguration
from burnlab.scsi.mmc.features import Configuration, Feature, FeatureDescriptor
from burnlab.scsi.mmc.profiles import Profile

CONFIGURATION: Final = Chapter("get-configuration")

ALL, CURRENT, ONE, RESERVED = range(4)
HEADER: Final = 8
NO_FEATURE: Final = 0xFE00
"""A code that is reserved."""
ALWAYS: Final = (Feature.PROFILE_LIST, Feature.CORE, Feature.MORPHING, Feature.REMOVABLE_MEDIUM)
"""What every MMC unit with a removable medium has, persistent and current."""

_CD, _DVD, _BD = Feature.CD_READ, Feature.DVD_READ, Feature.BD_READ
TELLING: Final[dict[int, Feature]] = {
    Profile.CD_ROM: _CD,
    Profile.CD_R: _CD,
    Profile.CD_RW: _CD,
    Profile.DVD_ROM: _DVD,
    Profile.DVD_R: _DVD,
    Profile.DVD_RAM: _DVD,
    Profile.DVD_RW_RESTRICTED_OVERWRITE: _DVD,
    Profile.DVD_RW_SEQUENTIAL: _DVD,
    Profile.DVD_PLUS_RW: Feature.DVD_PLUS_RW,
    Profile.DVD_PLUS_R: Feature.DVD_PLUS_R,
    Profile.BD_ROM: _BD,
    Profile.BD_R_SRM: _BD,
    Profile.BD_RE: _BD,
}
"""Profile → a feature that must be current with it.    Source: MMC-5, 5.4 (features of profiles)."""


def _ask(bench: Bench, rt: int = ALL, start: int = 0, length: int = ANSWER) -> bytes:
    data = bench.good(GetConfiguration(rt=rt, starting_feature=start, allocation_length=length))
    at_least(data, min(length, HEADER))
    return data


def _features(bench: Bench, rt: int = ALL, start: int = 0) -> tuple[FeatureDescriptor, ...]:
    return Configuration.unpack(_ask(bench, rt, start)).features


def _codes(features: tuple[FeatureDescriptor, ...]) -> str:
    return " ".join(f"{feature.code:04X}h" for feature in features)


@CONFIGURATION.case("MMC-5, 6.6.2")
def length(bench: Bench) -> None:
    """What the data length counts is whole feature descriptors."""
    data = announced(_ask(bench), 0, 4, 4)
    features = Configuration.unpack(data).features
    same("bytes of header and descriptors", len(data), HEADER + sum(4 + len(f.data) for f in features))


@CONFIGURATION.case("MMC-5, 5.2.2 and 6.6.2")
def order(bench: Bench) -> None:
    """Features come in rising order, each once, and the length of each is a multiple of 4."""
    features = _features(bench)
    codes = [feature.code for feature in features]
    same("codes in rising order", sorted(set(codes)), codes)
    odd = [feature for feature in features if len(feature.data) % 4]
    holds("lengths that are multiples of 4", not odd, _codes(tuple(odd)))


@CONFIGURATION.case("MMC-5, 5.3")
def always_there(bench: Bench) -> None:
    """Profile list, core, morphing and removable medium are there, persistent and current."""
    fixed = {feature.code for feature in _features(bench) if feature.persistent and feature.current}
    missing = " ".join(f"{code:04X}h" for code in ALWAYS if code not in fixed)
    holds("features 0000h to 0003h persistent and current", not missing, f"not so: {missing}")


@CONFIGURATION.case("MMC-5, 5.3.1")
def profile_list(bench: Bench) -> None:
    """The current profile of the header is in the profile list, marked as current, and is the only one."""
    told = Configuration.unpack(_ask(bench))
    data = next((f.data for f in told.features if f.code == Feature.PROFILE_LIST), b"")
    rows = [data[n : n + 4] for n in range(0, len(data), 4)]
    current = [int.from_bytes(row[0:2], "big") for row in rows if row[2] & 0x01]
    same("profiles marked as current", [told.current_profile] if told.current_profile else [], current)


@CONFIGURATION.case("MMC-5, 5.4", a_medium)
def features_of_profile(bench: Bench) -> None:
    """The feature that the current profile stands for is current."""
    told = Configuration.unpack(_ask(bench))
    wanted = TELLING.get(told.current_profile)
    if wanted is None:
        raise not_here(f"nothing is known of profile {told.current_profile:04X}h")
    current = tuple(feature for feature in told.features if feature.current)
    holds(f"feature {wanted:04X}h among the current ones", wanted in bench.subject.current, _codes(current))


@CONFIGURATION.case("MMC-5, 6.6")
def current_only(bench: Bench) -> None:
    """RT=01b gives the current features only, and all of them."""
    wanted = tuple(feature for feature in _features(bench) if feature.current)
    same("features", _codes(wanted), _codes(_features(bench, CURRENT)))


@CONFIGURATION.case("MMC-5, 6.6")
def single_one(bench: Bench) -> None:
    """RT=10b gives the feature that is named, or none if the unit doesn't have it."""
    found = _features(bench)
    for code in (Feature.CORE, Feature.REMOVABLE_MEDIUM, NO_FEATURE):
        wanted = tuple(feature for feature in found if feature.code == code)
        same(f"features for {code:04X}h alone", _codes(wanted), _codes(_features(bench, ONE, code)))


@CONFIGURATION.case("MMC-5, 6.6")
def starting_feature(bench: Bench) -> None:
    """The starting feature number leaves out what is below it."""
    for start in (Feature.REMOVABLE_MEDIUM, Feature.POWER_MANAGEMENT, 0xFFFF):
        wanted = tuple(feature for feature in _features(bench) if feature.code >= start)
        same(f"features from {start:04X}h on", _codes(wanted), _codes(_features(bench, ALL, start)))


@CONFIGURATION.case("MMC-5, 6.6")
def reserved_request(bench: Bench) -> None:
    """RT=11b is an invalid field."""
    bench.refused(GetConfiguration(rt=RESERVED, allocation_length=HEADER), INVALID_FIELD)


CHAPTERS: Final = (CONFIGURATION,)
