"""`burnlab doctor` on the host that runs the tests, whatever it has; and where a program is missing."""

from __future__ import annotations

import json
import os
from pathlib import Path

from support.served import burnlab


def rows(path: str | None = None) -> tuple[int, dict[str, dict[str, object]]]:
    """Exit value, and the checks by name; the program search path may be another one."""
    environ = os.environ | ({"PATH": path} if path is not None else {})
    done = burnlab("doctor", "--json", env=environ)
    assert "Traceback" not in done.stderr
    return done.returncode, {row["name"]: row for row in json.loads(done.stdout)}


def test_this_host() -> None:
    exit_value, found = rows()
    required = [row for row in found.values() if row["level"] == "required"]
    assert exit_value == (0 if all(row["ok"] for row in required) else 1)
    for row in found.values():
        assert set(row) == {"name", "ok", "detail", "needed_for", "level", "remedy", "advice"}
        assert row["ok"] or row["remedy"] or row["advice"], f"{row['name']}: nothing is said to mend it"
    shown = burnlab("doctor")
    assert shown.returncode == exit_value
    lines = [line.split() for line in shown.stdout.splitlines()]
    marks = {" ".join(words[1:]): words[0] for words in lines if words}
    for name, row in found.items():
        mark = next(mark for text, mark in marks.items() if text.startswith(name))
        assert mark == ("ok" if row["ok"] else "MISSING" if row in required else "no")


def test_a_host_without_qemu(tmp_path: Path) -> None:
    """Nothing on the search path: QEMU is missing, as everything else that isn't in the system's folders."""
    exit_value, found = rows(str(tmp_path))
    assert exit_value == 1
    assert found["qemu"]["ok"] is False
    assert found["qemu"]["remedy"] == "sudo apt-get install qemu-system-x86"
    assert "block-iscsi" not in found, "what QEMU lacks is nothing to ask where there is none"
