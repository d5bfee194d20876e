"""The table of commands: complete, consistent with its handlers, and told in the coverage document."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from burnlab.xorriso.command import OPEN, Command
from burnlab.xorriso.coverage import coverage_document
from burnlab.xorriso.table import BY_NAME, COMMANDS, OWN_COMMANDS, handler_of

DOCUMENT = Path(__file__).parents[3] / "docs" / "xorriso-coverage.md"

BUILT = """
    abort_on acl add alter_date alter_date_r blank cd cdx changes_pending check_md5 check_md5_r check_media
    chgrp chgrp_r chmod chmod_r chown chown_r close commit commit_eject compare_r cpx dev devices dialog
    disk_pattern du dummy eject end extract find follow for_backup format hardlinks help indev iso_rr_pattern
    joliet list_delimiter list_formats list_profiles list_speeds lns load ls lsd lsdl lsl map map_l md5 mkdir
    mv not_leaf not_paths options_from_file osirrox outdev overwrite pacifier padding pathspecs pkt_output
    print print_size publisher pvd_info pwd report_about return_with rm rm_r rollback rollback_end speed
    status history stream_recording tell_media_space toc update_r version volid volume_date xattr
    """.split()  # noqa: SIM905
"""Commands that must never get lost again."""


def test_all_commands_are_there() -> None:
    assert len(COMMANDS) == 234
    assert len({command.name for command in COMMANDS}) == 234
    assert [command.rank for command in COMMANDS] == list(range(1, 235))


def test_names_are_unique() -> None:
    names = [name for command in (*COMMANDS, *OWN_COMMANDS) for name in (command.name, *command.aliases)]
    assert len(names) == len(set(names)) == len(BY_NAME)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_rows(command: Command) -> None:
    assert command.arity == OPEN or 0 <= command.arity <= 4
    assert command.summary[0].isupper()
    assert not command.summary.endswith(".")
    handler = handler_of(command)
    assert handler is None or len(inspect.signature(handler).parameters) == 2


@pytest.mark.parametrize("name", BUILT)
def test_built(name: str) -> None:
    assert handler_of(BY_NAME[name]) is not None


def test_own_commands_are_built() -> None:
    assert all(handler_of(command) for command in OWN_COMMANDS)


def test_the_coverage_document_is_up_to_date() -> None:
    wanted = coverage_document()
    assert DOCUMENT.read_text(encoding="utf-8") == wanted, "make docs"
