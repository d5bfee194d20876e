"""Option words of cdrecord become wishes, and a ready image becomes blocks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from burnlab.burn.drive import BLOCK
from burnlab.xorriso.cdrecord_words import Wishes, WordError, parse
from burnlab.xorriso.ready_image import ReadyImage, padded, zeros


def read(line: str) -> tuple[Wishes, list[str]]:
    said: list[str] = []
    return parse(line.split(), "cdrecord", lambda severity, text: said.append(f"{severity} {text}")), said


def test_what_a_burn_asks_for() -> None:
    wishes, said = read(
        "-v -v dev=/dev/sr1 speed=4 fs=8m -multi -sao padsize=10s blank=fast -eject image.iso"
    )
    assert (wishes.address, wishes.source, wishes.verbosity) == ("/dev/sr1", "image.iso", 2)
    assert wishes.settings == [("speed", "4"), ("fs", "8m"), ("padding", "10s")]
    assert (wishes.multi, wishes.write_type, wishes.blank, wishes.actions) == (True, "sao", "fast", {"eject"})
    assert not wishes.is_idle
    assert said == []


def test_dashes_do_not_count_and_the_last_drive_wins() -> None:
    wishes, _ = read("--dev=a -dev=b dev=c --toc -grow_overwriteable_iso")
    assert (wishes.address, wishes.actions, wishes.grows) == ("c", {"toc"}, True)


def test_standard_input_is_a_source() -> None:
    assert read("dev=x tsize=100s -")[0].source == "-"


def test_nothing_to_do_is_told_apart() -> None:
    assert read("dev=x -tao speed=2 -v")[0].is_idle
    assert not read("dev=x -msinfo")[0].is_idle


def test_words_that_only_tell_end_the_reading() -> None:
    assert read("blank=help -bogus")[0].exit == "blank"
    assert read("-version -bogus")[0].exit == "version"


def test_what_is_passed_over_is_said() -> None:
    _, said = read("gracetime=2 -overburn -mode2 -data driveropts=burnfree")
    assert said == [
        "NOTE -as cdrecord: Ignored option 'gracetime=2'",
        "NOTE -as cdrecord: Ignored option '-overburn'",
        "NOTE Defaulting option -mode2 to option -data",
    ]


@pytest.mark.parametrize(
    ("line", "text", "notes"),
    [
        ("-bogus", "-as cdrecord: Unknown option '-bogus'", ()),
        ("-audio x", "-as cdrecord: Option -audio not supported.", ()),
        ("-xa1 x", "-as cdrecord: Option -xa1 not supported.", ()),
        ("blank=foo", "-as cdrecord: blank='foo' not supported. See blank=help .", ()),
        ("a b", "-as cdrecord: Surplus track source 'b'", ("First and only track source is 'a'",)),
    ],
)
def test_what_cannot_be_taken(line: str, text: str, notes: tuple[str, ...]) -> None:
    with pytest.raises(WordError) as caught:
        read(line)
    assert (str(caught.value), caught.value.notes) == (text, notes)


def pieces(*sizes: int) -> Iterator[bytes]:
    return (b"x" * size for size in sizes)


def blocks_of(chunks: Iterator[bytes]) -> str:
    data = b"".join(chunks)
    assert len(data) % BLOCK == 0
    return "".join("x" if data[at] else "0" for at in range(0, len(data), BLOCK))


@pytest.mark.parametrize(
    ("sizes", "announced", "blocks", "fills", "written"),
    [
        ((3 * BLOCK,), 3 * BLOCK, 6, False, "xxx000"),
        ((100, BLOCK, 1), 1 * BLOCK + 101, 4, False, "xx00"),
        ((5 * BLOCK,), 2 * BLOCK, 4, False, "xxxx"),
        ((2 * BLOCK,), 5 * BLOCK, 8, False, "xx000"),
        ((2 * BLOCK,), 5 * BLOCK, 8, True, "xx000000"),
        ((2 * BLOCK, 5), None, None, False, "xxx000"),
        ((), None, None, False, "000"),
    ],
)
def test_the_blocks_of_a_track(
    sizes: tuple[int, ...], announced: int | None, blocks: int | None, fills: bool, written: str
) -> None:
    image = ReadyImage(pieces(*sizes), announced)
    assert blocks_of(padded(image, 3, blocks, fills=fills)) == written


def test_an_unreadable_source_is_remembered() -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * (BLOCK + 1)
        raise OSError(5, "Input/output error")

    image = ReadyImage(broken(), None)
    assert blocks_of(image.blocks()) == "xx"
    assert image.error is not None
    assert image.count == BLOCK + 1


def test_zeros_come_in_pieces() -> None:
    assert [len(piece) // BLOCK for piece in zeros(1100)] == [512, 512, 76]
    assert list(zeros(-3)) == []
