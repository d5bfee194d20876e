"""Packages of the host's own Debian release, taken through the host's apt and never installed on it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from burnlab.vm.errors import HostFault

_INSTALL_LINE = re.compile(r"^Inst (\S+) \((\S+) ")
_UPDATE = "Bring apt's lists up to date: sudo apt-get update"
_TARGETS = "$(REPO_URI)\t$(RELEASE)\t$(CODENAME)\t$(COMPONENT)\t$(ORIGIN)"


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """A binary package in a version."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}={self.version}"


def parse_plan(text: str) -> list[Package]:
    """Read the packages from what `apt-get --simulate install` prints."""
    found = (_INSTALL_LINE.match(line) for line in text.splitlines())
    return [Package(match[1], match[2]) for match in found if match]


def closure(names: Iterable[str], status: Path, options: Sequence[str] = ()) -> list[Package]:
    """Resolve packages with all they depend on, as on a machine where nothing is installed.

    `status` is an empty file that stands for that machine's package list; `options` make apt see other
    sources than the host's.
    """
    status.touch()
    text = run(
        [
            *("apt-get", "--simulate", "--no-install-recommends", "-o", f"Dir::State::status={status}"),
            *(*options, "install", *names),
        ],
        "apt can't resolve the guest's packages",
    )
    return parse_plan(text)


def depends(package: str) -> list[str]:
    """Return the names that a package depends on directly."""
    text = run(["apt-cache", "depends", "--important", package], f"apt doesn't know {package}")
    return [line.split()[-1] for line in text.splitlines() if line.strip().startswith("Depends:")]


def unpack(packages: Sequence[Package], downloads: Path, root: Path) -> None:
    """Download packages and unpack their files below `root`; no maintainer script runs."""
    downloads.mkdir(parents=True, exist_ok=True)
    # apt's own download user can't write to a folder of the person who runs this.
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *map(str, packages)]
    run(command, "the guest's packages can't be downloaded", cwd=downloads)
    for archive in sorted(downloads.glob("*.deb")):
        run(["dpkg-deb", "--extract", str(archive), str(root)], f"{archive.name} can't be unpacked")
        archive.unlink()


def debian_sources() -> tuple[str, list[str]]:
    """Return the host's Debian code name and its Debian package sources as lines for `sources.list`.

    Sources of others are left out: a guest consists of Debian packages only.
    """
    text = run(
        ["apt-get", "indextargets", "Created-By: Packages", "--format", _TARGETS],
        "apt can't list its sources",
    )
    rows = [line.split("\t") for line in text.splitlines()]
    wanted = [row for row in rows if len(row) == 5 and row[4].startswith("Debian")]
    if not wanted:
        raise HostFault("apt has no lists of Debian packages on this host", _UPDATE)
    releases: dict[tuple[str, str], list[str]] = {}
    for uri, release, _codename, component, _origin in wanted:
        components = releases.setdefault((uri, release), [])
        if component not in components:
            components.append(component)
    lines = [f"deb {uri} {release} {' '.join(components)}" for (uri, release), components in releases.items()]
    # The plain suite's code name is the shortest: updates and security append to it.
    return min((row[2] for row in wanted), key=len), lines


def run(argv: Sequence[str], failure: str, cwd: Path | None = None, hint: str = _UPDATE) -> str:
    """Run a program of apt's and return what it prints. Raises HostFault that begins with `failure`."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=cwd, env=None)
    except FileNotFoundError as error:
        where = "Guests are built from Debian packages: build them on Debian or a system derived from it."
        raise HostFault(f"{failure}: there is no {argv[0]} on this host", where) from error
    if done.returncode:
        lines = [line for line in done.stderr.strip().splitlines() if not line.startswith("W:")]
        raise HostFault(f"{failure}: {' '.join(lines[-3:]) or 'no message'}", hint)
    return done.stdout
