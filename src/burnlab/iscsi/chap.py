"""CHAP, one-way and mutual, from both ends.    Source: RFC 7143, 12.1.3; RFC 1994.

Secrets stay out of every message and repr, and digests are compared in constant time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from burnlab.iscsi.keys import number

ALGORITHMS = {"5": "md5", "6": "sha1", "7": "sha256"}
"""CHAP_A value → digest of hashlib."""
MAX_CHALLENGE_BYTES = 1024
_CHALLENGE_BYTES = 16


class ChapError(Exception):
    """The peer didn't prove who it is. The message never holds a secret."""


@dataclass(frozen=True, slots=True)
class ChapAuth:
    """Who may log in, and how the target proves itself if asked.

    Without `target_user` and `target_secret` an initiator that wants mutual authentication is refused.

    Raises:
        ValueError: a name or secret is empty, or both ways share one secret (RFC 7143, 9.2.1).
    """

    user: str
    secret: str = field(repr=False)
    target_user: str = ""
    target_secret: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.user or not self.secret:
            raise ValueError("CHAP needs a user and a secret")
        if bool(self.target_user) != bool(self.target_secret):
            raise ValueError("mutual CHAP needs a user and a secret of the target")
        if self.target_secret and self.target_secret == self.secret:
            raise ValueError("mutual CHAP needs two different secrets")


def chap_response(algorithm: str, identifier: int, secret: str, challenge: bytes) -> bytes:
    """The digest over identifier, secret and challenge.    Source: RFC 1994, 4.1.

    `algorithm` is a CHAP_A value.
    """
    message = bytes((identifier,)) + secret.encode() + challenge
    return hashlib.new(ALGORITHMS[algorithm], message, usedforsecurity=False).digest()


def encode_binary(data: bytes) -> str:
    """Bytes as text, in hexadecimal.    Source: RFC 7143, 6.1."""
    return "0x" + data.hex()


def decode_binary(text: str) -> bytes:
    """Bytes written in hexadecimal (0x) or base64 (0b).    Source: RFC 7143, 6.1.

    Raises:
        ChapError: neither of them, or longer than 1024 bytes.
    """
    if len(text) > 2 + 2 * MAX_CHALLENGE_BYTES:
        raise ChapError("a binary value is too long")
    try:
        if text[:2] in ("0x", "0X"):
            return bytes.fromhex("0" * (len(text) % 2) + text[2:])
        if text[:2] in ("0b", "0B"):
            return base64.b64decode(text[2:], validate=True)
    except (ValueError, binascii.Error) as error:
        raise ChapError("a binary value can't be read") from error
    raise ChapError("a binary value is neither hexadecimal nor base64")


class Step(Enum):
    """How far an exchange has come."""

    ALGORITHM = auto()
    RESPONSE = auto()
    DONE = auto()


@dataclass(slots=True)
class ChapExchange:
    """One exchange: `answer` takes the initiator's keys of one login step and returns the target's."""

    auth: ChapAuth
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    step: Step = Step.ALGORITHM
    _algorithm: str = ""
    _identifier: int = 0
    _challenge: bytes = field(default=b"", repr=False)

    def answer(self, keys: dict[str, str]) -> list[tuple[str, str]]:
        """The target's keys; nothing until the initiator has sent what this step needs.

        Raises:
            ChapError: no common algorithm, or the response is wrong, malformed or out of order.
        """
        if not keys:
            return []
        if self.step is Step.ALGORITHM:
            return self._challenge_initiator(keys)
        if self.step is Step.RESPONSE:
            return self._judge(keys)
        raise ChapError("CHAP keys came after the exchange had ended")

    def _challenge_initiator(self, keys: dict[str, str]) -> list[tuple[str, str]]:
        offered = keys.get("CHAP_A", "").split(",")
        algorithm = next((value for value in offered if value in ALGORITHMS), None)
        if algorithm is None or len(keys) != 1:
            raise ChapError("no CHAP algorithm in common")
        self._algorithm = algorithm
        self._identifier = self.random_bytes(1)[0]
        self._challenge = self.random_bytes(_CHALLENGE_BYTES)
        self.step = Step.RESPONSE
        return [
            ("CHAP_A", algorithm),
            ("CHAP_I", str(self._identifier)),
            ("CHAP_C", encode_binary(self._challenge)),
        ]

    def _judge(self, keys: dict[str, str]) -> list[tuple[str, str]]:
        expected = chap_response(self._algorithm, self._identifier, self.auth.secret, self._challenge)
        # Both comparisons always run: the time must not tell which one failed.
        name_fits = hmac.compare_digest(keys.get("CHAP_N", "").encode(), self.auth.user.encode())
        response_fits = hmac.compare_digest(decode_binary(keys.get("CHAP_R", "")), expected)
        if not (name_fits and response_fits):
            raise ChapError("wrong CHAP name or response")
        answer = self._prove(keys) if "CHAP_I" in keys or "CHAP_C" in keys else []
        self.step = Step.DONE
        return answer

    def _prove(self, keys: dict[str, str]) -> list[tuple[str, str]]:
        if not self.auth.target_secret:
            raise ChapError("the initiator wants mutual CHAP, which is not set up")
        identifier = number(keys.get("CHAP_I", ""))
        challenge = decode_binary(keys.get("CHAP_C", ""))
        if identifier is None or identifier > 0xFF or not challenge:
            raise ChapError("the initiator's challenge can't be read")
        if challenge == self._challenge:
            raise ChapError("the initiator sent the target's own challenge back")
        response = chap_response(self._algorithm, identifier, self.auth.target_secret, challenge)
        return [("CHAP_N", self.auth.target_user), ("CHAP_R", encode_binary(response))]


ASKED_ALGORITHMS = ("6", "5")
"""What an initiator offers: SHA-1, then MD5. Some targets take 7, SHA-256, for another algorithm."""


@dataclass(frozen=True, slots=True)
class ChapCredentials:
    """How an initiator proves who it is, and how the target has to in return.

    With `target_secret` the target must authenticate itself; its name counts if `target_user` is given.

    Raises:
        ValueError: a name or secret is empty, or both ways share one secret (RFC 7143, 9.2.1).
    """

    user: str
    secret: str = field(repr=False)
    target_user: str = ""
    target_secret: str = field(default="", repr=False)
    algorithms: tuple[str, ...] = ASKED_ALGORITHMS

    def __post_init__(self) -> None:
        if not self.user or not self.secret:
            raise ValueError("CHAP needs a user and a secret")
        if self.target_user and not self.target_secret:
            raise ValueError("mutual CHAP needs the target's secret")
        if self.target_secret and self.target_secret == self.secret:
            raise ValueError("mutual CHAP needs two different secrets")

    @property
    def is_mutual(self) -> bool:
        """Whether the target has to prove itself."""
        return bool(self.target_secret)


@dataclass(slots=True)
class ChapProof:
    """The initiator's end of one exchange: `offer` first, then `answer` to each of the target's steps."""

    credentials: ChapCredentials
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    step: Step = Step.ALGORITHM
    _algorithm: str = ""
    _identifier: int = 0
    _challenge: bytes = field(default=b"", repr=False)

    def offer(self) -> list[tuple[str, str]]:
        """The algorithms, the favourite first."""
        return [("CHAP_A", ",".join(self.credentials.algorithms))]

    def answer(self, keys: dict[str, str]) -> list[tuple[str, str]]:
        """The initiator's keys to the target's challenge; nothing to the target's own proof.

        Raises:
            ChapError: the challenge can't be read, or the target's proof is missing or wrong.
        """
        if self.step is Step.ALGORITHM:
            return self._respond(keys)
        if self.step is Step.RESPONSE and self.credentials.is_mutual:
            self._judge(keys)
        self.step = Step.DONE
        return []

    def _respond(self, keys: dict[str, str]) -> list[tuple[str, str]]:
        algorithm = keys.get("CHAP_A", "")
        identifier = number(keys.get("CHAP_I", ""))
        if algorithm not in self.credentials.algorithms:
            raise ChapError("the target chose no CHAP algorithm that was offered")
        if identifier is None or identifier > 0xFF:
            raise ChapError("the target's CHAP identifier can't be read")
        challenge = decode_binary(keys.get("CHAP_C", ""))
        if not challenge:
            raise ChapError("the target's challenge is empty")
        response = chap_response(algorithm, identifier, self.credentials.secret, challenge)
        answer = [("CHAP_N", self.credentials.user), ("CHAP_R", encode_binary(response))]
        self.step = Step.RESPONSE
        if self.credentials.is_mutual:
            self._algorithm = algorithm
            self._identifier = self.random_bytes(1)[0]
            self._challenge = self.random_bytes(_CHALLENGE_BYTES)
            while self._challenge == challenge:
                self._challenge = self.random_bytes(_CHALLENGE_BYTES)
            answer += [("CHAP_I", str(self._identifier)), ("CHAP_C", encode_binary(self._challenge))]
        return answer

    def _judge(self, keys: dict[str, str]) -> None:
        own = self.credentials
        expected = chap_response(self._algorithm, self._identifier, own.target_secret, self._challenge)
        name = keys.get("CHAP_N", "").encode()
        name_fits = not own.target_user or hmac.compare_digest(name, own.target_user.encode())
        response_fits = hmac.compare_digest(decode_binary(keys.get("CHAP_R", "")), expected)
        if not (name_fits and response_fits):
            raise ChapError("the target didn't prove who it is: wrong CHAP name or response")
