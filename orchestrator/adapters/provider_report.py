"""What a provider says afterwards of a message, such as delivered, opened or bounced: a function of its request."""

import hmac
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from orchestrator.adapters.records import one_line, report_id, source_of
from orchestrator.adapters.reference import Reference, Seal
from orchestrator.errors import DecodeError, Unauthorised
from orchestrator.intake.signature import StandardWebhooks, signature_fault
from orchestrator.messages.cloudevents import parse_time_ms
from orchestrator.messages.event import DeliveryEvent, Outcome

MAX_REPORTS = 500
MAX_WHICH_CHARS = 40
BEARER = "Bearer "
SIGNED = StandardWebhooks(kind="standard_webhooks")

# ``sent`` is said by the adapter itself, which alone knows it.
Later = Literal["delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "failed"]


class ProviderReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One report. ``which`` tells several of one outcome apart (links, openings): without it only the first counts."""

    reference: str
    outcome: Later
    time: str | None = None
    reason: str = ""
    is_permanent: bool = False
    which: str = ""


_decode = msgspec.json.Decoder(ProviderReport | list[ProviderReport]).decode


class Reception:
    """Reads the reports that a channel's provider sends.

    Raises:
        ValueError: the secret is none.
    """

    def __init__(self, channel: str, secret: str) -> None:
        self._channel = channel
        self._secret = secret
        self._seal = Seal(secret)

    def read(self, headers: Mapping[str, str], body: bytes, now_ms: int) -> list[DeliveryEvent]:
        """The delivery events that a request makes; ``headers`` by their names in small letters.

        Raises:
            Unauthorised: it is neither signed nor carries the secret.
            DecodeError: it is no report, or none of a message of ours. Nothing of it is taken then.
        """
        self._admit(headers, body, now_ms)
        try:
            found = _decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise DecodeError("malformed", f"the body is no report: {error}") from error
        reports = found if isinstance(found, list) else [found]
        if len(reports) > MAX_REPORTS:
            raise DecodeError("oversized", f"there are {len(reports)} reports in it; at most {MAX_REPORTS} are taken")
        return [self._event(each, now_ms) for each in reports]

    def unsubscription(self, reference: str, now_ms: int) -> DeliveryEvent:
        """What one click says (RFC 8058): the reference in the address is the proof.

        Raises:
            DecodeError: the reference is none of ours.
        """
        return self._event(ProviderReport(reference=reference, outcome="unsubscribed", reason="one click"), now_ms)

    def _admit(self, headers: Mapping[str, str], body: bytes, now_ms: int) -> None:
        given = headers.get("authorization", "")
        if given.startswith(BEARER):
            if hmac.compare_digest(given.removeprefix(BEARER).encode(), self._secret.encode()):
                return
        elif signature_fault(SIGNED, [self._secret], headers, body, now_ms / 1_000) is None:
            return
        raise Unauthorised("the request is neither signed (webhook-signature) nor carries the secret (Authorization)")

    def _event(self, said: ProviderReport, now_ms: int) -> DeliveryEvent:
        reference = self._seal.open(said.reference)
        if reference.channel != self._channel:
            raise DecodeError("wrong_channel", "the reference is of a message of another channel")
        if len(said.which) > MAX_WHICH_CHARS or not said.which.isprintable():
            raise DecodeError("malformed", f"'which' is not at most {MAX_WHICH_CHARS} printable characters")
        at_ms = now_ms if said.time is None else parse_time_ms(said.time)
        return _delivery(reference, said, at_ms)


def _delivery(reference: Reference, said: ProviderReport, at_ms: int) -> DeliveryEvent:
    outcome: Outcome = said.outcome
    fields: Sequence[str] = Reference.__struct_fields__
    return DeliveryEvent(
        id=report_id(reference.command_id, outcome, said.which),
        source=source_of(reference.channel),
        time_ms=at_ms,
        outcome=outcome,
        reason=one_line(said.reason),
        is_permanent=said.is_permanent,
        **{name: getattr(reference, name) for name in fields},
    )
