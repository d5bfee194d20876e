"""Text keys and how they are negotiated, as a table.    Source: RFC 7143, 6 and 13.

A key has a kind (who decides), bounds, a default that holds when nobody speaks of it, what this target
offers, and the stages in which it may be used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto

IRRELEVANT = "Irrelevant"
NONE = "None"
NOT_UNDERSTOOD = "NotUnderstood"
REJECT = "Reject"

SECURITY, OPERATIONAL, FULL_FEATURE = 1, 2, 4
"""Stages of a connection, as bits: where a key may be used."""
LOGIN = SECURITY | OPERATIONAL
ALL = LOGIN | FULL_FEATURE

MAX_NAME_BYTES = 63
MAX_VALUE_BYTES = 8192
_MAX_NUMBER_DIGITS = 20


class TextError(Exception):
    """The text is no list of key=value pairs."""


class Kind(Enum):
    """How a value comes about.    Source: RFC 7143, 6.2."""

    LIST = auto()
    """The initiator lists values, its favourite first; the first that the target offers is taken."""
    MINIMUM = auto()
    MAXIMUM = auto()
    AND = auto()
    OR = auto()
    NUMBER = auto()
    """A number that its sender declares: no answer."""
    TEXT = auto()
    """A text that its sender declares: no answer."""
    OBSOLETE = auto()
    """Answered as RFC 7143, 13.25 wants, and without effect."""


@dataclass(frozen=True, slots=True)
class Key:
    """One row of the table. `ours` is what this target offers, None where it depends on the configuration."""

    kind: Kind
    default: str
    ours: str = ""
    low: int = 0
    high: int = 0
    stages: int = OPERATIONAL
    normal_only: bool = True
    """Has no meaning in a discovery session."""


_SEGMENT = (512, 0xFFFFFF)

# fmt: off
KEYS: dict[str, Key] = {
    "HeaderDigest":             Key(Kind.LIST, NONE, "CRC32C,None", normal_only=False),
    "DataDigest":               Key(Kind.LIST, NONE, "CRC32C,None", normal_only=False),
    "TaskReporting":            Key(Kind.LIST, "RFC3720", "RFC3720"),
    "iSCSIProtocolLevel":       Key(Kind.MINIMUM, "1", "1", 0, 31),
    "MaxConnections":           Key(Kind.MINIMUM, "1", "1", 1, 0xFFFF),
    "InitialR2T":               Key(Kind.OR, "Yes", "No"),
    "ImmediateData":            Key(Kind.AND, "Yes", "Yes"),
    "MaxBurstLength":           Key(Kind.MINIMUM, "262144", "16776192", *_SEGMENT),
    "FirstBurstLength":         Key(Kind.MINIMUM, "65536", "262144", *_SEGMENT),
    "DefaultTime2Wait":         Key(Kind.MAXIMUM, "2", "0", 0, 3600, normal_only=False),
    "DefaultTime2Retain":       Key(Kind.MINIMUM, "20", "0", 0, 3600, normal_only=False),
    "MaxOutstandingR2T":        Key(Kind.MINIMUM, "1", "8", 1, 0xFFFF),
    "DataPDUInOrder":           Key(Kind.OR, "Yes", "Yes"),
    "DataSequenceInOrder":      Key(Kind.OR, "Yes", "Yes"),
    "ErrorRecoveryLevel":       Key(Kind.MINIMUM, "0", "0", 0, 2, normal_only=False),
    "MaxRecvDataSegmentLength": Key(Kind.NUMBER, "8192", "", *_SEGMENT, stages=OPERATIONAL | FULL_FEATURE,
                                    normal_only=False),
    "InitiatorName":            Key(Kind.TEXT, "", stages=LOGIN, normal_only=False),
    "InitiatorAlias":           Key(Kind.TEXT, "", stages=ALL, normal_only=False),
    "TargetName":               Key(Kind.TEXT, "", stages=LOGIN, normal_only=False),
    "SessionType":              Key(Kind.TEXT, "Normal", stages=LOGIN, normal_only=False),
    "IFMarker":                 Key(Kind.OBSOLETE, "No", "No", normal_only=False),
    "OFMarker":                 Key(Kind.OBSOLETE, "No", "No", normal_only=False),
    "IFMarkInt":                Key(Kind.OBSOLETE, REJECT, REJECT, normal_only=False),
    "OFMarkInt":                Key(Kind.OBSOLETE, REJECT, REJECT, normal_only=False),
}
# fmt: on
"""Every key that is negotiated or declared, except AuthMethod, the CHAP keys and SendTargets."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a key came to: the answer to send (None: a declaration has none) and the value that holds now."""

    answer: str | None
    value: str | None = None


_REJECTED = Outcome(REJECT)


def number(text: str) -> int | None:
    """A number written in decimal or (0x) hexadecimal; None if it is none.    Source: RFC 7143, 6.1."""
    base, digits = (16, text[2:]) if text[:2] in ("0x", "0X") else (10, text)
    alphabet = "0123456789abcdefABCDEF" if base == 16 else "0123456789"
    if not digits or len(digits) > _MAX_NUMBER_DIGITS or digits.strip(alphabet):
        return None
    return int(digits, base)


def _number_in_bounds(key: Key, offer: str) -> int | None:
    value = number(offer)
    return value if value is not None and key.low <= value <= key.high else None


def _choose(key: Key, offer: str) -> Outcome:
    ours = key.ours.split(",")
    chosen = next((value for value in offer.split(",") if value in ours), None)
    return Outcome(chosen, chosen) if chosen else _REJECTED


def _numeric(decide: Callable[[int, int], int]) -> Callable[[Key, str], Outcome]:
    def outcome(key: Key, offer: str) -> Outcome:
        value = _number_in_bounds(key, offer)
        if value is None:
            return _REJECTED
        result = str(decide(value, int(key.ours)))
        return Outcome(result, result)

    return outcome


def _boolean(decide: Callable[[Iterable[bool]], bool]) -> Callable[[Key, str], Outcome]:
    def outcome(key: Key, offer: str) -> Outcome:
        if offer not in ("Yes", "No"):
            return _REJECTED
        result = "Yes" if decide(value == "Yes" for value in (offer, key.ours)) else "No"
        return Outcome(result, result)

    return outcome


def _declared_number(key: Key, offer: str) -> Outcome:
    value = _number_in_bounds(key, offer)
    return Outcome(None, str(value)) if value is not None else _REJECTED


_RULES: dict[Kind, Callable[[Key, str], Outcome]] = {
    Kind.LIST: _choose,
    Kind.MINIMUM: _numeric(min),
    Kind.MAXIMUM: _numeric(max),
    Kind.AND: _boolean(all),
    Kind.OR: _boolean(any),
    Kind.NUMBER: _declared_number,
    Kind.TEXT: lambda _key, offer: Outcome(None, offer),
    Kind.OBSOLETE: lambda key, _offer: Outcome(key.ours),
}


def negotiate(name: str, offer: str, stage: int, *, discovery: bool = False) -> Outcome:
    """Answer one key that an initiator offers in a stage.    Source: RFC 7143, 6.2 and 13."""
    key = KEYS.get(name)
    if key is None:
        return Outcome(NOT_UNDERSTOOD)
    if not key.stages & stage:
        return _REJECTED
    if discovery and key.normal_only:
        return Outcome(IRRELEVANT)
    if offer in (REJECT, IRRELEVANT, NOT_UNDERSTOOD):
        return Outcome(None)
    return _RULES[key.kind](key, offer)


class KeyRefused(Exception):
    """The target's answer to a key doesn't fit what was offered."""


def _check_number(fits: Callable[[int, int], bool]) -> Callable[[Key, str, str], bool]:
    def check(key: Key, offer: str, answer: str) -> bool:
        value = _number_in_bounds(key, answer)
        return value is not None and fits(value, int(offer))

    return check


_CHECKS: dict[Kind, Callable[[Key, str, str], bool]] = {
    Kind.LIST: lambda _key, offer, answer: answer in offer.split(","),
    Kind.MINIMUM: _check_number(int.__le__),
    Kind.MAXIMUM: _check_number(int.__ge__),
    Kind.AND: lambda _key, offer, answer: answer == "No" or answer == offer == "Yes",
    Kind.OR: lambda _key, offer, answer: answer == "Yes" or answer == offer == "No",
    Kind.NUMBER: lambda key, _offer, answer: _number_in_bounds(key, answer) is not None,
    Kind.TEXT: lambda _key, _offer, _answer: True,
    Kind.OBSOLETE: lambda _key, _offer, _answer: True,
}


def conclude(name: str, offer: str, answer: str) -> str:
    """The value that holds after a target's answer to what an initiator offered, numbers in decimal.

    An answer that settles nothing leaves the default.    Source: RFC 7143, 6.2.

    Raises:
        KeyRefused: the answer is outside of what was offered.
    """
    key = KEYS[name]
    if answer in (REJECT, IRRELEVANT, NOT_UNDERSTOOD):
        if key.kind is Kind.LIST and key.default not in offer.split(","):
            raise KeyRefused(f"the target doesn't agree to {name}={offer}")
        return key.default
    if not _CHECKS[key.kind](key, offer, answer):
        raise KeyRefused(f"the target answers {name}={answer} to {offer}")
    value = number(answer)
    return answer if value is None or key.kind is Kind.TEXT else str(value)


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a connection's login came to; lengths in bytes.    Source: RFC 7143, 13."""

    header_digest: bool = False
    data_digest: bool = False
    initial_r2t: bool = True
    immediate_data: bool = True
    max_send_bytes: int = 8192
    """The longest data segment that the peer takes."""
    max_burst_bytes: int = 262144
    first_burst_bytes: int = 65536
    max_outstanding_r2t: int = 1

    @classmethod
    def from_values(cls, values: dict[str, str]) -> Parameters:
        """From what was agreed; a key that nobody spoke of has its default."""
        agreed = {name: key.default for name, key in KEYS.items()} | values
        max_burst = int(agreed["MaxBurstLength"])
        return cls(
            header_digest=agreed["HeaderDigest"] == "CRC32C",
            data_digest=agreed["DataDigest"] == "CRC32C",
            initial_r2t=agreed["InitialR2T"] == "Yes",
            immediate_data=agreed["ImmediateData"] == "Yes",
            max_send_bytes=int(agreed["MaxRecvDataSegmentLength"]),
            max_burst_bytes=max_burst,
            first_burst_bytes=min(int(agreed["FirstBurstLength"]), max_burst),
            max_outstanding_r2t=int(agreed["MaxOutstandingR2T"]),
        )


def decode_text(data: bytes) -> list[tuple[str, str]]:
    """key=value pairs, each ended by a NUL (the last one's may be missing).    Source: RFC 7143, 6.1.

    Raises:
        TextError: no UTF-8, no "=", or a name or value of a forbidden length.
    """
    pairs = []
    for item in data.split(b"\0"):
        if not item:
            continue
        name, equals, value = item.partition(b"=")
        if not equals or not 0 < len(name) <= MAX_NAME_BYTES or len(value) > MAX_VALUE_BYTES:
            raise TextError("the text holds something that is no key=value pair")
        try:
            pairs.append((name.decode(), value.decode()))
        except UnicodeDecodeError as error:
            raise TextError("the text is no UTF-8") from error
    return pairs


def encode_text(pairs: Iterable[tuple[str, str]]) -> bytes:
    """The reverse of `decode_text`."""
    return b"".join(f"{name}={value}\0".encode() for name, value in pairs)
