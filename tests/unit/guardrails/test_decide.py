"""One verdict from all rules: which refusal is reported, and with what."""

import json
from datetime import UTC, datetime

import msgspec
import pytest

from orchestrator.definitions.guardrail import Guardrails
from orchestrator.errors import DefinitionError
from orchestrator.guardrails.consent import NO_CONSENTS, Consents, apply_consent, suppress_channel
from orchestrator.guardrails.decide import CustomerFacts, SendRequest, decide
from orchestrator.guardrails.history import NO_SENDS, SendHistory, SendRecord, remember
from orchestrator.guardrails.rules import SendRules, compile_rules
from orchestrator.guardrails.verdict import Allow, Defer, Suppress, Verdict

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
REQUEST = SendRequest("email", "marketing", "j1")
GRANTED = apply_consent(NO_CONSENTS, "email", "marketing", True, 5)


def at(text: str) -> int:
    """The instant of a UTC time, such as "2026-03-29 01:00"."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


NOON = at("2026-06-01 12:00")  # a Monday
NIGHT = at("2026-06-01 22:00")


def rules(**document: object) -> SendRules:
    return compile_rules(Guardrails.model_validate(document))


def sent(*times: int, channel: str = "email", journey: str = "j1") -> SendHistory:
    history = NO_SENDS
    for time in times:
        history = remember(history, SendRecord(time, channel, "marketing", journey), time)
    return history


def ask(
    rules: SendRules,
    now: int = NOON,
    sends: SendHistory = NO_SENDS,
    consents: Consents = GRANTED,
    zone: str | None = "UTC",
    request: SendRequest = REQUEST,
) -> Verdict:
    return decide(rules, request, CustomerFacts(zone, consents, sends), now)


QUIET = {"from": "21:00", "to": "08:00"}


def test_allowed_send_says_what_was_checked_with_which_counters() -> None:
    verdict = ask(
        rules(caps=[{"limit": 2, "per": "P7D"}, {"limit": 1, "per": "day"}], quiet_hours=QUIET, minimum_gap="PT4H"),
        sends=sent(NOON - DAY_MS),
        zone="Europe/Berlin",
    )
    assert verdict == Allow(
        (
            {"rule": "consent", "mode": "required", "state": "granted", "since_ms": 5},
            {"rule": "minimum_gap", "gap": "PT4H", "since_last_ms": DAY_MS},
            {
                "rule": "quiet_hours",
                "quiet": "21:00-08:00",
                "zone": "Europe/Berlin",
                "local_time": "14:00",
                "weekday": "monday",
            },
            {"rule": "frequency_cap", "cap": 0, "count": 1, "limit": 2, "per": "P7D"},
            {"rule": "frequency_cap", "cap": 1, "count": 0, "limit": 1, "per": "day", "zone": "Europe/Berlin"},
        )
    )


def test_capped_send_is_suppressed_and_says_when_it_is_eligible() -> None:
    verdict = ask(rules(caps=[{"limit": 1, "per": "P7D", "channel": "email"}]), sends=sent(NOON - DAY_MS))
    assert verdict == Suppress(
        "frequency_cap",
        "1 of at most 1 email sends to the customer per P7D were made",
        {"rule": "frequency_cap", "cap": 0, "count": 1, "limit": 1, "per": "P7D"},
        NOON + 6 * DAY_MS,
    )


def test_cap_on_another_channel_does_not_matter() -> None:
    assert isinstance(ask(rules(caps=[{"limit": 1, "per": "P7D", "channel": "push"}]), sends=sent(NOON - 1)), Allow)


def test_of_two_full_caps_the_longer_lasting_is_reported() -> None:
    verdict = ask(rules(caps=[{"limit": 1, "per": "P9D"}, {"limit": 1, "per": "P2D"}]), sends=sent(NOON - DAY_MS))
    assert isinstance(verdict, Suppress)
    assert (verdict.inputs["cap"], verdict.next_eligible_ms) == (0, NOON + 8 * DAY_MS)


def test_quiet_hours_defer_to_the_morning() -> None:
    verdict = ask(rules(quiet_hours=QUIET), now=NIGHT)
    assert isinstance(verdict, Defer)
    assert verdict.rule == "quiet_hours"
    assert verdict.until_ms == at("2026-06-02 08:00")
    assert verdict.inputs["local_time"] == "22:00"


def test_quiet_hours_can_skip_instead() -> None:
    verdict = ask(rules(quiet_hours={**QUIET, "on_quiet": "skip"}), now=NIGHT)
    assert isinstance(verdict, Suppress)
    assert (verdict.rule, verdict.next_eligible_ms) == ("quiet_hours", at("2026-06-02 08:00"))


def test_daily_cap_used_up_at_night_still_defers_to_a_morning_with_room() -> None:
    verdict = ask(rules(caps=[{"limit": 1, "per": "day"}], quiet_hours=QUIET), now=NIGHT, sends=sent(NOON))
    assert isinstance(verdict, Defer)


def test_weekly_cap_used_up_at_night_is_not_deferred_in_vain() -> None:
    verdict = ask(rules(caps=[{"limit": 1, "per": "week"}], quiet_hours=QUIET), now=NIGHT, sends=sent(NOON))
    assert isinstance(verdict, Suppress)
    assert (verdict.rule, verdict.next_eligible_ms) == ("frequency_cap", at("2026-06-08 00:00"))


def test_gap_defers_a_send_of_any_channel_and_journey() -> None:
    spaced = rules(minimum_gap="PT4H")
    verdict = ask(spaced, sends=sent(NOON - HOUR_MS, channel="push", journey="j9"))
    assert isinstance(verdict, Defer)
    assert (verdict.rule, verdict.until_ms) == ("minimum_gap", NOON + 3 * HOUR_MS)
    assert verdict.inputs["since_last_ms"] == HOUR_MS
    assert isinstance(ask(spaced, now=verdict.until_ms, sends=sent(NOON - HOUR_MS)), Allow)


def test_gap_that_ends_in_quiet_hours_defers_past_them() -> None:
    both = rules(minimum_gap="PT4H", quiet_hours=QUIET)
    verdict = ask(both, now=at("2026-06-01 20:00"), sends=sent(at("2026-06-01 19:00")))
    assert isinstance(verdict, Defer)
    assert (verdict.rule, verdict.until_ms) == ("quiet_hours", at("2026-06-02 08:00"))


def test_gap_that_ends_in_quiet_hours_is_skipped_where_they_skip() -> None:
    both = rules(minimum_gap="PT4H", quiet_hours={**QUIET, "on_quiet": "skip"})
    verdict = ask(both, now=at("2026-06-01 20:00"), sends=sent(at("2026-06-01 19:00")))
    assert isinstance(verdict, Suppress)
    assert verdict.rule == "quiet_hours"


@pytest.mark.parametrize("now", [NOON, NIGHT])
def test_missing_or_revoked_consent_is_never_hidden_behind_a_deferral(now: int) -> None:
    limits = rules(quiet_hours=QUIET, caps=[{"limit": 1, "per": "P7D"}], minimum_gap="P1D")
    revoked = apply_consent(GRANTED, "email", "marketing", False, 6)
    for consents, state in ((NO_CONSENTS, "unknown"), (revoked, "revoked")):
        verdict = ask(limits, now=now, sends=sent(now - 1), consents=consents)
        assert isinstance(verdict, Suppress)
        assert (verdict.rule, verdict.next_eligible_ms) == ("consent", None)
        assert verdict.inputs["state"] == state


def test_bounced_channel_is_closed_to_transactional_messages_too() -> None:
    closed = suppress_channel(GRANTED, "email", "hard bounce", 9)
    verdict = ask(rules(), consents=closed, request=SendRequest("email", "transactional", "j1"))
    assert isinstance(verdict, Suppress)
    assert verdict.rule == "channel_suppressed"
    assert verdict.inputs == {
        "rule": "channel_suppressed",
        "channel": "email",
        "cause": "hard bounce",
        "since_ms": 9,
    }


def test_transactional_message_needs_no_consent_but_keeps_to_the_caps() -> None:
    request = SendRequest("email", "transactional", "j1")
    assert isinstance(ask(rules(), consents=NO_CONSENTS, request=request), Allow)
    capped = rules(caps=[{"limit": 1, "per": "P1D"}])
    assert isinstance(ask(capped, consents=NO_CONSENTS, request=request, sends=sent(NOON - 1)), Suppress)


def test_opt_out_category_is_sent_until_it_is_revoked() -> None:
    opt_out = rules(consent={"marketing": "opt_out"})
    assert isinstance(ask(opt_out, consents=NO_CONSENTS), Allow)
    assert isinstance(ask(opt_out, consents=apply_consent(NO_CONSENTS, "email", "*", False, 1)), Suppress)


@pytest.mark.parametrize("zone", [None, "Nowhere/Land"])
def test_unknown_zone_takes_the_strictest_assumption(zone: str | None) -> None:
    careful = rules(quiet_hours=QUIET, fallback_zones=["Europe/Berlin", "America/Los_Angeles"])
    verdict = ask(careful, now=NOON, zone=zone)  # 14:00 in Berlin, 05:00 in Los Angeles
    assert isinstance(verdict, Defer)
    assert verdict.until_ms == at("2026-06-01 15:00")
    assert verdict.inputs["zone"] == "America/Los_Angeles"
    assert verdict.inputs["is_zone_assumed"] is True


def test_unknown_zone_counts_the_calendar_day_that_began_first() -> None:
    daily = rules(caps=[{"limit": 1, "per": "day"}], fallback_zones=["Asia/Tokyo", "America/Los_Angeles"])
    # 12:00 UTC: in Tokyo the day began at 15:00 UTC yesterday, in Los Angeles at 07:00 today.
    verdict = ask(daily, sends=sent(at("2026-06-01 01:00")), zone=None)
    assert isinstance(verdict, Suppress)
    assert verdict.inputs["zone"] == "Asia/Tokyo"


def test_zones_that_are_never_awake_together_suppress() -> None:
    never = rules(quiet_hours={"from": "10:00", "to": "08:00"}, fallback_zones=["Europe/Berlin", "America/Los_Angeles"])
    verdict = ask(never, zone=None)
    assert isinstance(verdict, Suppress)
    assert (verdict.rule, verdict.next_eligible_ms) == ("quiet_hours", None)


def test_history_that_forgot_too_much_suppresses_and_says_so() -> None:
    forgetful = SendHistory((), forgotten_until_ms=NOON - DAY_MS)
    verdict = ask(rules(caps=[{"limit": 5, "per": "P7D"}]), sends=forgetful)
    assert isinstance(verdict, Suppress)
    assert verdict.reason.startswith("too many sends to be sure")
    assert verdict.inputs["forgotten_until_ms"] == NOON - DAY_MS
    assert verdict.next_eligible_ms == NOON + 6 * DAY_MS


def test_without_rules_only_consent_is_checked() -> None:
    verdict = ask(rules())
    assert isinstance(verdict, Allow)
    assert [check["rule"] for check in verdict.checked] == ["consent"]


def test_every_verdict_is_plain_json() -> None:
    limits = rules(quiet_hours=QUIET, caps=[{"limit": 1, "per": "P7D"}], minimum_gap="PT1H")
    for verdict in (
        ask(limits),
        ask(limits, now=NIGHT),
        ask(limits, sends=sent(NOON - 1)),
        ask(limits, consents=NO_CONSENTS),
    ):
        assert json.loads(msgspec.json.encode(verdict)) == json.loads(json.dumps(msgspec.to_builtins(verdict)))


def test_zone_that_this_tzdata_lacks_is_a_problem_of_the_definition() -> None:
    unchecked = Guardrails.model_construct(caps=(), fallback_zones=("Atlantis/Capital",))
    with pytest.raises(DefinitionError) as caught:
        compile_rules(unchecked)
    assert caught.value.problems[0].path == "$.guardrails.fallback_zones[0]"
