"""Text requests in the full feature phase: SendTargets, and the few keys that may change there.

Source: RFC 7143, 11.10, 11.11, 6.4 and appendix C.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from burnlab.iscsi import keys
from burnlab.iscsi.pdu import CONTINUE, FINAL, NO_TAG, RejectReason, TextRequest, TextResponse
from burnlab.iscsi.session import Rejected

_ANSWER_TAG = 1


@dataclass(frozen=True, slots=True)
class TargetAddress:
    """What discovery tells: the target's name and the portal, as `HOST:PORT,GROUP`."""

    iqn: str
    portal: str


@dataclass(slots=True)
class TextExchange:
    """One text negotiation at a time; `receive` takes each request and gives its response."""

    address: TargetAddress
    discovery: bool
    limit_bytes: int
    send_bytes: int
    """The longest data segment that the initiator takes; it may declare another one."""
    _text: bytearray = field(default_factory=bytearray)
    _unsent: bytes = b""
    _itt: int = NO_TAG

    def receive(self, request: TextRequest, text: bytes) -> tuple[TextResponse, bytes]:
        """The response, its sequence numbers still zero, and its text.

        Raises:
            Rejected: the text is none, too long, or doesn't fit the exchange under way.
        """
        if request.ttt == NO_TAG:
            self._text.clear()
            self._unsent = b""
            self._itt = request.itt
        elif request.itt != self._itt or request.ttt != _ANSWER_TAG or (text and self._unsent):
            raise Rejected(RejectReason.INVALID_PDU_FIELD)
        if request.flags & FINAL and request.flags & CONTINUE:
            raise Rejected(RejectReason.INVALID_PDU_FIELD)
        self._text += text
        if len(self._text) > self.limit_bytes:
            self._text.clear()
            raise Rejected(RejectReason.OUT_OF_RESOURCES)
        if request.flags & CONTINUE:
            return TextResponse(flags=0, itt=request.itt, ttt=_ANSWER_TAG), b""
        if not self._unsent:
            self._unsent = self._answer()
        return self._respond(request)

    def _answer(self) -> bytes:
        try:
            pairs = keys.decode_text(bytes(self._text))
        except keys.TextError as error:
            raise Rejected(RejectReason.PROTOCOL_ERROR) from error
        finally:
            self._text.clear()
        answer: list[tuple[str, str]] = []
        for name, value in pairs:
            answer += self._send_targets(value) if name == "SendTargets" else self._negotiate(name, value)
        return keys.encode_text(answer)

    def _send_targets(self, wanted: str) -> list[tuple[str, str]]:
        known = ("All", self.address.iqn) if self.discovery else ("", self.address.iqn)
        if wanted == "All" and not self.discovery:
            return [("SendTargets", keys.REJECT)]
        if wanted not in known:
            return []
        return [("TargetName", self.address.iqn), ("TargetAddress", self.address.portal)]

    def _negotiate(self, name: str, value: str) -> list[tuple[str, str]]:
        outcome = keys.negotiate(name, value, keys.FULL_FEATURE, discovery=self.discovery)
        if name == "MaxRecvDataSegmentLength" and outcome.value is not None:
            self.send_bytes = int(outcome.value)
        return [(name, outcome.answer)] if outcome.answer is not None else []

    def _respond(self, request: TextRequest) -> tuple[TextResponse, bytes]:
        text, self._unsent = self._unsent[: self.send_bytes], self._unsent[self.send_bytes :]
        if self._unsent:
            return TextResponse(flags=CONTINUE, itt=request.itt, ttt=_ANSWER_TAG), text
        if not request.flags & FINAL:
            return TextResponse(flags=0, itt=request.itt, ttt=_ANSWER_TAG), text
        self._itt = NO_TAG
        return TextResponse(flags=FINAL, itt=request.itt), text
