"""All guardrails, one verdict.

A send is allowed only when every rule allows it, so the order of the rules changes nothing about *whether* one is sent.
It settles which refusal is reported when there are several, and it is this:

1. **Suppression and consent** come first and end the matter: a channel closed by a bounce or complaint, a grant that is
   missing or was revoked. No later rule can hide that behind a "try again later". They are also the last word: a
   deferred send is decided again from the start, so an ``Allow`` always rests on the consent known at that moment.
2. **Minimum gap, then quiet hours** find the *earliest moment* at which the send could be made: now, or later.
3. **Frequency caps** are asked about that earliest moment, not about now. At 23:00, with today's cap used up and quiet
   hours until 08:00, the send is deferred, because tomorrow has room; with the week's cap used up it is suppressed at
   once, because waiting would not help. Sends made in between only fill a cap further, so what is suppressed here would
   have been suppressed then.
4. The earliest moment is later than now: ``Defer`` until then. Otherwise ``Allow``.

Where several sets of rules bind (a workspace's beside a journey's), each is asked: see ``decide_under``.

What is allowed must be remembered (``history.remember``) before the next decision about the same customer.
"""

from collections.abc import Sequence

import msgspec

from orchestrator.definitions.clock import MINUTES_PER_DAY, WEEKDAYS
from orchestrator.guardrails.consent import Consents, consent_of, is_permitted, state_of, suppression_of
from orchestrator.guardrails.frequency import Cap, count_since, is_full, opens_ms
from orchestrator.guardrails.history import SendHistory
from orchestrator.guardrails.quiet_hours import SendingTimes, is_allowed, next_allowed
from orchestrator.guardrails.rules import SendRules
from orchestrator.guardrails.verdict import Allow, Defer, Inputs, Suppress, Verdict
from orchestrator.guardrails.zone import DAY_MS, MINUTE_MS, Zone, known_zone, local_ms, weekday

_MOST_ROUNDS = 20
_CLOCK = tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in range(MINUTES_PER_DAY))


class SendRequest(msgspec.Struct, frozen=True, gc=False):
    """What a journey wants to send."""

    channel: str
    category: str
    journey_id: str


class CustomerFacts(msgspec.Struct, frozen=True, gc=False):
    """What is known of the customer. ``zone_name`` may be missing or nonsense: the rules' fallback zones hold then."""

    zone_name: str | None
    consents: Consents
    sends: SendHistory


def decide(rules: SendRules, request: SendRequest, facts: CustomerFacts, now_ms: int) -> Verdict:
    """Whether this may be sent at ``now_ms``, by the order of the module's docstring."""
    consent = _permission(rules, request, facts.consents)
    if isinstance(consent, Suppress):
        return consent
    checked = [consent]
    delay: Defer | None = None
    at_ms = now_ms
    zone = known_zone(facts.zone_name)
    zones = rules.fallback_zones if zone is None else (zone,)

    if rules.gap_ms:
        gap = _gap_inputs(rules, facts.sends, now_ms)
        if facts.sends.records and (over_ms := facts.sends.records[-1].at_ms + rules.gap_ms) > now_ms:
            delay = Defer(over_ms, "minimum_gap", f"the last send was less than {rules.gap} ago", gap)
            at_ms = over_ms
        checked.append(gap)

    if rules.times is not None and (rules.quiet_channels is None or request.channel in rules.quiet_channels):
        quiet, is_quiet = _quiet_inputs(rules.times, rules.quiet, zones, zone is None, at_ms)
        if is_quiet:
            opens = next_allowed(rules.times, zones, at_ms)
            if opens is None:
                return Suppress("quiet_hours", "quiet hours do not lift within 14 days", quiet)
            if rules.is_skipping_quiet:
                return Suppress("quiet_hours", "it is quiet hours for the customer", quiet, opens)
            delay = Defer(opens, "quiet_hours", "it is quiet hours for the customer", quiet)
            at_ms = opens
        checked.append(quiet)

    refusal: Suppress | None = None
    for cap in rules.caps_for(request.channel, request.category):
        inputs, cap_is_full = _cap_inputs(cap, facts.sends, zones, request.journey_id, at_ms)
        if cap_is_full:
            refusal = _longer(refusal, _cap_refusal(cap, inputs, facts.sends, zones, request.journey_id))
        checked.append(inputs)
    return refusal or delay or Allow(tuple(checked))


def decide_under(rule_sets: Sequence[SendRules], request: SendRequest, facts: CustomerFacts, now_ms: int) -> Verdict:
    """Whether this may be sent at ``now_ms`` under every set of rules.

    One refusal refuses. A delay that one set demands is the moment that the others are asked about, as within one set;
    when it is over, all are asked again.
    """
    delay: Defer | None = None
    at_ms = now_ms
    for _ in range(_MOST_ROUNDS):
        checked: list[Inputs] = []
        for rules in rule_sets:
            verdict = decide(rules, request, facts, at_ms)
            if isinstance(verdict, Suppress):
                return verdict
            if isinstance(verdict, Defer):
                delay, at_ms = verdict, verdict.until_ms
                break
            checked += verdict.checked
        else:
            return delay or Allow(tuple(checked))
    if delay is None:
        raise AssertionError("only a delay leads to another round")  # pragma: no cover
    return delay  # they agree on no moment within sight: all are asked again at the latest one found


def _permission(rules: SendRules, request: SendRequest, consents: Consents) -> Inputs | Suppress:
    """The consent the send rests on, or why there is none."""
    suppression = suppression_of(consents, request.channel)
    if suppression is not None:
        inputs: Inputs = {
            "rule": "channel_suppressed",
            "channel": request.channel,
            "cause": suppression.reason,
            "since_ms": suppression.time_ms,
        }
        return Suppress("channel_suppressed", f"{request.channel} must not be used: {suppression.reason}", inputs)
    mode = rules.consent_mode(request.category)
    if mode == "none":
        return {"rule": "consent", "mode": mode}
    consent = consent_of(consents, request.channel, request.category)
    state = state_of(consent)
    inputs = {"rule": "consent", "mode": mode, "state": state}
    if consent is not None:
        inputs["since_ms"] = consent.time_ms
    if is_permitted(mode, state):
        return inputs
    inputs["channel"], inputs["category"] = request.channel, request.category
    wanted = "was revoked" if state == "revoked" else "is required and was never given"
    return Suppress("consent", f"consent to {request.category} over {request.channel} {wanted}", inputs)


def _gap_inputs(rules: SendRules, sends: SendHistory, now_ms: int) -> Inputs:
    since_ms = now_ms - sends.records[-1].at_ms if sends.records else None
    return {"rule": "minimum_gap", "gap": rules.gap, "since_last_ms": since_ms}


def _quiet_inputs(
    times: SendingTimes, quiet: str, zones: tuple[Zone, ...], is_assumed: bool, at_ms: int
) -> tuple[Inputs, bool]:
    """The local time looked at, and whether it is quiet: in the first zone where it is, else in the last of all."""
    zone, local, is_quiet = zones[0], 0, False
    for zone in zones:
        local = local_ms(zone, at_ms)
        if not is_allowed(times, local):
            is_quiet = True
            break
    day, time = divmod(local, DAY_MS)
    inputs: Inputs = {
        "rule": "quiet_hours",
        "quiet": quiet,
        "zone": zone.name,
        "local_time": _CLOCK[time // MINUTE_MS],
        "weekday": WEEKDAYS[weekday(day)],
    }
    if is_assumed:
        inputs["is_zone_assumed"] = True
    return inputs, is_quiet


def _cap_inputs(
    cap: Cap, sends: SendHistory, zones: tuple[Zone, ...], journey_id: str, at_ms: int
) -> tuple[Inputs, bool]:
    """The cap's counter at ``at_ms`` and whether it is full, in the strictest zone: where its window began first."""
    zone = zones[0]
    start_ms = cap.starts_ms(zone, at_ms)
    if not cap.window_ms:
        for other in zones[1:]:
            if (other_start_ms := cap.starts_ms(other, at_ms)) < start_ms:
                zone, start_ms = other, other_start_ms
    count = count_since(cap, sends, start_ms, journey_id)
    inputs: Inputs = {"rule": "frequency_cap", "cap": cap.index, "count": count, "limit": cap.limit, "per": cap.per}
    if not cap.window_ms:
        inputs["zone"] = zone.name
    return inputs, is_full(cap, sends, start_ms, count)


def _cap_refusal(cap: Cap, inputs: Inputs, sends: SendHistory, zones: tuple[Zone, ...], journey_id: str) -> Suppress:
    count = inputs["count"]
    reason = f"{count} of at most {cap.limit} {cap.kind} per {cap.per} were made"
    if isinstance(count, int) and count < cap.limit:
        inputs["forgotten_until_ms"] = sends.forgotten_until_ms
        reason = f"too many sends to be sure that fewer than {cap.limit} {cap.kind} per {cap.per} were made"
    return Suppress("frequency_cap", reason, inputs, opens_ms(cap, sends, zones, journey_id))


def _longer(one: Suppress | None, other: Suppress) -> Suppress:
    """The refusal that lasts longer: while it does, no cap has to be asked again."""
    if one is None or (other.next_eligible_ms or 0) > (one.next_eligible_ms or 0):
        return other
    return one
