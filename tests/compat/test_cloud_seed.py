"""The seed for cloud images: what foreign programs read in it, and what it says."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from burnlab.vm.cloud_seed import RULES, CloudSeed, write_seed
from burnlab.vm.errors import BadRequest
from support.served import burnlab

pytestmark = pytest.mark.compat

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6MDEy ann@home"
SEED = CloudSeed(KEY)


def config(seed: CloudSeed) -> dict[str, object]:
    """What cloud-init is told."""
    head, _, text = seed.files()["user-data"].decode().partition("\n")
    assert head == "#cloud-config"
    loaded: dict[str, object] = json.loads(text)
    return loaded


@pytest.fixture
def image(tmp_path: Path) -> Path:
    key = tmp_path / "key.pub"
    key.write_text(KEY + "\n")
    made = burnlab("vm", "seed", tmp_path / "seed.iso", "--public-key", key, "--package", "strace")
    assert made.returncode == 0, made.stderr
    return tmp_path / "seed.iso"


def test_foreign_readers_find_the_files(image: Path) -> None:
    """By the names that cloud-init asks for, in Rock Ridge and Joliet, on a volume that it looks for."""
    expected = replace(SEED, packages=(*SEED.packages, "strace")).files()
    for program in ("isoinfo", "blkid"):
        if not shutil.which(program):
            pytest.skip(f"{program} isn't here: apt-get install genisoimage util-linux")
    head = subprocess.run(["isoinfo", "-d", "-i", image], capture_output=True, text=True, check=True).stdout
    assert "Volume id: cidata\n" in head
    label = subprocess.run(
        ["blkid", "-p", "-o", "value", "-s", "LABEL", image], capture_output=True, text=True
    )
    assert label.stdout == "cidata\n"
    for tree in ("-R", "-J"):
        for name, content in expected.items():
            words = ["isoinfo", tree, "-i", image, "-x", f"/{name}"]
            assert subprocess.run(words, capture_output=True, check=True).stdout == content


def test_the_preparation() -> None:
    told = config(SEED)
    user, root = told["users"]
    assert user["name"] == "burner" and user["groups"] == ["cdrom"]
    assert user["ssh_authorized_keys"] == root["ssh_authorized_keys"] == [KEY]
    assert "xorriso" in told["packages"] and told["ssh_pwauth"] is False
    setup = resources.files("burnlab.vm.images").joinpath("files", "debian-setup").read_text()
    assert told["write_files"][0]["content"] == "".join(f"{rule}\n" for rule in RULES)
    assert all(rule in setup for rule in RULES), "the debian guest has the same rules"


def test_a_changed_seed_is_another_instance() -> None:
    names = {
        json.loads(seed.files()["meta-data"])["instance-id"]
        for seed in (SEED, replace(SEED, packages=("xorriso",)), CloudSeed(KEY))
    }
    assert len(names) == 2


@pytest.mark.parametrize(
    "change", [{"user": "Ann: x"}, {"hostname": ""}, {"public_key": "-----BEGIN OPENSSH PRIVATE KEY-----"}]
)
def test_what_cant_be_meant(change: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        replace(SEED, **change)


def test_no_key_and_no_room(tmp_path: Path) -> None:
    none = burnlab("vm", "seed", tmp_path / "seed.iso", "--public-key", tmp_path / "none.pub")
    assert none.returncode == 2 and "ssh-keygen" in none.stderr
    (tmp_path / "key.pub").write_text(KEY)
    where = tmp_path / "missing" / "seed.iso"
    nowhere = burnlab("vm", "seed", where, "--public-key", tmp_path / "key.pub")
    assert nowhere.returncode == 2 and str(where) in nowhere.stderr


def test_write_seed(tmp_path: Path) -> None:
    write_seed(SEED, tmp_path, tmp_path.parent / "other.iso")
    assert (tmp_path / "meta-data").exists()
