"""A guest that is itself a host: QEMU and burnlab in it, and the image of a second guest."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import burnlab
from burnlab.vm import DebianGuest, Share, debian_guest
from burnlab.vm.address import parse_iscsi
from burnlab.vm.images import debian, micro
from burnlab.vm.images.with_burnlab import package_files
from burnlab.vm.places import Places

ROOT = Path(burnlab.__file__).parents[2]
PACKAGES = ("qemu-system-x86",)
_TARGET = "/mnt/library"
_LAUNCHER = f'#!/bin/sh\\nPYTHONPATH={_TARGET} exec python3 -m burnlab \\"\\$@\\"\\n'
_SETTLE = f"""
set -e
printf "{_LAUNCHER}" >/usr/local/bin/burnlab
chmod 755 /usr/local/bin/burnlab
home=$(echo ~burner)
guests=$home/.cache/burnlab/guests
install -d -o burner -g burner -m 700 $home/.cache $home/.cache/burnlab $guests
cp -r /mnt/image "$guests/{{image}}"
chown -R burner: $home/.cache
usermod -a -G kvm burner
"""


def python_of(packages: str) -> str:
    """The guest's Python as MAJOR.MINOR, by the packages that its image was made of."""
    version = next(word.partition("=")[2] for word in packages.split() if word.startswith("python3="))
    return ".".join(version.split("-")[0].split(".")[:2])


def library(places: Places, python: str, progress: Callable[[str], None] = print) -> Path:
    """This burnlab's wheel and all it needs, installed into a folder; made once for each state and Python."""
    state = hashlib.sha256(python.encode() + (ROOT / "pyproject.toml").read_bytes())
    for path, source in sorted(package_files().items()):
        state.update(str(path).encode() + source.read_bytes())
    folder = places.cache / "libraries" / state.hexdigest()[:16]
    if folder.exists():
        return folder
    shutil.rmtree(folder.parent, ignore_errors=True)
    folder.parent.mkdir(parents=True)
    progress("making the wheel, and installing it with what it needs")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        subprocess.run([*pip, "wheel", "--no-deps", "-w", work, str(ROOT)], check=True)
        (wheel,) = Path(work).glob("burnlab-*.whl")
        target = Path(work) / "library"
        only = ["--only-binary=:all:", "--python-version", python, "--target", str(target)]
        subprocess.run([*pip, "install", *only, str(wheel)], check=True)
        target.rename(folder)
    return folder


@contextlib.contextmanager
def host_in_a_guest(url: str) -> Iterator[DebianGuest]:
    """A debian guest with QEMU, this burnlab and a micro guest's image; the recorder is its /dev/sr0.

    TCG emulates AMD's SVM, so that it has a KVM that works: the second guest isn't emulated twice.
    """
    places = Places.of_user(os.environ)
    image = micro.ensure(places, ["xorriso"], print)
    outer = debian.ensure(places, print, PACKAGES)
    python = python_of(outer.manifest["packages"])
    shares = [Share(library(places, python), "library"), Share(image.folder, "image")]
    with (
        image.in_use(),
        debian_guest(
            recorder=parse_iscsi(url),
            dvdrom=False,
            packages=PACKAGES,
            memory=2048,
            shares=shares,
            progress=print,
        ) as guest,
    ):
        done = guest.run_as_root(_SETTLE.replace("{image}", image.folder.name), timeout=300)
        assert done.exit_code == 0, done.stderr
        yield guest
