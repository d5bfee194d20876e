"""Where guests are kept: images in the user's cache, running machines in the user's runtime folder."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from burnlab.vm.errors import HostFault

_LONGEST_SOCKET = 107  # sun_path in <sys/un.h>, less the NUL
_ROOM_FOR_NAMES = len("/vm/a-name-of-a-machine-12345678/burnlab.errors.4")


@dataclass(frozen=True, slots=True)
class Places:
    """The folders that guests use."""

    cache: Path
    runtime: Path

    @classmethod
    def of_user(cls, environ: Mapping[str, str]) -> Places:
        """Follow the XDG base directories that an environment names."""
        home = Path(environ.get("HOME") or tempfile.gettempdir())
        cache = Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "burnlab"
        named = environ.get("XDG_RUNTIME_DIR")
        runtime = Path(named) / "burnlab" if named and Path(named).is_dir() else cache / "run"
        return cls(cache, runtime)

    @property
    def guests(self) -> Path:
        """The folder of the guests' images."""
        return self.cache / "guests"

    @property
    def machines(self) -> Path:
        """The folder with one folder per running machine that has a name."""
        return self.runtime / "vm"

    def private(self, name: str) -> Path:
        """Make a folder for the sockets of a machine that only this process uses."""
        root = self.runtime / "vm"
        if len(str(self.runtime)) + _ROOM_FOR_NAMES > _LONGEST_SOCKET:
            root = Path(tempfile.gettempdir())
        make_folder(root)
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=root))


def make_folder(path: Path) -> Path:
    """Make a folder that only its owner can look into.

    Raises HostFault where that isn't possible.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise HostFault(
            f"the folder {path} can't be made: {error.strerror}",
            "Set XDG_CACHE_HOME and XDG_RUNTIME_DIR to folders that you may write to.",
        ) from error
    return path
