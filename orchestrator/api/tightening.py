"""Whether a change of the workspace's settings only tightens: then no customer gets a message because of it. Pure.

A rule of before still holds where some rule of after lets through nothing that it did not. Of what cannot be compared,
such as another budget's zone, nobody knows that: it does not only tighten. The page tells both ways apart, rule by
rule (settings-changes.js).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TypeVar

from orchestrator.api.gauge import guardrails_of
from orchestrator.definitions.clock import MINUTES_PER_DAY, minute_of
from orchestrator.definitions.guardrail import (
    DEFAULT_CONSENT,
    Brake,
    Budget,
    ConsentMode,
    FrequencyCap,
    Guardrails,
    QuietHours,
    Rate,
)
from orchestrator.store.workspaces import Workspace

_Rule = TypeVar("_Rule")
_PERIOD_S: Mapping[str, int] = {"second": 1, "minute": 60, "hour": 3_600}
_STRICTNESS: tuple[ConsentMode, ...] = ("none", "opt_out", "required")


def only_tightens(before: Workspace, after: Workspace) -> bool:
    """Whether everything that keeps messages back keeps back as much as before, or more.

    Another holdout or other costs do not: they choose other customers, and let other messages through a budget.
    """
    return (
        (before.is_sending or not after.is_sending)
        and (after.needs_approval or not before.needs_approval)
        and before.holdout_percent == after.holdout_percent
        and before.costs == after.costs
        and _guardrails_hold(before.guardrails, after.guardrails)
    )


def _guardrails_hold(before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    if not before:
        return True  # nothing was kept back
    if not after:
        return False  # with the last rule goes what is asked of consent
    was, now = guardrails_of(before), guardrails_of(after)
    return (
        _each_holds(was.caps, now.caps, _cap_holds)
        and _each_holds(was.budgets, now.budgets, _budget_holds)
        and _each_holds(was.rates, now.rates, _rate_holds)
        and _each_holds(was.brakes, now.brakes, _brake_holds)
        and (was.minimum_gap is None or (now.minimum_gap is not None and was.minimum_gap <= now.minimum_gap))
        and _quiet_holds(was.quiet_hours, now.quiet_hours)
        and set(was.fallback_zones) <= set(now.fallback_zones)
        and _consent_holds(was, now)
    )


def _each_holds(was: Iterable[_Rule], now: Iterable[_Rule], holds: Callable[[_Rule, _Rule], bool]) -> bool:
    rules = tuple(now)
    return all(any(holds(one, other) for other in rules) for one in was)


def _cap_holds(was: FrequencyCap, now: FrequencyCap) -> bool:
    is_same = (was.channel, was.category, was.scope) == (now.channel, now.category, now.scope)
    return is_same and now.limit <= was.limit and _is_as_long(was.per, now.per)


def _is_as_long(was: str | timedelta, now: str | timedelta) -> bool:
    """Whether a window counts at least as much; a calendar day is no 24 hours."""
    if isinstance(was, timedelta) and isinstance(now, timedelta):
        return was <= now
    return was == now or (was, now) == ("day", "week")


def _budget_holds(was: Budget, now: Budget) -> bool:
    if (was.kind, was.channel) != (now.kind, now.channel) or now.limit > was.limit:
        return False
    if now.per == "total":
        return True
    skips_as_well = was.when_spent == "defer" or now.when_spent == "skip"
    return was.per == "day" and was.zone == now.zone and skips_as_well


def _rate_holds(was: Rate, now: Rate) -> bool:
    return was.channel == now.channel and now.limit <= was.limit and _PERIOD_S[was.per] <= _PERIOD_S[now.per]


def _brake_holds(was: Brake, now: Brake) -> bool:
    is_same = (was.outcome, was.within) == (now.outcome, now.within)
    return is_same and now.percent <= was.percent and now.at_least <= was.at_least


def _quiet_holds(was: QuietHours | None, now: QuietHours | None) -> bool:
    if was is None or now is None:
        return was is None
    channels = now.channels is None or (was.channels is not None and set(was.channels) <= set(now.channels))
    skips_as_well = was.on_quiet == "defer" or now.on_quiet == "skip"
    return channels and skips_as_well and set(now.weekdays) <= set(was.weekdays) and _minutes(was) <= _minutes(now)


def _minutes(quiet: QuietHours) -> frozenset[int]:
    start, end = minute_of(quiet.starts), minute_of(quiet.ends)
    return frozenset((start + at) % MINUTES_PER_DAY for at in range((end - start) % MINUTES_PER_DAY))


def _consent_holds(was: Guardrails, now: Guardrails) -> bool:
    named = {*DEFAULT_CONSENT, *was.consent, *now.consent}
    return all(
        _STRICTNESS.index(was.consent_mode(category)) <= _STRICTNESS.index(now.consent_mode(category))
        for category in named
    )
