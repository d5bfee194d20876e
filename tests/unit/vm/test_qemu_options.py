"""What a QEMU is asked, and what its answers mean for a machine."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from burnlab.vm.argv import qemu_argv
from burnlab.vm.errors import HostFault
from burnlab.vm.places import Places
from burnlab.vm.qemu_options import DEVICES, OPTIONS, ask, complaints, lacking, parse_answers, questions
from burnlab.vm.spec import Accel, Hba, HostDrive, Kernel, VmSpec

DRIVE = HostDrive(Path("/dev/sr0"), 240)
SPEC = VmSpec("x", Accel.TCG, Kernel(Path("/k")), Path("/c"), Path("/l"), Path("/q"), recorders=(DRIVE,))
WHOLE = {device: [o.name for o in OPTIONS if o.device == device] for device in DEVICES}


def answers(devices: dict[str, list[str]]) -> str:
    """What a QEMU says that has these devices, with these properties."""
    lines: list[object] = [{"QMP": {"version": {}}}, {"return": {}}]
    for device in DEVICES:
        if device in devices:
            rows = [{"name": name, "type": "uint32"} for name in ["bus", *devices[device]]]
            lines.append({"return": rows, "id": device})
        else:
            lines.append({"id": device, "error": {"class": "DeviceNotFound", "desc": "no"}})
    lines.append({"event": "SHUTDOWN", "data": {}})
    return "\n".join([*map(json.dumps, lines), "qemu: noise", ""])


def said(spec: VmSpec) -> list[str]:
    return list(complaints(spec, qemu_argv(spec)))


def test_every_device_is_asked_for() -> None:
    asked = [json.loads(line) for line in questions().splitlines()]
    assert [line.get("id") for line in asked] == [None, *DEVICES, None]
    assert asked[0]["execute"] == "qmp_capabilities" and asked[-1]["execute"] == "quit"
    assert {option.device for option in OPTIONS} <= set(DEVICES)


def test_a_qemu_that_has_everything_lacks_nothing() -> None:
    assert lacking(parse_answers(answers(WHOLE))) == frozenset()
    assert said(SPEC) == []


def test_what_an_older_qemu_lacks_is_left_out_and_said() -> None:
    older = WHOLE | {"scsi-block": ["rerror"], "scsi-generic": []}
    missing = lacking(parse_answers(answers(older)))
    assert missing == {"scsi-block.io_timeout", "scsi-block.werror", "scsi-generic.io_timeout"}
    spec = replace(SPEC, lacking=missing)
    assert [line.partition(":")[0] for line in said(spec)] == [
        "this QEMU has no option scsi-block.io_timeout",
        "this QEMU has no option scsi-block.werror",
    ]
    assert "io_timeout" not in " ".join(qemu_argv(spec))


def test_a_device_that_is_missing_matters_only_to_a_machine_that_has_it() -> None:
    missing = lacking(parse_answers(answers({k: v for k, v in WHOLE.items() if k != "usb-uas"})))
    assert missing == {"usb-uas"}
    assert said(replace(SPEC, lacking=missing)) == []
    with pytest.raises(HostFault, match="no device usb-uas"):
        said(replace(SPEC, lacking=missing, hba=Hba.USB_UAS))


FAKE = """#!/bin/sh
echo asked >>{log}
cat <<'END'
{answers}
END
"""


def fake(folder: Path, text: str) -> Path:
    program = folder / "qemu"
    program.write_text(FAKE.format(log=folder / "log", answers=text))
    program.chmod(0o755)
    return program


def test_a_binary_is_asked_once_until_it_changes(tmp_path: Path) -> None:
    places = Places(tmp_path / "cache", tmp_path)
    program = fake(tmp_path, answers(WHOLE))
    assert ask(str(program), places) == ask(str(program), places) == frozenset()
    assert (tmp_path / "log").read_text() == "asked\n"
    fake(tmp_path, answers(WHOLE | {"scsi-generic": []}))
    assert ask(str(program), places) == {"scsi-generic.io_timeout"}
    (places.cache / "qemu-options.json").write_text("[1")
    assert ask(str(program), places) == {"scsi-generic.io_timeout"}


def test_a_binary_that_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(HostFault, match="can't be asked what it has: it said nothing"):
        ask(str(fake(tmp_path, "")), Places(tmp_path / "cache", tmp_path))
    with pytest.raises(HostFault, match="there is no qemu-of-nobody"):
        ask("qemu-of-nobody", Places(tmp_path / "cache", tmp_path))
