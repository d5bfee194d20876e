"""What tells a cloud image what to become: a NoCloud seed, an ISO image that is put into the virtual DVD-ROM.

The scenario's preparation is in it: the user in group cdrom, ssh by key, udev's rules and link, xorriso.
Source: cloud-init, "NoCloud" (volume id `cidata`; `meta-data`, `user-data` in the root), "Module reference".
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path

from burnlab.iso9660.image import write_image
from burnlab.iso9660.options import ImageOptions
from burnlab.vm.errors import BadRequest
from burnlab.vm.images.recipes import GUEST_USER

VOLUME_ID = b"cidata"
_RULES_FILE = "/etc/udev/rules.d/70-burnlab-recorder.rules"
RULES = (
    'SUBSYSTEM=="block", KERNEL=="sr[0-9]*", GROUP="cdrom", MODE="0660"',
    'SUBSYSTEM=="scsi_generic", ATTRS{type}=="5", GROUP="cdrom", MODE="0660"',
    'SUBSYSTEM=="block", KERNEL=="sr[0-9]*", KERNELS=="[0-9]*:0:0:0", SYMLINK+="dvdrom"',
    'SUBSYSTEM=="block", KERNEL=="sr[0-9]*", KERNELS=="[0-9]*:0:1:0|[0-9]*:0:0:1", SYMLINK+="recorder"',
)
"""The rules of the debian guest."""
PACKAGES = ("xorriso", "eject")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_KEY = re.compile(r"(ssh|ecdsa|sk)-[\w@.-]+ [A-Za-z0-9+/=]+( [^\n]*)?")


@dataclass(frozen=True, slots=True)
class CloudSeed:
    """What a guest shall be like. `public_key` is a line as in authorized_keys. Raises BadRequest."""

    public_key: str
    user: str = GUEST_USER
    hostname: str = "burnlab"
    packages: tuple[str, ...] = PACKAGES

    def __post_init__(self) -> None:
        for what, name in (("user", self.user), ("host", self.hostname)):
            if not _NAME.fullmatch(name):
                raise BadRequest(
                    f"'{name}' can't be the name of a {what}",
                    "Use small letters, digits and dashes, a letter first.",
                )
        if not _KEY.fullmatch(self.public_key):
            raise BadRequest(
                "that is no public ssh key",
                "Name the file that ends with .pub; make one: ssh-keygen -t ed25519",
            )

    def files(self) -> dict[str, bytes]:
        """The files of the seed. JSON is YAML, so nothing has to be quoted in YAML's ways."""
        config = {
            "hostname": self.hostname,
            "ssh_pwauth": False,
            "disable_root": False,
            "users": [
                {
                    "name": self.user,
                    "groups": ["cdrom"],
                    "shell": "/bin/bash",
                    "lock_passwd": True,
                    "ssh_authorized_keys": [self.public_key],
                },
                {"name": "root", "ssh_authorized_keys": [self.public_key]},
            ],
            "write_files": [
                {"path": _RULES_FILE, "content": "".join(f"{rule}\n" for rule in RULES)},
                {"path": "/etc/modules-load.d/burnlab.conf", "content": "sr_mod\nsg\n"},
            ],
            "package_update": True,
            "packages": list(self.packages),
            "runcmd": [
                ["modprobe", "-a", "sr_mod", "sg"],
                ["udevadm", "control", "--reload"],
                ["udevadm", "trigger", "--subsystem-match=block", "--subsystem-match=scsi_generic"],
            ],
        }
        user_data = b"#cloud-config\n" + json.dumps(config, indent=1).encode() + b"\n"
        # A new instance id makes cloud-init work again on an image that has been started before.
        instance = hashlib.sha256(user_data).hexdigest()[:16]
        meta = {"instance-id": f"burnlab-{instance}", "local-hostname": self.hostname}
        return {"meta-data": json.dumps(meta, indent=1).encode() + b"\n", "user-data": user_data}


def write_seed(seed: CloudSeed, folder: Path, image: Path) -> None:
    """Write the seed's files into an empty folder, and the image of them. Raises OSError."""
    for name, content in seed.files().items():
        (folder / name).write_bytes(content)
    options = ImageOptions(now=int(time.time()), volume_id=VOLUME_ID, joliet=True)
    write_image(str(folder), str(image), options, head=False)
