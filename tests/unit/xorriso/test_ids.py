"""Commands that set texts and dates of the volume descriptor."""

from __future__ import annotations

import pytest

from burnlab.xorriso.program import Program
from burnlab.xorriso.writing import image_options
from support.burn_program import World


def after(*words: str) -> tuple[World, Program]:
    """A program with an empty image after some commands."""
    world = World()
    program = world.program()
    program.volume.begin_empty(0)
    program.run_words(words)
    return world, program


def test_texts_get_into_the_image() -> None:
    words = (
        "-volid VOL -volset_id SET -publisher PUB -preparer_id PREP -application_id APP -system_id SYS "
        "-copyright_file C -abstract_file A -biblio_file B"
    )
    _, program = after(*words.split())
    options = image_options(program)
    assert (options.volume_id, options.volume_set_id, options.publisher) == (b"VOL", b"SET", b"PUB")
    assert (options.preparer, options.application_id, options.system_id) == (b"PREP", b"APP", b"SYS")
    assert (options.copyright_file, options.abstract_file, options.biblio_file) == (b"C", b"A", b"B")
    assert program.volume.is_changed


def test_ids_without_an_image_leave_nothing_pending() -> None:
    world = World()
    program = world.program()
    program.run_words(["-publisher", "X", "-volid", "Y"])
    assert not program.volume.is_changed
    assert program.volume.volume_id == "Y"


def test_an_empty_volume_id_is_the_usual_one() -> None:
    _, program = after("-volid", "X", "-volid", "")
    assert (program.volume.volume_id, program.volume.volume_id_is_set) == ("ISOIMAGE", False)


def test_bytes_that_are_no_utf8_survive() -> None:
    _, program = after("-volid", "\udcff\udcfe")
    assert image_options(program).volume_id == b"\xff\xfe"


COMPLAINTS = {
    "-volid 'a b'": ["problematic as automatic mount point name", "does not comply to ISO 9660"],
    "-volid lower": ["does not comply to ISO 9660"],
    "-joliet on -volid 12345678901234567": ["-volid text is too long for Joliet (17 > 16)"],
    "-copyright_file 12345678901234567890123456789012345678": ["option -copyright_file (38 > 37)"],
    "-system_id 123456789012345678901234567890123": ["option -system_id (33 > 32)"],
    "-volume_date c bogus": ["-volume_date: Cannot decode timestring 'bogus'"],
}


@pytest.mark.parametrize("words", COMPLAINTS)
def test_complaints(words: str) -> None:
    import shlex

    world, _ = after(*shlex.split(words))
    for text in COMPLAINTS[words]:
        assert text in world.err


def test_application_use() -> None:
    assert after("-application_use", "x")[1].volume.ids.application_use == b"x" * 512
    assert after("-application_use", "0x41")[1].volume.ids.application_use == b"A" * 512
    assert after("-application_use", "")[1].volume.ids.application_use == bytes(512)


def test_dates() -> None:
    words = "-volume_date c =100 -volume_date m =200 -volume_date x =300 -volume_date f =400"
    options = image_options(after(*words.split())[1])
    assert (options.creation, options.modification, options.expiration, options.effective) == (
        100,
        200,
        300,
        400,
    )
    options = image_options(after("-volume_date", "uuid", "2020010203040506")[1])
    assert options.uuid == "2020010203040506"
    assert image_options(after("-volume_date", "all_file_dates", "set_to_mtime")[1]).times_are_mtime
