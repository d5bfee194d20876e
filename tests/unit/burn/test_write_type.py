"""Whether a medium can be written by a write type that was named, and what is said if it can't."""

from __future__ import annotations

import pytest

from burnlab.burn.drive import Access, DriveError, Medium, Status, WriteRequest
from burnlab.burn.write_type import no_write_type, reasons_against, refuse_named

BLANK_DVD = Medium(Status.BLANK, Access.SEQUENTIAL, closes_at_once=True)
SINGLE_DVD = Medium(Status.BLANK, Access.SEQUENTIAL, closes_at_once=True, needs_close=True)
BLANK_PLUS = Medium(Status.BLANK, Access.SEQUENTIAL, can_simulate=False)
APPENDABLE = Medium(Status.APPENDABLE, Access.SEQUENTIAL)
OVERWRITABLE = Medium(Status.APPENDABLE, Access.OVERWRITABLE, can_simulate=False)


def request(mode: str, *, blocks: int | None = 100, close: bool = False, dummy: bool = False) -> WriteRequest:
    return WriteRequest(0, blocks, close=close, mode=mode, dummy=dummy)


@pytest.mark.parametrize(
    ("medium", "wish", "reason"),
    [
        (BLANK_DVD, request("sao", close=True), ""),
        (BLANK_DVD, request("sao"), "multi session capability lacking, "),
        (BLANK_DVD, request("sao", close=True, blocks=None), "track size unpredictable, "),
        (BLANK_DVD, request("tao"), ""),
        (SINGLE_DVD, request("tao", close=True), "no TAO offered by drive and media, "),
        (BLANK_PLUS, request("sao"), ""),
        (
            BLANK_PLUS,
            request("sao", dummy=True),
            "simulation of write job not supported by drive and media, ",
        ),
        (APPENDABLE, request("sao"), "write type SAO works only on blank media, "),
        (APPENDABLE, request("tao", dummy=True), ""),
        (OVERWRITABLE, request("sao", blocks=None), ""),
        (APPENDABLE, request("auto", blocks=None), ""),
        (OVERWRITABLE, request("auto", dummy=True), ""),
    ],
)
def test_reasons(medium: Medium, wish: WriteRequest, reason: str) -> None:
    assert reasons_against(medium, wish) == reason
    if not reason:
        refuse_named(medium, wish)
        return
    with pytest.raises(DriveError) as caught:
        refuse_named(medium, wish)
    unsuitable, why = caught.value.events
    assert unsuitable == ("SORRY", "Write job parameters are unsuitable", "libburn")
    mode = wish.mode.upper()
    assert why.text == f"Cannot set write type {mode} for this medium.Reasons given:\n   {mode}: {reason}"
    assert (why.severity, why.origin) == ("FAILURE", "libisoburn")


def test_none_that_would_do() -> None:
    events = no_write_type(SINGLE_DVD, request("auto")).events
    assert events[0].text == "Drive offers no suitable write mode with this job"
    assert events[1].text == (
        "Failed to find a suitable write type:\n"
        "SAO: multi session capability lacking, \nTAO: no TAO offered by drive and media, "
    )
    simulated = no_write_type(OVERWRITABLE, request("auto", dummy=True)).events[1].text
    assert simulated.endswith("SAO: TAO: simulation of write job not supported by drive and media, ")
