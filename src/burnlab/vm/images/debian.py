"""The debian guest: systemd, udev, ssh and xorriso on a disk, as the scenario has it. For people."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from burnlab.vm.errors import BadRequest, HostFault
from burnlab.vm.images import apt, initramfs
from burnlab.vm.images.kernel import KernelTree, write_fast_image
from burnlab.vm.images.recipes import (
    DEBIAN_DISK_BYTES,
    DEBIAN_MODULES,
    DEBIAN_PACKAGES,
    GUEST_USER,
)
from burnlab.vm.images.release import Release, another, closure, of_host
from burnlab.vm.images.resolve import resolve
from burnlab.vm.images.store import Image, Progress, Recipe, Store, digest
from burnlab.vm.places import Places

DISK = "disk.ext4"
KEY = "ssh-key"
KNOWN_HOSTS = "known-hosts"
HOST_ALIAS = "burnlab-guest"
"""The name under which ssh knows the guest's host key, whatever the port."""

_PACKAGE = re.compile(r"[a-z0-9][a-z0-9.+-]+")  # Debian policy, 5.6.1
_NEEDED = {
    "mmdebstrap": "mmdebstrap",
    "mke2fs": "e2fsprogs",
    "ssh-keygen": "openssh-client",
    "tar": "tar",
}
# A kernel package makes an initramfs of its own when it is installed; this guest starts by a smaller one.
_NO_INITRAMFS = (
    'chroot "$1" dpkg-divert --quiet --local --rename --add /usr/sbin/update-initramfs'
    ' && ln -s /bin/true "$1/usr/sbin/update-initramfs"'
)


def recipe(additions: Sequence[str] = (), release: Release | None = None) -> Recipe:
    """Return the recipe of the debian guest, with more Debian packages in it if they are named.

    It is of the host's own release unless another one is given.
    """
    added = sorted(set(additions) - set(DEBIAN_PACKAGES))
    _check_names(added)
    setup = _read("debian-setup")
    sources = [Path(__file__).read_text(), Path(initramfs.__file__).read_text(), _read("debian-init")]
    fingerprint = digest(
        DEBIAN_PACKAGES, added, DEBIAN_MODULES, DEBIAN_DISK_BYTES, GUEST_USER, setup, sources
    )

    def build(folder: Path, packages: Sequence[apt.Package], progress: Progress) -> dict[str, str]:
        return _build(folder, release or of_host(), [*DEBIAN_PACKAGES, *added], packages, progress)

    kind = f"debian_{release.suite}" if release else "debian"
    return Recipe("-".join([kind, *(name.replace("-", "_") for name in added)]), fingerprint, build)


def find(places: Places) -> Image | None:
    """Return the newest image of this recipe that is there, and build nothing."""
    return Store(places.guests).newest(recipe())


def ensure(places: Places, progress: Progress, additions: Sequence[str] = (), suite: str = "") -> Image:
    """Return the debian guest, built first if need be (one to three minutes).

    `suite` is the code name of its release; empty stands for the host's own.
    """
    release = another(places, suite, progress) if suite and suite != of_host().suite else None
    store, wanted = Store(places.guests), recipe(additions, release)
    names = sorted({*DEBIAN_PACKAGES, *additions})
    try:
        if release:
            packages = closure(release, names, places.cache / "no-packages")
        else:
            packages = resolve(places, names, kernel=False)
    except HostFault:
        # An image that is there serves well on a host whose apt can't be asked just now.
        if image := store.newest(wanted):
            progress(f"{wanted.name}: apt can't be asked for newer packages; using the image that is there")
            return image
        raise
    return store.ensure(wanted, packages, progress)


def _build(
    folder: Path,
    release: Release,
    names: Sequence[str],
    packages: Sequence[apt.Package],
    progress: Progress,
) -> dict[str, str]:
    _require_tools()
    suite, sources = release.suite, release.lines
    _make_key(folder / KEY, "burnlab guest")
    _make_key(folder / "host-key", "burnlab guest's host key")
    root = folder / "root"
    progress(f"debian: installing {suite} with {len(packages)} packages and more (one to two minutes)")
    _debootstrap(folder, names, suite, sources)
    progress("debian: making the disk")
    _run(_as_root([*("tar", "--extract", "--numeric-owner", "--exclude=./dev/*"),
                   *("--file", str(folder / "tree.tar"), "--directory", str(root))],
                  ["mke2fs", "-q", "-t", "ext4", "-L", "burnlab", "-d", str(root), str(folder / DISK),
                   f"{DEBIAN_DISK_BYTES >> 10}k"], root), "the guest's disk can't be made")  # fmt: skip
    kernel = KernelTree(root)
    write_fast_image(kernel.image, folder / "vmlinuz")
    busybox = apt.closure(["busybox-static"], folder / "status")
    apt.unpack(busybox, folder / "downloads", folder / "busybox")
    content = initramfs.for_disk(folder / "busybox", kernel, DEBIAN_MODULES, _read("debian-init"))
    (folder / "initrd").write_bytes(content)
    host_key = (folder / "host-key.pub").read_text().split()
    (folder / KNOWN_HOSTS).write_text(f"{HOST_ALIAS} {host_key[0]} {host_key[1]}\n")
    for name in ("root", "downloads", "busybox"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("tree.tar", "sources.list", "status", "host-key", "host-key.pub"):
        (folder / name).unlink(missing_ok=True)
    return {"kernel": kernel.release, "suite": suite, "packages": " ".join(map(str, packages))}


def _debootstrap(folder: Path, names: Sequence[str], suite: str, sources: Sequence[str]) -> None:
    (folder / "sources.list").write_text("\n".join(sources) + "\n")
    values = {
        "user": GUEST_USER,
        "public_key": (folder / f"{KEY}.pub").read_text().strip(),
        "host_key": (folder / "host-key").read_text().strip(),
    }
    setup = "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items()) + _read(
        "debian-setup"
    )
    argv = [
        *("mmdebstrap", "--quiet", "--variant=minbase", "--format=tar"),
        f"--include={','.join(names)}",
        f"--essential-hook={_NO_INITRAMFS}",
        # The text itself is handed over: in a user namespace the builder can't read the caller's files.
        f"--customize-hook={setup}",
        *(suite, str(folder / "tree.tar"), str(folder / "sources.list")),
    ]
    _run(argv, "mmdebstrap failed")


def _as_root(unpack: Sequence[str], make: Sequence[str], root: Path) -> list[str]:
    # Ownership in the tree counts. Without root's rights, fakeroot remembers it from one command to the next.
    text = f"mkdir {shlex.quote(str(root))} && {shlex.join(unpack)} && {shlex.join(make)}"
    return ["sh", "-c", text] if os.geteuid() == 0 else ["fakeroot", "sh", "-c", text]


def _check_names(names: Sequence[str]) -> None:
    for name in names:
        if not _PACKAGE.fullmatch(name):
            raise BadRequest(
                f"'{name}' can't be the name of a Debian package", "See: apt-cache search KEYWORD"
            )


def _require_tools() -> None:
    needed = _NEEDED if os.geteuid() == 0 else _NEEDED | {"fakeroot": "fakeroot"}
    missing = sorted({package for tool, package in needed.items() if not _which(tool)})
    if missing:
        raise HostFault(
            f"the debian guest can't be built without {', '.join(missing)}",
            f"Install what is missing: sudo apt-get install {' '.join(missing)}",
        )


def _which(tool: str) -> str | None:
    return shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _make_key(path: Path, comment: str) -> None:
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)]
    _run(argv, "no ssh key can be made")


def _run(argv: Sequence[str], failure: str) -> None:
    environ = os.environ | {
        "PATH": f"{os.environ.get('PATH', '/usr/bin')}:/usr/sbin:/sbin",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environ)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
        raise HostFault(
            f"{failure} (exit code {done.returncode}):\n{tail}",
            "See what this host lacks: burnlab doctor. If packages weren't found: sudo apt-get update",
        )


def _read(name: str) -> str:
    return resources.files("burnlab.vm.images").joinpath("files", name).read_text()
