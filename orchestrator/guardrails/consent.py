"""What a customer has agreed to, per channel and category, and the channels that must not be used at all.

The order in which facts arrive does not matter: for each the latest event time wins, and at the same time the more
careful one (revoked over granted, suppressed over lifted).
"""

from typing import Literal

import msgspec

from orchestrator.definitions.guardrail import ConsentMode
from orchestrator.messages.event import ANY

ConsentState = Literal["granted", "revoked", "unknown"]


class Consent(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A grant, or (``is_granted`` False) its withdrawal, at the event time ``time_ms``."""

    is_granted: bool
    time_ms: int


class Suppression(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A channel that must not be used (a hard bounce, a complaint), or (``is_active`` False) may be used again."""

    is_active: bool
    time_ms: int
    reason: str


class Consents(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """``given[channel][category]``, either of them possibly ``"*"``; ``suppressions`` by channel."""

    given: dict[str, dict[str, Consent]] = {}
    suppressions: dict[str, Suppression] = {}


NO_CONSENTS = Consents()


def apply_consent(consents: Consents, channel: str, category: str, is_granted: bool, time_ms: int) -> Consents:
    """``consents`` with this grant or withdrawal in it; unchanged when a later one is known already."""
    of_channel = consents.given.get(channel, {})
    known = of_channel.get(category)
    if known is not None and (known.time_ms, not known.is_granted) >= (time_ms, not is_granted):
        return consents
    given = {**consents.given, channel: {**of_channel, category: Consent(is_granted, time_ms)}}
    return Consents(given, consents.suppressions)


def suppress_channel(consents: Consents, channel: str, reason: str, time_ms: int) -> Consents:
    """``consents`` with the channel closed for every category, whatever was granted; "*" closes all channels."""
    return _with_suppression(consents, channel, Suppression(True, time_ms, reason))


def lift_suppression(consents: Consents, channel: str, reason: str, time_ms: int) -> Consents:
    """``consents`` with the channel usable again, for instance because its address has changed."""
    return _with_suppression(consents, channel, Suppression(False, time_ms, reason))


def _with_suppression(consents: Consents, channel: str, new: Suppression) -> Consents:
    known = consents.suppressions.get(channel)
    if known is not None and (known.time_ms, known.is_active, known.reason) >= (new.time_ms, new.is_active, new.reason):
        return consents
    return Consents(consents.given, {**consents.suppressions, channel: new})


def suppression_of(consents: Consents, channel: str) -> Suppression | None:
    """Why the channel must not be used; None when it may."""
    if not consents.suppressions:
        return None
    for name in (channel, ANY):
        suppression = consents.suppressions.get(name)
        if suppression is not None and suppression.is_active:
            return suppression
    return None


def consent_of(consents: Consents, channel: str, category: str) -> Consent | None:
    """The latest word on this channel and category, whether it named them or all; None when there is none.

    Said at the same time, a withdrawal beats a grant.
    """
    latest: Consent | None = None
    for channel_name in (channel, ANY):
        of_channel = consents.given.get(channel_name)
        if of_channel is None:
            continue
        for category_name in (category, ANY):
            consent = of_channel.get(category_name)
            if consent is None:
                continue
            if (
                latest is None
                or consent.time_ms > latest.time_ms
                or (consent.time_ms == latest.time_ms and not consent.is_granted)
            ):
                latest = consent
    return latest


def state_of(consent: Consent | None) -> ConsentState:
    """The consent in one word."""
    if consent is None:
        return "unknown"
    return "granted" if consent.is_granted else "revoked"


def is_permitted(mode: ConsentMode, state: ConsentState) -> bool:
    """Whether a send of a category that needs ``mode`` may be made with what is known."""
    match mode:
        case "required":
            return state == "granted"
        case "opt_out":
            return state != "revoked"
        case "none":
            return True
