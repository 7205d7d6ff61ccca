"""The sink's counters (``sink/fold.py``, and ``variants`` as ``store/zone_days.py`` has them) as figures. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from orchestrator.api.documents import (
    ArmFigures,
    ChannelFigures,
    Figures,
    StepFigures,
    VariantFigures,
)

_OUTCOMES = ("sent", "delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "failed")


def figures_of(metrics: Mapping[str, Any]) -> Figures:
    """The figures; a counter that is absent is zero."""
    return Figures(
        entered=metrics.get("entered", 0),
        customers=metrics.get("customers_entered", 0),
        completed=metrics.get("completed", 0),
        exited=sum(metrics.get("exited", {}).values()),
        entry_refused=sum(metrics.get("entry_refused", {}).values()),
        conversions=metrics.get("goals", 0),
        customers_converted=metrics.get("customers_converted", 0),
        revenue=metrics.get("value", 0),
        sends=sum(metrics.get("send_requested", {}).values()),
        suppressed=sum(metrics.get("send_suppressed", {}).values()),
        deferred=sum(metrics.get("send_deferred", {}).values()),
        cost=metrics.get("cost", 0),
        arms={arm: _arm(counters) for arm, counters in sorted(metrics.get("arms", {}).items())},
        channels={channel: _channel(channel, metrics) for channel in _channels(metrics)},
        suppressed_by_rule=metrics.get("send_suppressed", {}),
        deferred_by_rule=metrics.get("send_deferred", {}),
        refused_by_rule=metrics.get("entry_refused", {}),
        exits_by_reason=metrics.get("exited", {}),
        steps_passed=metrics.get("steps_passed", {}),
        steps={step: _step(counters) for step, counters in sorted(metrics.get("steps", {}).items())},
        variants={step: _variants(arms) for step, arms in sorted(metrics.get("variants", {}).items())},
    )


def notes_on(undivided: Sequence[date], zone: str) -> list[str]:
    """What to know about days that were counted as UTC days alone; see ``DaysInZone``."""
    if not undivided:
        return []
    first, last = undivided[0], undivided[-1]
    days = f"the UTC day {first}" if first == last else f"UTC days from {first} to {last}"
    return [
        f"Figures of {days} were counted, at least in part, before quarters of an hour were kept, so they are not "
        f"divided at midnight in {zone}: they stand on the day of the same date."
    ]


def _arm(counters: Mapping[str, Any]) -> ArmFigures:
    return ArmFigures(
        entered=counters.get("entered", 0),
        customers=counters.get("customers_entered", 0),
        customers_converted=counters.get("customers_converted", 0),
        conversions=counters.get("goals", 0),
        revenue=counters.get("value", 0),
        cost=counters.get("cost", 0),
    )


def _step(counters: Mapping[str, Any]) -> StepFigures:
    return StepFigures(**{name: counters.get(name, 0) for name in StepFigures.model_fields})


def _variants(arms: Mapping[str, Mapping[str, Any]]) -> dict[str, VariantFigures]:
    return {
        arm: VariantFigures(**{name: counters.get(name, 0) for name in VariantFigures.model_fields})
        for arm, counters in sorted(arms.items())
    }


def _channels(metrics: Mapping[str, Any]) -> list[str]:
    groups = ("send_requested", "suppressed_by_channel", "deferred_by_channel", "message_reported")
    return sorted({channel for group in groups for channel in metrics.get(group, {})})


def _channel(channel: str, metrics: Mapping[str, Any]) -> ChannelFigures:
    outcomes = metrics.get("message_reported", {}).get(channel, {})
    return ChannelFigures(
        sends=metrics.get("send_requested", {}).get(channel, 0),
        suppressed=metrics.get("suppressed_by_channel", {}).get(channel, 0),
        deferred=metrics.get("deferred_by_channel", {}).get(channel, 0),
        cost=metrics.get("cost_by_channel", {}).get(channel, 0),
        **{outcome: outcomes.get(outcome, 0) for outcome in _OUTCOMES},
    )
