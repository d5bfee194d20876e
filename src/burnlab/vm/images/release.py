"""Packages of another Debian release than the host's: from its mirror, by lists of packages of their own.

Nothing of it touches the host's apt: lists, sources and what counts as installed are files in the cache.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from burnlab.vm.errors import BadRequest, HostFault
from burnlab.vm.images import apt
from burnlab.vm.images.store import Progress
from burnlab.vm.places import Places, make_folder

_NAME = re.compile(r"[a-z][a-z0-9]{1,19}")
_FRESH_SECONDS = 86400.0
_ROLLING = frozenset({"sid", "unstable"})
_STAMP = "updated"


@dataclass(frozen=True, slots=True)
class Release:
    """A Debian release: its code name, its lines for `sources.list`, and what makes apt see it."""

    suite: str
    lines: tuple[str, ...]
    options: tuple[str, ...] = ()


def of_host() -> Release:
    """The release of the host itself. Raises HostFault."""
    suite, lines = apt.debian_sources()
    return Release(suite, tuple(lines))


def lines_for(host: Release, name: str) -> tuple[str, ...]:
    """The host's own lines with another release in them: the same mirrors, the same components.

    A release that rolls has neither updates nor security apart.
    """
    found = []
    for line in host.lines:
        kind, uri, suite, *components = line.split()
        base, dash, rest = suite.partition("-")
        if base != host.suite or (dash and name in _ROLLING):
            continue
        found.append(" ".join((kind, uri, f"{name}{dash}{rest}", *components)))
    return tuple(found)


def another(places: Places, name: str, progress: Progress) -> Release:
    """A release by its code name, with lists of at most a day's age.

    Raises BadRequest for what can't be a name, and HostFault if the mirror doesn't have it.
    """
    if not _NAME.fullmatch(name):
        raise BadRequest(f"'{name}' can't be the code name of a Debian release", "Write trixie, say.")
    host = of_host()
    lines = lines_for(host, name)
    if not lines:
        raise HostFault(
            f"apt's sources don't name the release {host.suite} itself", "Name releases by code name in them."
        )
    folder = make_folder(places.cache / "releases" / name)
    for part in ("lists/partial", "archives/partial"):
        make_folder(folder / part)
    (folder / "sources.list").write_text("".join(f"{line}\n" for line in lines))
    release = Release(name, lines, _options(folder))
    stamp = folder / _STAMP
    if not stamp.exists() or time.time() - stamp.stat().st_mtime > _FRESH_SECONDS:
        progress(f"{name}: getting the lists of packages")
        _update(release)
        stamp.touch()
    return release


def _options(folder: Path) -> tuple[str, ...]:
    settings = {
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder,
        "Dir::Cache::Archives": folder / "archives",
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "-",
        # What the host holds back or prefers is nothing to this release.
        "Dir::Etc::Preferences": "-",
        "Dir::Etc::PreferencesParts": "-",
        # apt's own download user can't write to a folder of the person who runs this.
        "APT::Sandbox::User": "root",
    }
    return tuple(word for key, value in settings.items() for word in ("-o", f"{key}={value}"))


def _update(release: Release) -> None:
    failure = f"the mirror tells no packages of {release.suite}"
    hint = "See that there is such a release, and that the host has its keys: package debian-archive-keyring."
    strict = ("-o", "APT::Update::Error-Mode=any")
    apt.run(["apt-get", "-q", *strict, *release.options, "update"], failure, hint=hint)


def closure(release: Release, names: Sequence[str], status: Path) -> list[apt.Package]:
    """Resolve packages of a release with all they depend on."""
    return apt.closure(names, status, release.options)
