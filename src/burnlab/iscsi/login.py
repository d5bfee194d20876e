"""The login phase of a connection: stages, identity, authentication, operational keys.

Rule 1: the stages and the ways between them are the table `TRANSITS`; nothing else decides them.
Rule 2: a login that fails raises `LoginFailure` with the status to send; the connection ends after that.

Source: RFC 7143, 6.3, 11.12 and 11.13.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from burnlab.iscsi import keys
from burnlab.iscsi.chap import ChapAuth, ChapError, ChapExchange, Step
from burnlab.iscsi.limits import DEFAULT_LIMITS, Limits
from burnlab.iscsi.pdu import CONTINUE, FINAL, LoginRequest, LoginResponse

MAX_RESPONSE_BYTES = 8192
"""What an initiator takes as one data segment during login.    Source: RFC 7143, 13.12."""


class Stage(IntEnum):
    """CSG and NSG.    Source: RFC 7143, 11.12.3."""

    SECURITY = 0
    OPERATIONAL = 1
    FULL_FEATURE = 3


TRANSITS = frozenset(
    {
        (Stage.SECURITY, Stage.OPERATIONAL),
        (Stage.SECURITY, Stage.FULL_FEATURE),
        (Stage.OPERATIONAL, Stage.FULL_FEATURE),
    }
)
"""Where a stage may lead."""

FIRST_STAGES = frozenset({Stage.SECURITY, Stage.OPERATIONAL})

_KEY_STAGE = {Stage.SECURITY: keys.SECURITY, Stage.OPERATIONAL: keys.OPERATIONAL}
_CHAP_KEYS = frozenset({"CHAP_A", "CHAP_N", "CHAP_R", "CHAP_I", "CHAP_C"})


class LoginStatus(Enum):
    """Status-Class and Status-Detail.    Source: RFC 7143, 11.13.5."""

    SUCCESS = (0, 0x00)
    INITIATOR_ERROR = (2, 0x00)
    AUTHENTICATION_FAILURE = (2, 0x01)
    NOT_FOUND = (2, 0x03)
    UNSUPPORTED_VERSION = (2, 0x05)
    TOO_MANY_CONNECTIONS = (2, 0x06)
    MISSING_PARAMETER = (2, 0x07)
    SESSION_TYPE_NOT_SUPPORTED = (2, 0x09)
    SESSION_DOES_NOT_EXIST = (2, 0x0A)
    INVALID_DURING_LOGIN = (2, 0x0B)
    OUT_OF_RESOURCES = (3, 0x02)


class LoginFailure(Exception):
    """The login can't go on; `status` tells the initiator why."""

    def __init__(self, status: LoginStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class LoginTerms:
    """What the target brings to a login."""

    iqn: str
    auth: ChapAuth | None = None
    tsih: int = 1
    """The handle that a new session gets, not 0."""
    portal_group: int = 1
    knows_session: Callable[[int], bool] = field(default=lambda _tsih: False, repr=False)
    """Is there a session of this TSIH?"""


@dataclass(frozen=True, slots=True)
class LoginResult:
    """Who came in, and on what terms."""

    initiator: str
    isid: bytes
    cid: int
    discovery: bool
    parameters: keys.Parameters


@dataclass(slots=True)
class Login:
    """One login: `receive` takes each request and gives its response; `result` is set at the end."""

    terms: LoginTerms
    limits: Limits = DEFAULT_LIMITS
    result: LoginResult | None = None
    _first: LoginRequest | None = None
    _stage: Stage = Stage.SECURITY
    _text: bytearray = field(default_factory=bytearray)
    _unsent: bytes = b""
    _seen: set[str] = field(default_factory=set)
    _values: dict[str, str] = field(default_factory=dict)
    _initiator: str = ""
    _discovery: bool = False
    _authenticated: bool = False
    _declared: bool = False
    _chap: ChapExchange | None = None

    def receive(self, request: LoginRequest, text: bytes) -> tuple[LoginResponse, bytes]:
        """The response to one request, its sequence numbers still zero, and its text.

        Raises:
            LoginFailure: see there.
        """
        self._check_stage(request)
        if self._unsent:
            if text:
                raise LoginFailure(LoginStatus.INITIATOR_ERROR, "text came before the target's had ended")
            return self._respond(request)
        self._text += text
        if len(self._text) > self.limits.text_bytes:
            raise LoginFailure(LoginStatus.OUT_OF_RESOURCES, "the login text is too long")
        if request.flags & CONTINUE:
            return self._response(request, self._stage), b""
        try:
            pairs = keys.decode_text(bytes(self._text))
        except keys.TextError as error:
            raise LoginFailure(LoginStatus.INITIATOR_ERROR, str(error)) from error
        self._text.clear()
        self._unsent = keys.encode_text(self._answer(request, pairs))
        return self._respond(request)

    def _check_stage(self, request: LoginRequest) -> None:
        """Hold the header against the first one and the table of stages."""
        current, following = request.flags >> 2 & 3, request.flags & 3
        transit = bool(request.flags & FINAL)
        if request.version_min > 0:
            raise LoginFailure(LoginStatus.UNSUPPORTED_VERSION, f"version {request.version_min} is not known")
        if self._first is None:
            self._open(request, current)
        elif _identity(request) != _identity(self._first):
            raise LoginFailure(LoginStatus.INITIATOR_ERROR, "ISID, TSIH or CID changed during login")
        if current != self._stage:
            raise LoginFailure(LoginStatus.INITIATOR_ERROR, f"stage {current} came in stage {self._stage}")
        if transit and (request.flags & CONTINUE or (current, following) not in TRANSITS):
            raise LoginFailure(LoginStatus.INITIATOR_ERROR, f"stage {current} can't lead to {following}")

    def _open(self, request: LoginRequest, current: int) -> None:
        if request.tsih:
            # One connection per session: there is none that a second one could join.
            if self.terms.knows_session(request.tsih):
                raise LoginFailure(LoginStatus.TOO_MANY_CONNECTIONS, "a session has one connection only")
            raise LoginFailure(LoginStatus.SESSION_DOES_NOT_EXIST, f"there is no session {request.tsih}")
        if current not in FIRST_STAGES:
            raise LoginFailure(LoginStatus.INITIATOR_ERROR, f"a login can't begin in stage {current}")
        self._first = request
        self._stage = Stage(current)

    def _answer(self, request: LoginRequest, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """The target's keys to those of one complete text."""
        answer: list[tuple[str, str]] = []
        names = [name for name, _value in pairs]
        if len(set(names)) != len(names) or self._seen & set(names):
            raise LoginFailure(LoginStatus.INITIATOR_ERROR, "a key was negotiated twice")
        self._seen.update(names)
        if not self._initiator:
            answer += self._identify(dict(pairs))
        if self._stage is Stage.OPERATIONAL and self.terms.auth and not self._authenticated:
            raise LoginFailure(LoginStatus.AUTHENTICATION_FAILURE, "the initiator skipped authentication")
        chap = {name: value for name, value in pairs if name in _CHAP_KEYS}
        self._seen -= _CHAP_KEYS
        for name, value in pairs:
            if name == "AuthMethod":
                answer.append((name, self._choose_method(value)))
            elif name not in _CHAP_KEYS:
                answer += self._negotiate(name, value)
        answer += self._authenticate(chap)
        if self._stage is Stage.OPERATIONAL and not self._declared:
            answer.append(("MaxRecvDataSegmentLength", str(self.limits.receive_bytes)))
            self._declared = True
        if self.terms.auth and not (self._chap or self._authenticated) and request.flags & FINAL:
            raise LoginFailure(LoginStatus.AUTHENTICATION_FAILURE, "the initiator offered no authentication")
        return answer

    def _identify(self, offered: dict[str, str]) -> list[tuple[str, str]]:
        """Who wants to log in where: the first text must say it.    Source: RFC 7143, 6.3.1."""
        initiator = offered.get("InitiatorName", "")
        if not initiator:
            raise LoginFailure(LoginStatus.MISSING_PARAMETER, "InitiatorName is missing")
        kind = offered.get("SessionType", "Normal")
        if kind not in ("Normal", "Discovery"):
            raise LoginFailure(LoginStatus.SESSION_TYPE_NOT_SUPPORTED, "the session type is not known")
        self._initiator, self._discovery = initiator, kind == "Discovery"
        if self._discovery:
            return []
        target = offered.get("TargetName")
        if target is None:
            raise LoginFailure(LoginStatus.MISSING_PARAMETER, "TargetName is missing")
        if target.lower() != self.terms.iqn.lower():
            raise LoginFailure(LoginStatus.NOT_FOUND, "there is no target of the name that was asked for")
        return [("TargetPortalGroupTag", str(self.terms.portal_group))]

    def _choose_method(self, offer: str) -> str:
        wanted = "CHAP" if self.terms.auth else keys.NONE
        if self._stage is not Stage.SECURITY:
            return keys.REJECT
        if wanted not in offer.split(","):
            raise LoginFailure(LoginStatus.AUTHENTICATION_FAILURE, f"AuthMethod {wanted} isn't offered")
        if self.terms.auth:
            self._chap = ChapExchange(self.terms.auth)
        return wanted

    def _negotiate(self, name: str, value: str) -> list[tuple[str, str]]:
        outcome = keys.negotiate(name, value, _KEY_STAGE[self._stage], discovery=self._discovery)
        if outcome.value is not None:
            self._values[name] = outcome.value
        return [(name, outcome.answer)] if outcome.answer is not None else []

    def _authenticate(self, chap: dict[str, str]) -> list[tuple[str, str]]:
        if not chap:
            return []
        if self._chap is None:
            raise LoginFailure(LoginStatus.AUTHENTICATION_FAILURE, "CHAP keys came without AuthMethod=CHAP")
        try:
            answer = self._chap.answer(chap)
        except ChapError as error:
            raise LoginFailure(LoginStatus.AUTHENTICATION_FAILURE, str(error)) from error
        self._authenticated = self._chap.step is Step.DONE
        return answer

    def _respond(self, request: LoginRequest) -> tuple[LoginResponse, bytes]:
        """Send what one segment holds of the answer, and go to the next stage when all of it is sent."""
        text, self._unsent = self._unsent[:MAX_RESPONSE_BYTES], self._unsent[MAX_RESPONSE_BYTES:]
        stage = self._stage
        if self._unsent:
            return self._response(request, stage, CONTINUE), text
        if not request.flags & FINAL or (self.terms.auth and not self._authenticated):
            return self._response(request, stage), text
        self._stage = Stage(request.flags & 3)
        if self._stage is Stage.FULL_FEATURE:
            self.result = LoginResult(
                self._initiator,
                request.isid,
                request.cid,
                self._discovery,
                keys.Parameters.from_values(self._values),
            )
        return self._response(request, stage, FINAL | self._stage), text

    def _response(self, request: LoginRequest, stage: Stage, flags: int = 0) -> LoginResponse:
        done = self.result is not None
        return LoginResponse(
            flags=flags | stage << 2,
            isid=request.isid,
            tsih=self.terms.tsih if done else request.tsih,
            itt=request.itt,
        )


def _identity(request: LoginRequest) -> tuple[bytes, int, int]:
    return request.isid, request.tsih, request.cid


def refusal(request: LoginRequest | None, status: LoginStatus) -> LoginResponse:
    """The response that ends a login which failed, its sequence numbers still zero."""
    status_class, detail = status.value
    if request is None:
        return LoginResponse(status_class=status_class, status_detail=detail)
    return LoginResponse(
        flags=request.flags & 0x0C,
        isid=request.isid,
        tsih=request.tsih,
        itt=request.itt,
        status_class=status_class,
        status_detail=detail,
    )
