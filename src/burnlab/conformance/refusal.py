"""What a refused command must say: sense keys and additional sense codes, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from burnlab.scsi.sense import Asc, SenseData, SenseKey

_MEANINGS: Final = {asc.value: asc.name.lower().replace("_", " ") for asc in Asc}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sense key, and an additional sense code with its qualifier; None stands for any of them."""

    key: int
    asc: int | None = None
    ascq: int | None = None

    @classmethod
    def of(cls, key: SenseKey, asc: Asc) -> Refusal:
        """One by the standard's names."""
        return cls(key, asc.code, asc.qualifier)

    def matches(self, sense: SenseData) -> bool:
        """Whether sense data are of this kind."""
        return (
            sense.key == self.key
            and self.asc in (None, sense.asc)
            and (self.asc is None or self.ascq in (None, sense.ascq))
        )

    def __str__(self) -> str:
        asc, ascq = ("xx" if code is None else f"{code:02X}" for code in (self.asc, self.ascq))
        return f"{self.key:X}/{asc}/{ascq}"


def in_words(sense: SenseData) -> str:
    """Sense data with their meaning, as far as it is known."""
    meaning = _MEANINGS.get((sense.asc, sense.ascq))
    progress = f", progress {sense.progress}" if sense.progress is not None else ""
    return f"{sense}{f' ({meaning})' if meaning else ''}{progress}"


def illegal(asc: Asc) -> Refusal:
    """An illegal request of this kind."""
    return Refusal.of(SenseKey.ILLEGAL_REQUEST, asc)


NO_MEDIUM: Final = Refusal(SenseKey.NOT_READY, Asc.MEDIUM_NOT_PRESENT.code)
BUSY: Final = Refusal(SenseKey.NOT_READY, Asc.BECOMING_READY.code)
"""Becoming ready, or at work: any qualifier."""
MEDIUM_CHANGED: Final = Refusal(SenseKey.UNIT_ATTENTION, Asc.MEDIUM_MAY_HAVE_CHANGED.code)

INVALID_OPCODE: Final = illegal(Asc.INVALID_OPCODE)
INVALID_FIELD: Final = illegal(Asc.INVALID_FIELD_IN_CDB)
INVALID_PARAMETER: Final = Refusal(SenseKey.ILLEGAL_REQUEST, Asc.INVALID_FIELD_IN_PARAMETER_LIST.code)
LIST_LENGTH: Final = illegal(Asc.PARAMETER_LIST_LENGTH_ERROR)
SAVING: Final = illegal(Asc.SAVING_PARAMETERS_NOT_SUPPORTED)
OUT_OF_RANGE: Final = illegal(Asc.LBA_OUT_OF_RANGE)
NOT_AT_NEXT: Final = illegal(Asc.INVALID_ADDRESS_FOR_WRITE)
END_OF_AREA: Final = illegal(Asc.END_OF_USER_AREA)
PACKET_SIZE: Final = illegal(Asc.INVALID_PACKET_SIZE)
WRONG_MODE: Final = illegal(Asc.ILLEGAL_MODE_FOR_THIS_TRACK)
SEQUENCE: Final = illegal(Asc.COMMAND_SEQUENCE_ERROR)
MEDIUM: Final = Refusal(SenseKey.ILLEGAL_REQUEST, Asc.INCOMPATIBLE_MEDIUM.code)
"""The medium isn't of the kind, whatever the qualifier."""
PROTECTED: Final = Refusal(SenseKey.DATA_PROTECT, Asc.WRITE_PROTECTED.code)
SESSION: Final = Refusal(SenseKey.ILLEGAL_REQUEST, Asc.SESSION_FIXATION_ERROR.code)
"""About tracks and sessions, whatever the qualifier."""
REMOVAL_PREVENTED: Final = illegal(Asc.MEDIUM_REMOVAL_PREVENTED)
UNREADABLE: Final = (
    OUT_OF_RANGE,
    WRONG_MODE,
    Refusal(SenseKey.MEDIUM_ERROR),
    Refusal(SenseKey.BLANK_CHECK),
)
"""What a block that was never recorded may be answered with."""
MISCOMPARE: Final = Refusal(SenseKey.MISCOMPARE, Asc.MISCOMPARE_DURING_VERIFY.code)
