"""Answers in two steps: the length field announces all, and a short allocation cuts without an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from burnlab.conformance.bench import Bench, at_least, same
from burnlab.conformance.case import Chapter, Condition
from burnlab.conformance.conditions import a_medium, counts_bytes, is_bd, is_dvd, vital_product_data, written
from burnlab.scsi.commands import Inquiry, ModeSense6, ModeSense10, RequestSense
from burnlab.scsi.mmc import commands as mmc
from burnlab.scsi.record import Cdb

ALLOCATION: Final = Chapter("allocation-length", counts_bytes)

LONG: Final = 0xFFFE
SHORT: Final = 252


class Answer(NamedTuple):
    """A command with a length field: where that lies, its width, and the bytes that it doesn't count.

    `longest` is an allocation length that gets everything, or as much as one may.
    """

    name: str
    cdb: Cdb
    at: int
    width: int
    uncounted: int
    longest: int = LONG
    when: tuple[Condition, ...] = ()


_medium = (a_medium,)
_vpd = (vital_product_data,)

ANSWERS: Final = (
    Answer("inquiry", Inquiry(), 4, 1, 5, SHORT),
    Answer("inquiry-83h", Inquiry(evpd=True, page_code=0x83), 2, 2, 4, SHORT, _vpd),
    Answer("request-sense", RequestSense(), 7, 1, 8, SHORT),
    Answer("mode-sense-6", ModeSense6(dbd=True, page_code=0x2A), 0, 1, 1, SHORT),
    Answer("mode-sense-10", ModeSense10(dbd=True, page_code=0x3F), 0, 2, 2),
    Answer("get-configuration", mmc.GetConfiguration(), 0, 4, 4),
    Answer("get-configuration-current", mmc.GetConfiguration(rt=1), 0, 4, 4),
    Answer("get-configuration-one", mmc.GetConfiguration(rt=2, starting_feature=1), 0, 4, 4),
    Answer("read-disc-information", mmc.ReadDiscInformation(), 0, 2, 2, LONG, _medium),
    Answer(
        "read-track-information",
        mmc.ReadTrackInformation(address_type=1, address=1),
        0,
        2,
        2,
        LONG,
        _medium,
    ),
    Answer("read-format-capacities", mmc.ReadFormatCapacities(), 3, 1, 4, SHORT),
    Answer("read-toc", mmc.ReadTocPmaAtip(), 0, 2, 2, LONG, (written,)),
    Answer("read-toc-sessions", mmc.ReadTocPmaAtip(format=1), 0, 2, 2, LONG, (written,)),
    Answer("disc-structure-dvd", mmc.ReadDiscStructure(), 0, 2, 2, LONG, (is_dvd,)),
    Answer("disc-structure-bd", mmc.ReadDiscStructure(media_type=1), 0, 2, 2, LONG, (is_bd,)),
    Answer("read-buffer-capacity", mmc.ReadBufferCapacity(), 0, 2, 2, SHORT, _medium),
)


def _two_steps(answer: Answer) -> Callable[[Bench], None]:
    def ask(bench: Bench, length: int) -> bytes:
        return bench.good(replace(answer.cdb, allocation_length=length))  # type: ignore[call-arg]

    def announced(data: bytes) -> int:
        return int.from_bytes(data[answer.at : answer.at + answer.width], "big") + answer.uncounted

    def check(bench: Bench) -> None:
        whole = ask(bench, answer.longest)
        head = answer.at + answer.width
        at_least(whole, head)
        same("bytes, by the length field", min(announced(whole), answer.longest), len(whole))
        for length in (0, head, len(whole) - 1, len(whole)):
            same(f"answer to allocation length {length}", whole[:length], ask(bench, length))
        same("announced in a short answer", announced(whole), announced(ask(bench, head)))

    return check


for _answer in ANSWERS:
    _says = f"{_answer.cdb.NAME}: the length field counts everything, and a shorter answer is its beginning."
    ALLOCATION.add(
        _answer.name, f"SPC-4, 4.3; MMC-5, {_answer.cdb.NAME}", _says, _two_steps(_answer), *_answer.when
    )


CHAPTERS: Final = (ALLOCATION,)
