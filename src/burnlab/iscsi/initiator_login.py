"""The login phase from the initiator's end: stages, identity, authentication, operational keys.

Rule 1: `request` gives each login request, `receive` takes each response; a login that fails raises
`LoginRejected` and ends there.
Rule 2: all operational keys are offered at once, so nothing is left for the target to begin.

Source: RFC 7143, 6.3, 11.12 and 11.13.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from burnlab.iscsi import keys
from burnlab.iscsi.chap import ChapCredentials, ChapError, ChapProof, Step
from burnlab.iscsi.login import LoginStatus, Stage
from burnlab.iscsi.pdu import CONTINUE, FINAL, LoginRequest, LoginResponse

MAX_ROUNDS = 64
_MAX_TEXT_BYTES = 65536
_CHAP_KEYS = frozenset({"CHAP_A", "CHAP_N", "CHAP_R", "CHAP_I", "CHAP_C"})
_OF_TARGET = frozenset({"TargetAlias", "TargetAddress", "TargetPortalGroupTag", "AuthMethod"}) | _CHAP_KEYS
"""What a target says without an answer being due."""
_REDIRECTION, _INITIATOR_ERROR = 1, 2

# fmt: off
_REASONS = {
    LoginStatus.INITIATOR_ERROR.value:            "the target finds a mistake in the login",
    LoginStatus.AUTHENTICATION_FAILURE.value:     "the target refuses the CHAP name or secret, or wants one",
    (2, 0x02):                                    "the target doesn't allow this initiator's name",
    LoginStatus.NOT_FOUND.value:                  "there is no such target",
    (2, 0x04):                                    "the target has been removed",
    LoginStatus.UNSUPPORTED_VERSION.value:        "the target doesn't know this version of iSCSI",
    LoginStatus.TOO_MANY_CONNECTIONS.value:       "the target takes no further connection",
    LoginStatus.MISSING_PARAMETER.value:          "the target misses a parameter",
    (2, 0x08):                                    "the target can't include the connection in the session",
    LoginStatus.SESSION_TYPE_NOT_SUPPORTED.value: "the target doesn't know this type of session",
    LoginStatus.SESSION_DOES_NOT_EXIST.value:     "the target doesn't know the session",
    LoginStatus.INVALID_DURING_LOGIN.value:       "the target finds a request that has no place in a login",
    (3, 0x00):                                    "the target has an error of its own",
    (3, 0x01):                                    "the target is out of service for now",
    LoginStatus.OUT_OF_RESOURCES.value:           "the target is out of resources",
}
# fmt: on
"""Status-Class and Status-Detail → what they mean.    Source: RFC 7143, 11.13.5."""


class LoginRejected(Exception):
    """The login came to nothing."""

    def __init__(self, message: str, *, denied: bool = False, moved_to: str = "") -> None:
        super().__init__(message)
        self.denied = denied
        self.moved_to = moved_to


@dataclass(frozen=True, slots=True)
class Offers:
    """What the initiator offers. Lengths in bytes, digests as lists with the favourite first."""

    header_digest: str = "None"
    data_digest: str = "None"
    initial_r2t: bool = False
    immediate_data: bool = True
    receive_bytes: int = 262144
    """The longest data segment that it takes."""
    max_burst_bytes: int = 1 << 20
    first_burst_bytes: int = 262144
    max_outstanding_r2t: int = 1

    def pairs(self, *, discovery: bool) -> list[tuple[str, str]]:
        """As text keys."""
        both = [
            ("HeaderDigest", self.header_digest),
            ("DataDigest", self.data_digest),
            ("DefaultTime2Wait", "2"),
            ("DefaultTime2Retain", "0"),
            ("ErrorRecoveryLevel", "0"),
            ("MaxRecvDataSegmentLength", str(self.receive_bytes)),
        ]
        if discovery:
            return both
        return [
            *both,
            ("InitialR2T", _yes_no(self.initial_r2t)),
            ("ImmediateData", _yes_no(self.immediate_data)),
            ("MaxBurstLength", str(self.max_burst_bytes)),
            ("FirstBurstLength", str(min(self.first_burst_bytes, self.max_burst_bytes))),
            ("MaxOutstandingR2T", str(self.max_outstanding_r2t)),
            ("MaxConnections", "1"),
            ("DataPDUInOrder", "Yes"),
            ("DataSequenceInOrder", "Yes"),
        ]


def _yes_no(value: bool) -> str:
    return "Yes" if value else "No"


DEFAULT_OFFERS = Offers()


@dataclass(frozen=True, slots=True)
class InitiatorTerms:
    """Who logs in where. No `target` means a discovery session; `isid` is six bytes (RFC 7143, 11.12.5)."""

    initiator: str
    target: str
    isid: bytes
    auth: ChapCredentials | None = None
    offers: Offers = DEFAULT_OFFERS

    @property
    def is_discovery(self) -> bool:
        """Whether only names of targets are wanted."""
        return not self.target


@dataclass(slots=True)
class InitiatorLogin:
    """One login. `parameters` is set at its end."""

    terms: InitiatorTerms
    cmd_sn: int = 1
    parameters: keys.Parameters | None = None
    portal_group: str = ""
    _stage: Stage = Stage.SECURITY
    _outgoing: list[tuple[str, str]] = field(default_factory=list)
    _offered: dict[str, str] = field(default_factory=dict)
    _values: dict[str, str] = field(default_factory=dict)
    _text: bytearray = field(default_factory=bytearray)
    _proof: ChapProof | None = None
    _method: str = ""
    _more_to_come: bool = False
    _asked: int = 0
    _rounds: int = 0

    def __post_init__(self) -> None:
        kind = "Discovery" if self.terms.is_discovery else "Normal"
        self._outgoing = [("InitiatorName", self.terms.initiator), ("SessionType", kind)]
        if not self.terms.is_discovery:
            self._outgoing.append(("TargetName", self.terms.target))
        self._outgoing.append(("AuthMethod", self._methods()))

    def _methods(self) -> str:
        auth = self.terms.auth
        if auth is None:
            return keys.NONE
        return "CHAP" if auth.is_mutual else f"CHAP,{keys.NONE}"

    def request(self, exp_stat_sn: int) -> tuple[LoginRequest, bytes]:
        """The next request and its text."""
        self._rounds += 1
        if self._rounds > MAX_ROUNDS:
            raise LoginRejected("the login doesn't come to an end")
        text = b"" if self._more_to_come else keys.encode_text(self._outgoing)
        flags = self._stage << 2
        if not self._more_to_come:
            self._outgoing = []
            if self._stage_is_done():
                flags |= FINAL | self._next_stage()
        self._asked = flags
        header = LoginRequest(
            flags=flags, isid=self.terms.isid, itt=0, cid=1, cmd_sn=self.cmd_sn, exp_stat_sn=exp_stat_sn
        )
        return header, text

    def _stage_is_done(self) -> bool:
        """Whether this end has no more to say in this stage once the text is sent."""
        if self._stage is Stage.OPERATIONAL:
            return True
        if self.terms.auth is None or self._method == keys.NONE:
            return True
        return self._proof is not None and self._proof.step is not Step.ALGORITHM

    def _next_stage(self) -> Stage:
        return Stage.OPERATIONAL if self._stage is Stage.SECURITY else Stage.FULL_FEATURE

    def receive(self, response: LoginResponse, text: bytes) -> None:
        """Take one response; unless `parameters` is set then, another `request` is due.

        Raises:
            LoginRejected: the target refuses, or answers what makes no sense.
        """
        self._text += text
        if response.status_class:
            raise self._rejected(response)
        if len(self._text) > _MAX_TEXT_BYTES:
            raise LoginRejected("the target's login text is too long")
        self._check(response)
        self._more_to_come = bool(response.flags & CONTINUE)
        if self._more_to_come:
            return
        pairs = self._pairs()
        self._text.clear()
        self._take(pairs)
        if response.flags & FINAL:
            self._enter(Stage(response.flags & 3), response.tsih)

    def _rejected(self, response: LoginResponse) -> LoginRejected:
        status = response.status_class, response.status_detail
        if response.status_class == _REDIRECTION:
            address = dict(self._pairs()).get("TargetAddress", "an address that it doesn't tell")
            text = f"the target has moved to {address}"
            return LoginRejected(text, moved_to=address.partition(",")[0])
        fallback = f"the target refuses the login (status {status[0]:02X}{status[1]:02X}h)"
        denied = status in (LoginStatus.AUTHENTICATION_FAILURE.value, (2, 0x02))
        return LoginRejected(_REASONS.get(status, fallback), denied=denied)

    def _check(self, response: LoginResponse) -> None:
        """Hold a response's header against the request that it answers."""
        current, following = response.flags >> 2 & 3, response.flags & 3
        if response.version_active:
            raise LoginRejected(f"the target wants version {response.version_active} of iSCSI")
        if response.isid != self.terms.isid:
            raise LoginRejected("the target answers with another session's name")
        if current != self._stage:
            raise LoginRejected("the target is in another stage of the login")
        if not response.flags & FINAL:
            return
        asked = bool(self._asked & FINAL) and self._asked & 3 == following
        if not asked or response.flags & CONTINUE:
            raise LoginRejected("the target goes to a stage of the login that wasn't asked for")

    def _pairs(self) -> list[tuple[str, str]]:
        try:
            return keys.decode_text(bytes(self._text))
        except keys.TextError as error:
            raise LoginRejected(f"the target's answer can't be read: {error}") from error

    def _take(self, pairs: list[tuple[str, str]]) -> None:
        given = dict(pairs)
        self.portal_group = given.get("TargetPortalGroupTag", self.portal_group)
        for name, value in pairs:
            if name in self._offered:
                self._conclude(name, value)
            elif name not in _OF_TARGET:
                self._answer(name, value)
        if self._stage is Stage.SECURITY:
            self._authenticate(given)

    def _conclude(self, name: str, value: str) -> None:
        """An answer to what was offered; lengths of segments are declared by each end for itself."""
        try:
            self._values[name] = keys.conclude(name, self._offered[name], value)
        except keys.KeyRefused as error:
            raise LoginRejected(str(error)) from error

    def _answer(self, name: str, value: str) -> None:
        """A key that the target brings up."""
        stage = keys.SECURITY if self._stage is Stage.SECURITY else keys.OPERATIONAL
        outcome = keys.negotiate(name, value, stage, discovery=self.terms.is_discovery)
        if outcome.value is not None:
            self._values[name] = outcome.value
        if outcome.answer is not None:
            self._outgoing.append((name, outcome.answer))

    def _authenticate(self, given: dict[str, str]) -> None:
        chap = {name: value for name, value in given.items() if name in _CHAP_KEYS}
        try:
            if "AuthMethod" in given:
                self._begin(given["AuthMethod"])
            elif chap and self._proof is not None:
                self._outgoing += self._proof.answer(chap)
        except ChapError as error:
            raise LoginRejected(str(error), denied=True) from error

    def _begin(self, method: str) -> None:
        if method == keys.REJECT:
            raise LoginRejected(f"the target doesn't agree to AuthMethod={self._methods()}", denied=True)
        if method not in self._methods().split(","):
            wanted = "authentication by CHAP" if method == "CHAP" else f"the authentication method {method}"
            raise LoginRejected(f"the target wants {wanted}", denied=True)
        self._method = method
        if method == "CHAP" and self.terms.auth is not None:
            self._proof = ChapProof(self.terms.auth)
            self._outgoing += self._proof.offer()

    def _enter(self, stage: Stage, tsih: int) -> None:
        if self._stage is Stage.SECURITY:
            self._require_proof()
        self._stage = stage
        if stage is Stage.OPERATIONAL:
            offers = self.terms.offers.pairs(discovery=self.terms.is_discovery)
            self._offered = dict(offers)
            self._outgoing += offers
            return
        if not tsih:
            raise LoginRejected("the target gives the session no handle")
        self.parameters = keys.Parameters.from_values(self._values)

    def _require_proof(self) -> None:
        auth = self.terms.auth
        if auth is None or not auth.is_mutual:
            return
        if self._proof is None or self._proof.step is not Step.DONE:
            raise LoginRejected("the target didn't prove who it is", denied=True)
