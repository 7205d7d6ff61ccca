"""What must hold after any history whatever. Judged on effects alone, by rules written anew here and kept stupid."""

import itertools
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from orchestrator.definitions.duration import parse_duration
from orchestrator.journeys.turn import Effect
from orchestrator.messages.activity import Activity
from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import EngagementEvent


def commands_in(effects: Sequence[Effect]) -> list[SendCommand]:
    return [effect for effect in effects if isinstance(effect, SendCommand)]


def messages_in(effects: Sequence[Effect]) -> list[SendCommand]:
    """Commands that reach a customer: all but those that tell another system."""
    return [command for command in commands_in(effects) if command.channel != "webhook"]


def activities_in(effects: Sequence[Effect], *types: str) -> list[Activity]:
    return [effect for effect in effects if isinstance(effect, Activity) and (not types or effect.type in types)]


def assert_ids_are_unique(effects: Sequence[Effect]) -> None:
    """No id stands for two things."""
    ids = [effect.id for effect in effects]
    assert len(ids) == len(set(ids)), [effect for effect in effects if ids.count(effect.id) > 1]


def assert_every_command_is_on_record(effects: Sequence[Effect]) -> None:
    """Each command has its activity, and each such activity its command."""
    asked = activities_in(effects, "send_requested", "webhook_requested")
    recorded = [activity.details["command_id"] for activity in asked]
    assert recorded == [command.id for command in commands_in(effects)]


def assert_every_non_send_has_a_reason(effects: Sequence[Effect]) -> None:
    for activity in activities_in(effects, "send_suppressed", "send_deferred", "entry_refused"):
        assert activity.details["rule"]
        assert activity.details["reason"]


def assert_the_holdout_gets_nothing(effects: Sequence[Effect]) -> None:
    held_out = {activity.run_id for activity in activities_in(effects, "journey_entered") if activity.arm == "holdout"}
    assert not [command for command in commands_in(effects) if command.run_id in held_out]


def assert_caps_hold(effects: Sequence[Effect], guardrails: dict[str, Any], zones: Sequence[str]) -> None:
    """In every window that ends with a send, and in every calendar period of every zone the customer ever had.

    A calendar cap is asked in the zone known at the moment of sending. So it is judged only over a history in which the
    zone never changed.
    """
    commands = messages_in(effects)
    for cap in guardrails["caps"]:
        sends = [command.decided_at_ms for command in commands if cap.get("channel") in (None, command.channel)]
        if cap["per"] in ("day", "week"):
            if len(zones) == 1:
                counts: dict[Any, int] = defaultdict(int)
                for at_ms in sends:
                    local = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(ZoneInfo(zones[0]))
                    counts[local.date() if cap["per"] == "day" else local.isocalendar()[:2]] += 1
                assert max(counts.values(), default=0) <= cap["limit"]
            continue
        window_ms = parse_duration(cap["per"]) // timedelta(milliseconds=1)
        for at_ms in sends:
            assert sum(at_ms - window_ms < other <= at_ms for other in sends) <= cap["limit"]


def assert_gaps_hold(effects: Sequence[Effect], guardrails: dict[str, Any]) -> None:
    if gap := guardrails.get("minimum_gap"):
        gap_ms = parse_duration(gap) // timedelta(milliseconds=1)
        moments = [command.decided_at_ms for command in messages_in(effects)]
        assert all(later - earlier >= gap_ms for earlier, later in itertools.pairwise(moments))


def assert_quiet_hours_hold(effects: Sequence[Effect], guardrails: dict[str, Any], zones: Sequence[str]) -> None:
    """Judged where the customer's zone never changed: then every send is at a local time outside quiet hours."""
    quiet = guardrails.get("quiet_hours")
    if quiet is None or len(zones) != 1:
        return
    for command in messages_in(effects):
        if command.channel not in quiet.get("channels", [command.channel]):
            continue
        local = datetime.fromtimestamp(command.decided_at_ms / 1000, UTC).astimezone(ZoneInfo(zones[0]))
        clock = f"{local:%H:%M}"
        assert quiet["to"] <= clock < quiet["from"], clock


def assert_consent_holds(
    effects: Sequence[Effect], guardrails: dict[str, Any], events: Sequence[EngagementEvent]
) -> None:
    """A marketing send needs a grant for its channel that is not younger than the send, where consent is required; and
    none is made when every word on the channel that was ever said is a withdrawal."""
    said = [event for event in events if event.type.startswith("consent.")]
    for command in messages_in(effects):
        if command.category == "transactional":
            continue
        heard = [event for event in said if event.data["channel"] in ("*", command.channel)]
        granted = [event for event in heard if event.type == "consent.granted"]
        if guardrails["consent"]["marketing"] == "required":
            assert any(event.time_ms <= command.decided_at_ms for event in granted)
        known_then = [event for event in heard if event.time_ms <= command.decided_at_ms]
        assert granted or not known_then or _arrived_late(known_then, command, events)


def _arrived_late(
    withdrawals: Sequence[EngagementEvent], command: SendCommand, events: Sequence[EngagementEvent]
) -> bool:
    """Whether each withdrawal arrived after something that happened later than the send: it was not known in time."""
    return all(
        any(earlier.time_ms >= command.decided_at_ms for earlier in events[: events.index(withdrawal)])
        for withdrawal in withdrawals
    )


def zones_of(events: Sequence[EngagementEvent], fallback: str) -> list[str]:
    """Every zone in which the customer may have been thought to be; names that are no zones mean the fallback."""
    zones = {fallback}
    for event in events:
        if event.type == "customer.updated":
            named = event.data["attributes"]
            if not isinstance(named, dict):
                raise TypeError("a test's attributes are a mapping")
            zones.add(named["timezone"] if named["timezone"] != "nowhere/at_all" else fallback)
    return sorted(zones)
