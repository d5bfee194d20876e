"""Hands drives of the host to a guest: looked at before QEMU runs, kept from everybody else while it does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from burnlab.vm import host_probe
from burnlab.vm.argv import PROGRAM, qemu_argv
from burnlab.vm.errors import HostFault
from burnlab.vm.host_drive import DriveFacts, Finding, NodeKind, Weight, findings
from burnlab.vm.places import Places
from burnlab.vm.qemu_options import ask, complaints
from burnlab.vm.spec import HostDrive, Recorder, VmSpec

Progress = Callable[[str], None]


def _look(node: str) -> DriveFacts:
    return host_probe.look_at(node)


def chosen_node(facts: DriveFacts, look: Callable[[str], DriveFacts] = _look) -> DriveFacts:
    """Return the node through which QEMU works a drive: the generic one where it may be used.

    Through the block node QEMU answers every command itself with "no medium" while there is none, INQUIRY
    included, and so doesn't even start with an empty tray.    Source: QEMU, block-backend.c, blk_co_do_ioctl.
    """
    if facts.kind is not NodeKind.BLOCK or not facts.sibling:
        return facts
    other = look(facts.sibling)
    is_usable = other.kind is NodeKind.GENERIC and other.may_use and not other.open_error
    return other if is_usable else facts


def as_unit(facts: DriveFacts) -> HostDrive:
    """Return a drive by its real name, with how much it takes at once."""
    return HostDrive(Path(facts.node), facts.limits.sectors)


def as_printed(unit: HostDrive, progress: Progress) -> Recorder:
    """Return a recorder of the host for a command line that is only shown; what would refuse is told."""
    facts = chosen_node(host_probe.look_at(str(unit.path)))
    for finding in findings(facts):
        progress(_line(finding))
    return as_unit(facts)


def check_drive(unit: HostDrive, progress: Progress) -> DriveFacts:
    """Find out about a drive of the host and tell what is worth knowing.

    Raises HostFault if a guest can't have it.
    """
    facts = host_probe.look_at(str(unit.path))
    check(facts, progress)
    return facts


def check(facts: DriveFacts, progress: Progress) -> None:
    """Tell what is worth knowing about a drive.

    Raises HostFault if a guest can't have it.
    """
    for finding in findings(facts):
        if finding.weight is Weight.REFUSES:
            raise HostFault(finding.message, finding.remedy)
        progress(_line(finding))


def _line(finding: Finding) -> str:
    return f"{finding.message}. {finding.remedy}" if finding.remedy else finding.message


@contextlib.contextmanager
def handed(units: Sequence[Recorder], progress: Progress) -> Iterator[tuple[tuple[Recorder, ...], list[int]]]:
    """Look at the drives of the host among recorders and keep them for a guest.

    Gives the recorders with their limits, and the file numbers that QEMU has to inherit: a drive is kept for
    as long as one process has its number. Raises HostFault.
    """
    kept: list[Recorder] = []
    with contextlib.ExitStack() as stack:
        handles = []
        nodes: set[str] = set()
        for unit in units:
            if not isinstance(unit, HostDrive):
                kept.append(unit)
                continue
            found = host_probe.look_at(str(unit.path))
            if nodes & {found.node, found.sibling}:
                raise HostFault(
                    f"{found.node} is named twice, or by both of its nodes", "Name each drive once."
                )
            nodes |= {found.node, found.sibling} - {""}
            node = chosen_node(found)
            check(node, progress)
            handles.append(stack.enter_context(host_probe.hold(found)))
            kept.append(as_unit(node))
        yield tuple(kept), handles


def fitted(spec: VmSpec, places: Places, progress: Progress) -> VmSpec:
    """Return the machine as this host's QEMU can have it, and say what it lacks.

    Raises HostFault if it lacks what the machine can't do without.
    """
    spec = replace(spec, lacking=ask(PROGRAM, places))
    for line in complaints(spec, qemu_argv(spec)):
        progress(line)
    return spec
