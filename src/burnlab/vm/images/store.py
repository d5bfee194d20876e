"""Built images: found by what they consist of, made once, and never seen half made."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from burnlab.vm.errors import HostFault
from burnlab.vm.images.apt import Package
from burnlab.vm.places import make_folder

Progress = Callable[[str], None]
"""Takes a line that says what is being done."""


def ignore(_line: str) -> None:
    """Say nothing: the progress of callers who don't want to hear it."""


_MANIFEST = "manifest.json"
_IN_USE = "in-use"


def digest(*parts: object) -> str:
    """Return a short fingerprint of values that have a stable text."""
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Image:
    """A built image: a folder, and what is written about it in its manifest."""

    folder: Path
    manifest: dict[str, str]

    @property
    def kernel(self) -> Path:
        """The kernel that QEMU loads."""
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        """The kernel's first file system."""
        return self.folder / "initrd"

    @contextlib.contextmanager
    def in_use(self) -> Iterator[int]:
        """Keep the image from being cleared away for as long as a process holds the file number given."""
        with (self.folder / _IN_USE).open("ab") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield handle.fileno()


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an image is made of. The same recipe with the same packages gives the same image."""

    name: str
    fingerprint: str
    build: Callable[[Path, Sequence[Package], Progress], dict[str, str]]


class Store:
    """The folder of built images."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, recipe: Recipe, packages: Sequence[Package]) -> Image | None:
        """Return the image of a recipe made from just these packages."""
        return _load(self._path(recipe, packages))

    def newest(self, recipe: Recipe) -> Image | None:
        """Return the newest image of a recipe, whatever its packages were."""
        images = [_load(path) for path in self.folder.glob(f"{recipe.name}-{recipe.fingerprint}-*")]
        built = [image for image in images if image]
        return max(built, key=lambda image: float(image.manifest.get("built", "0")), default=None)

    def ensure(self, recipe: Recipe, packages: Sequence[Package], progress: Progress) -> Image:
        """Return the image, and build it first if there is none."""
        path = self._path(recipe, packages)
        if image := _load(path):
            return image
        make_folder(self.folder)
        with (self.folder / f"{recipe.name}.lock").open("ab") as lock:
            if not _try_lock(lock.fileno()):
                progress(f"{recipe.name}: another process is building a guest; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            if image := _load(path):
                return image
            image = self._build(recipe, packages, path, progress)
            self._clear_older(recipe, path)
        return image

    def _path(self, recipe: Recipe, packages: Sequence[Package]) -> Path:
        key = digest(sorted(map(str, packages)))
        return self.folder / f"{recipe.name}-{recipe.fingerprint}-{key}"

    def _build(self, recipe: Recipe, packages: Sequence[Package], path: Path, progress: Progress) -> Image:
        started = time.monotonic()
        work = Path(tempfile.mkdtemp(prefix=f".{recipe.name}-", dir=self.folder))
        try:
            facts = recipe.build(work, packages, progress)
            facts |= {"name": recipe.name, "built": f"{time.time():.0f}"}
            (work / _MANIFEST).write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n")
            work.rename(path)
        except OSError as error:
            raise HostFault(
                f"the {recipe.name} guest can't be built: {error}",
                f"Look for room and write permission at {self.folder}.",
            ) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)
        progress(f"{recipe.name}: built in {time.monotonic() - started:.0f} s")
        return Image(path, facts)

    def _clear_older(self, recipe: Recipe, keep: Path) -> None:
        prefix = f"{recipe.name}-"
        for folder in self.folder.glob(f"{prefix}*-*"):
            if folder == keep or folder.name.removeprefix(prefix).count("-") != 1:
                continue
            marker = folder / _IN_USE
            with contextlib.suppress(OSError), marker.open("ab") as handle:
                if _try_lock(handle.fileno()):
                    shutil.rmtree(folder, ignore_errors=True)


def _load(folder: Path) -> Image | None:
    try:
        return Image(folder, json.loads((folder / _MANIFEST).read_text()))
    except (OSError, ValueError):
        return None


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def stamp_of(folder: Path) -> str:
    """Return a text that changes when a folder's entries do."""
    try:
        with os.scandir(folder) as entries:
            return digest(sorted((entry.name, entry.stat().st_mtime_ns) for entry in entries))
    except OSError:
        return ""
