"""Versions, and what a command leaves behind."""

from __future__ import annotations

import pytest

from burnlab.vm.command import CommandResult, OnLine, check_xorriso, parse_xorriso_version
from burnlab.vm.errors import VmError

VERSION = """xorriso 1.5.4
xorriso version   :  1.5.4
Version timestamp :  2021.01.30.150001
"""


class Fake:
    """A guest whose xorriso says what it is told to."""

    def __init__(self, text: str) -> None:
        self.text = text

    def run(self, command: str, *, timeout: float = 60, on_line: OnLine | None = None) -> CommandResult:
        return CommandResult(command, 0, self.text.encode(), b"", 0.1)


def test_the_version_is_read() -> None:
    assert parse_xorriso_version(VERSION) == (1, 5, 4)
    assert check_xorriso(Fake(VERSION), (1, 1, 8)) == "1.5.4"


@pytest.mark.parametrize("version", ["1.1.6", "0.9", "1.1.7.5"])
def test_an_old_xorriso_is_refused(version: str) -> None:
    with pytest.raises(VmError, match=version):
        check_xorriso(Fake(f"xorriso version   :  {version}\n"), (1, 1, 8))


def test_no_version_is_no_xorriso() -> None:
    with pytest.raises(VmError):
        parse_xorriso_version("sh: xorriso: not found")


def test_output_that_is_no_text_survives() -> None:
    result = CommandResult("x", 0, b"\xff\x00ok", b"", 0.0)
    assert result.stdout.encode(errors="surrogateescape") == b"\xff\x00ok"
