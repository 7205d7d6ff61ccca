"""How far a limit is used, from what was counted. Pure.

What is counted lags behind the workers by as long as the sink takes: they alone know, and keep the limit. So a gauge
may show a little less than is used; of a limit whose use cannot be known from the figures it shows nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from orchestrator.api import rule_sentences as say
from orchestrator.api.gauge_documents import Gauge, GaugeKind, GaugeOf
from orchestrator.definitions.entry import Capacity
from orchestrator.definitions.guardrail import Brake, Guardrails
from orchestrator.experiments.sample_ratio import MISTRUST_BELOW, sample_ratio_p
from orchestrator.guardrails.brakes import ASKED_FOR, tripped
from orchestrator.guardrails.budget import FOR_EVER_MS, MICRO, Limit, compile_capacity, compile_limits
from orchestrator.store.gauges import EVERYTHING, Counted, Period, Rules, day_in, everything_since, time_from
from orchestrator.store.quarters import QUARTER_MS, date_in

BEGINNING = datetime.min.replace(tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Which rules, by their names on record, hold back for which kind.
_RULES: Mapping[GaugeKind, tuple[str, ...]] = {
    "cap": ("frequency_cap",),
    "gap": ("minimum_gap",),
    "quiet_hours": ("quiet_hours",),
    "consent": ("consent", "channel_suppressed"),
    "rate": ("rate",),
    "budget": ("budget",),
    "capacity": ("capacity",),
}


def guardrails_of(document: object) -> Guardrails:
    """The guardrails that were written as ``document``; those that hold without any, for nothing."""
    # Read as JSON text: in strict mode only JSON may write a list where a tuple is meant.
    return Guardrails.model_validate_json(msgspec.json.encode(document or {}))


def of_customers(guardrails: Guardrails, of: GaugeOf, held: Mapping[str, int]) -> Iterator[Gauge]:
    """The rules that look at one customer: nothing is used of them by all together."""
    for cap in guardrails.caps:
        yield plain("cap", of, say.of_cap(cap, everywhere=of == "workspace"), held, limit=cap.limit)
    if guardrails.minimum_gap is not None:
        yield plain("gap", of, say.of_gap(guardrails.minimum_gap), held)
    if guardrails.quiet_hours is not None:
        yield plain("quiet_hours", of, say.of_quiet_hours(guardrails.quiet_hours), held)
    yield plain("consent", of, say.of_consent(guardrails.consent), held)


def of_limit(
    limit: Limit,
    of: GaugeOf,
    sentence: str,
    held: Mapping[str, int],
    counted: Counted | int | None,
    now: datetime,
    in_force: datetime = BEGINNING,
) -> Gauge:
    """A rate, budget or capacity. ``counted``: in the period that ``now`` is in; None: that is not known."""
    start_ms, end_ms = limit.period(_ms(now))
    since = max(_at(start_ms), in_force)
    height = limit.limit / MICRO if limit.is_money else limit.limit
    used = None if counted is None else counted if isinstance(counted, int) else _used(limit, counted)
    gauge = plain(limit.rule, of, sentence, held, limit=height, used=used)
    is_reached = used is not None and used >= height
    if isinstance(counted, Counted) and limit.is_money and used is not None and not is_reached:
        is_reached = height - used < _usual_cost(limit, counted)
    return gauge.model_copy(
        update={
            "since": since if since > _EPOCH else None,
            "until": _at(end_ms) if end_ms < FOR_EVER_MS else None,
            "is_reached": is_reached,
        }
    )


def of_brake(brake: Brake, of: GaugeOf, counts: Mapping[str, int], since: datetime, now: datetime) -> Gauge:
    """A brake, with the journey's messages since ``since``. Of fewer than it concludes from, it shows nothing."""
    messages, bad = counts.get(ASKED_FOR, 0), counts.get(brake.outcome, 0)
    used = 100 * bad / messages if messages >= brake.at_least else None
    gauge = plain("brake", of, say.of_brake(brake, everywhere=of == "workspace"), {}, limit=brake.percent, used=used)
    return gauge.model_copy(update={"since": since, "until": now, "is_reached": bool(tripped([(brake, counts)]))})


def of_holdout(percent: float, treated: int, held_out: int, held: Mapping[str, int]) -> Gauge:
    """The holdout of a journey, by the customers of either arm; without any nothing is known of it."""
    gauge = plain("holdout", "journey", say.of_holdout(percent, "journey"), held, limit=percent)
    total = treated + held_out
    if not total:
        return gauge
    is_off_plan = sample_ratio_p(treated, held_out, 1 - percent / 100) < MISTRUST_BELOW
    return gauge.model_copy(update={"used": 100 * held_out / total, "is_off_plan": is_off_plan})


def plain(
    kind: GaugeKind,
    of: GaugeOf,
    sentence: str,
    held: Mapping[str, int],
    *,
    limit: float | None = None,
    used: float | None = None,
    is_reached: bool = False,
) -> Gauge:
    """A gauge without a period. ``held``: how often something was held back, by rule."""
    return Gauge(
        kind=kind,
        of=of,
        sentence=sentence,
        limit=limit,
        used=used,
        share=used / limit if used is not None and limit else None,
        since=None,
        until=None,
        held_back=sum(held.get(rule, 0) for rule in _RULES.get(kind, ())),
        is_reached=is_reached,
    )


def limits_with_sentences(guardrails: Guardrails, of: GaugeOf) -> list[tuple[Limit, str]]:
    """The rates and budgets, made ready as the workers have them."""
    everywhere = of == "workspace"
    sentences = [say.of_rate(rate, everywhere=everywhere) for rate in guardrails.rates]
    sentences += [say.of_budget(budget, everywhere=everywhere) for budget in guardrails.budgets]
    return list(zip(compile_limits("", guardrails), sentences, strict=True))


def period_of(limit: Limit, now: datetime, in_force: datetime | None) -> Period | None:
    """What must be counted to know how far the limit is used; None: no figures tell, or only those of one minute.

    ``in_force``: since when the workers keep it (see ``in_force_since``); what was before does not count for them.
    """
    start_ms, end_ms = limit.period(_ms(now))
    if limit.period_ms:
        return time_from(_at(start_ms), _at(end_ms)) if limit.period_ms >= QUARTER_MS else None
    if in_force is None:
        return None
    if limit.zone is None:
        return EVERYTHING if in_force == BEGINNING else everything_since(in_force)
    if _ms(in_force) > start_ms:
        return everything_since(in_force)
    return day_in(limit.zone, date_in(limit.zone, now))


def in_force_since(key: str, written: Sequence[tuple[datetime, frozenset[str]]]) -> datetime | None:
    """Since when the limit ``key`` binds; None: that is not known, since it came, went and came back.

    ``written``: the keys that were in force from each moment on, in order; a key of the first one binds from the
    ``BEGINNING``.
    """
    has = [key in keys for _, keys in written]
    if not has or not has[-1] or has != sorted(has):
        return None
    place = has.index(True)
    return written[place][0] if place else BEGINNING


def keys_of(rules: Rules) -> frozenset[str]:
    """What the rules limit from one day to the next or in total, not how high: budgets, and the capacity."""
    keys = {limit.key for limit in compile_limits("", guardrails_of(rules.guardrails)) if limit.rule == "budget"}
    if rules.capacity is not None:
        keys.add(capacity_limit(Capacity.model_validate_json(msgspec.json.encode(rules.capacity))).key)
    return frozenset(keys)


def capacity_limit(capacity: Capacity) -> Limit:
    """How many may enter, made ready as the workers have it."""
    return compile_capacity("", capacity)


def _used(limit: Limit, counted: Counted) -> float:
    if limit.rule == "capacity":
        return counted.entered
    amounts: Mapping[str, int | Decimal] = counted.costs if limit.is_money else counted.sends
    return float(sum(amount for channel, amount in amounts.items() if limit.concerns(channel)))


def _usual_cost(limit: Limit, counted: Counted) -> float:
    """What one of the messages counted has cost: with less than that left, a budget of money holds back."""
    messages = sum(count for channel, count in counted.sends.items() if limit.concerns(channel))
    return _used(limit, counted) / messages if messages else 0.0


def _ms(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _at(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)
