"""The formats that images are made of."""

from __future__ import annotations

import gzip
import lzma
import struct
import subprocess
from pathlib import Path

import pytest

from burnlab.vm.errors import HostFault
from burnlab.vm.images import kernel as kernel_room
from burnlab.vm.images.apt import Package, parse_plan
from burnlab.vm.images.cpio import Archive
from burnlab.vm.images.elf import needs
from burnlab.vm.images.kernel import KernelTree, module_name, write_fast_image
from burnlab.vm.images.recipes import MICRO_BASE, PROGRAM_SETS
from burnlab.vm.images.store import Recipe, Store, ignore

PLAN = """Reading package lists...
Inst libc6 (2.36-9+deb12u14 Debian:12.15/oldstable [amd64]) []
Inst eject (2.38.1-5+deb12u3 Debian:12.15/oldstable [amd64])
Conf libc6 (2.36-9+deb12u14 Debian:12.15/oldstable [amd64])
"""


def test_apt_tells_which_packages_it_would_install() -> None:
    assert parse_plan(PLAN) == [Package("libc6", "2.36-9+deb12u14"), Package("eject", "2.38.1-5+deb12u3")]


def test_cpio_entries_stand_behind_their_folders() -> None:
    archive = Archive()
    archive.file("etc/deep/file", b"text", 0o600)
    archive.link("bin/sh", "busybox")
    packed = archive.pack()
    assert packed == archive.pack()
    names = [b"etc", b"etc/deep", b"etc/deep/file", b"bin", b"bin/sh", b"TRAILER!!!"]
    places = [packed.index(name + b"\0") for name in names]
    assert places == sorted(places)
    assert packed.startswith(b"070701") and len(packed) % 4 == 0
    # inode, mode, links, size of the plain file
    head = packed[packed.index(b"etc/deep/file\0") - 110 :]
    assert [int(head[6 + 8 * field : 14 + 8 * field], 16) for field in (1, 4, 6)] == [0o100600, 1, 4]


def test_modules_load_after_those_they_need(tmp_path: Path) -> None:
    root = fake_kernel(
        tmp_path, {"sr_mod": "cdrom", "cdrom": "", "9p": "9pnet,netfs", "9pnet": "", "netfs": ""}
    )
    tree = KernelTree(root)
    assert tree.release == "6.1.0-1-amd64"
    assert tree.in_load_order(["sr_mod", "9p", "cdrom"]) == ["cdrom", "sr_mod", "9pnet", "netfs", "9p"]
    assert tree.in_load_order(["virtio-pci", "crc32c_generic"]) == []
    with pytest.raises(HostFault, match="no_such"):
        tree.in_load_order(["no_such"])


def test_module_names() -> None:
    assert module_name("kernel/drivers/virtio/virtio-pci.ko.xz") == "virtio_pci"


@pytest.mark.parametrize("pack", [lzma.compress, gzip.compress])
def test_a_kernel_is_unpacked_for_a_fast_start(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    vmlinux = b"\x7fELF" + bytes(1000) + b"Xen\0"
    image, fast = tmp_path / "vmlinuz", tmp_path / "fast"
    image.write_bytes(bz_image(pack(vmlinux) + struct.pack("<I", len(vmlinux))))
    write_fast_image(image, fast)
    assert fast.read_bytes() == vmlinux


def test_a_kernel_packed_in_an_unknown_way_stays_as_it_is(tmp_path: Path) -> None:
    image, fast = tmp_path / "vmlinuz", tmp_path / "fast"
    image.write_bytes(bz_image(b"\x28\xb5\x2f\xfd" + bytes(100)))
    write_fast_image(image, fast)
    assert fast.read_bytes() == image.read_bytes()


def test_what_an_elf_program_needs() -> None:
    found = needs(Path("/bin/sh").resolve().read_bytes())
    if found is None:
        pytest.skip("this host's /bin/sh is no 64-bit little-endian ELF file")
    assert found.interpreter is None or found.interpreter.startswith("/")
    assert all(".so" in name for name in found.libraries)
    assert needs(b"#!/bin/sh\n") is None


def test_every_set_of_programs_names_absolute_paths() -> None:
    for entry in (MICRO_BASE, *PROGRAM_SETS.values()):
        assert entry.packages or (entry.modules and not entry.programs)
        assert all(path.startswith("/usr/") for path in entry.programs)
        assert all(path.startswith(("/usr/", "/etc/")) for path in entry.trees)


def test_an_image_is_built_once_and_the_older_one_goes(tmp_path: Path) -> None:
    built: list[str] = []

    def build(folder: Path, packages: object, progress: object) -> dict[str, str]:
        (folder / "vmlinuz").write_text(f"{packages}")
        built.append(folder.name)
        return {"kernel": "x"}

    store, recipe = Store(tmp_path), Recipe("micro-x", "f00d", build)
    first = store.ensure(recipe, [Package("a", "1")], ignore)
    assert store.ensure(recipe, [Package("a", "1")], ignore) == first
    assert len(built) == 1
    second = store.ensure(recipe, [Package("a", "2")], ignore)
    assert second.folder != first.folder and not first.folder.exists()
    with second.in_use():
        third = store.ensure(recipe, [Package("a", "3")], ignore)
        assert second.folder.exists()
    assert store.newest(recipe) in (second, third)


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def build(folder: Path, packages: object, progress: object) -> dict[str, str]:
        (folder / "half").write_text("x")
        raise HostFault("no", "hint")

    with pytest.raises(HostFault):
        Store(tmp_path).ensure(Recipe("m", "f", build), [], ignore)
    assert [path.name for path in tmp_path.iterdir()] == ["m.lock"]


def fake_kernel(folder: Path, modules: dict[str, str]) -> Path:
    (folder / "boot").mkdir()
    (folder / "boot/vmlinuz-6.1.0-1-amd64").touch()
    tree = folder / "lib/modules/6.1.0-1-amd64"
    (tree / "kernel").mkdir(parents=True)
    (tree / "modules.builtin").write_text("kernel/drivers/virtio/virtio_pci.ko\n")
    for name, depends in modules.items():
        (tree / f"kernel/{name}.ko").write_bytes(b"\x7fELF\0depends=" + depends.encode() + b"\0name=x\0")
    return folder


def bz_image(payload: bytes) -> bytes:
    head = bytearray(0x400)
    head[0x1F1] = 1
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<II", head, 0x248, 0, len(payload))
    return bytes(head) + payload


def test_the_scripts_of_the_guests_are_sound_shell() -> None:
    folder = Path(kernel_room.__file__).parent / "files"
    for name in ("micro-init", "micro-agent", "debian-init", "debian-setup"):
        assert subprocess.run(["sh", "-n", folder / name]).returncode == 0, name
