"""Consent and suppression: the latest word counts, the careful one in doubt."""

import msgspec
import pytest

from orchestrator.definitions.guardrail import ConsentMode
from orchestrator.guardrails.consent import (
    NO_CONSENTS,
    Consents,
    ConsentState,
    apply_consent,
    consent_of,
    is_permitted,
    lift_suppression,
    state_of,
    suppress_channel,
    suppression_of,
)
from orchestrator.messages.event import ANY


def state(consents: Consents, channel: str = "email", category: str = "marketing") -> ConsentState:
    return state_of(consent_of(consents, channel, category))


def test_nothing_is_granted_until_it_is() -> None:
    assert state(NO_CONSENTS) == "unknown"
    granted = apply_consent(NO_CONSENTS, "email", "marketing", True, 10)
    assert state(granted) == "granted"
    assert state(granted, channel="sms") == "unknown"
    assert state(granted, category="survey") == "unknown"


def test_late_event_does_not_undo_a_newer_one() -> None:
    revoked = apply_consent(NO_CONSENTS, "email", "marketing", False, 20)
    assert apply_consent(revoked, "email", "marketing", True, 10) is revoked


def test_revoking_wins_at_the_same_time() -> None:
    for order in ((True, False), (False, True)):
        consents = NO_CONSENTS
        for is_granted in order:
            consents = apply_consent(consents, "email", "marketing", is_granted, 10)
        assert state(consents) == "revoked"


def test_word_on_everything_counts_for_each() -> None:
    consents = apply_consent(NO_CONSENTS, "email", "marketing", True, 10)
    assert state(apply_consent(consents, "email", ANY, False, 20)) == "revoked"
    assert state(apply_consent(consents, ANY, ANY, False, 20)) == "revoked"
    assert state(apply_consent(consents, ANY, ANY, False, 10)) == "revoked", "in doubt, the careful one"
    assert state(apply_consent(consents, ANY, ANY, False, 5)) == "granted"


@pytest.mark.parametrize(
    ("mode", "permitted"),
    [
        ("required", {"granted"}),
        ("opt_out", {"granted", "unknown"}),
        ("none", {"granted", "unknown", "revoked"}),
    ],
)
def test_mode_says_which_states_permit_a_send(mode: ConsentMode, permitted: set[ConsentState]) -> None:
    states: tuple[ConsentState, ...] = ("granted", "unknown", "revoked")
    assert {each for each in states if is_permitted(mode, each)} == permitted


def test_channel_stays_closed_until_it_is_lifted_later() -> None:
    closed = suppress_channel(NO_CONSENTS, "email", "hard bounce", 10)
    assert suppression_of(closed, "sms") is None
    found = suppression_of(closed, "email")
    assert found is not None
    assert found.reason == "hard bounce"
    assert suppression_of(lift_suppression(closed, "email", "new address", 10), "email") is not None
    assert suppression_of(lift_suppression(closed, "email", "new address", 11), "email") is None


def test_all_channels_can_be_closed_at_once() -> None:
    closed = suppress_channel(NO_CONSENTS, ANY, "complaint", 10)
    assert suppression_of(closed, "push") is not None


def test_consents_survive_storage() -> None:
    consents = suppress_channel(apply_consent(NO_CONSENTS, "email", ANY, True, 10), "sms", "complaint", 3)
    stored = msgspec.msgpack.encode(consents)
    assert msgspec.msgpack.decode(stored, type=Consents) == consents
