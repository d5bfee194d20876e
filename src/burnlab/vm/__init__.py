"""Guests in QEMU: built from Debian packages, started with a recorder, and given commands.

Rule 1: the command line is a pure function of a `VmSpec`; what runs is a `Machine`.
Rule 2: a recorder is an address here. Who serves it, and what a disc is, other rooms know.
Rule 3: two guests, one way to use them: `micro_guest` (seconds, for tests), `debian_guest` (ssh, for people),
both with `run(command) -> CommandResult`.
"""

from burnlab.vm.command import CommandResult, Guest
from burnlab.vm.errors import BadRequest, CommandTimeout, GuestSilent, HostFault, LaunchFailure, VmError
from burnlab.vm.guest import MicroGuest, micro_guest
from burnlab.vm.named import DebianGuest, debian_guest
from burnlab.vm.places import Places
from burnlab.vm.spec import Chap, Hba, HostDrive, IscsiAddress, IscsiRecorder, Share, VmSpec

__all__ = [
    "BadRequest",
    "Chap",
    "CommandResult",
    "CommandTimeout",
    "DebianGuest",
    "Guest",
    "GuestSilent",
    "Hba",
    "HostDrive",
    "HostFault",
    "IscsiAddress",
    "IscsiRecorder",
    "LaunchFailure",
    "MicroGuest",
    "Places",
    "Share",
    "VmError",
    "VmSpec",
    "debian_guest",
    "micro_guest",
]
