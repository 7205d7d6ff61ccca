"""One decision of the engine, in words for people who run campaigns. Pure: an activity in, a sentence out."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from orchestrator.definitions.duration import length_in_words, parse_duration
from orchestrator.definitions.moment import moment_at
from orchestrator.guardrails.zone import MINUTE_MS, known_zone, local_ms
from orchestrator.store.reports import ActivityItem

HOLDOUT = "holdout"
_CHANNELS = {"email": "e-mail", "sms": "SMS", "whatsapp": "WhatsApp", "in-app": "in-app message"}
_ISO_DURATION = re.compile(r"\bP(?=\d|T\d)[0-9WDTHMS]+\b")


def sentence_of(activity: ActivityItem) -> str:
    """What was decided or happened, and why."""
    details: Mapping[str, object] = activity.details
    channel, reason = _channel(details), details.get("reason")
    match activity.activity_type:
        case "journey_entered":
            return f"Entered, as {'one of the holdout' if activity.arm == HOLDOUT else 'a treated customer'}."
        case "entry_refused":
            return f"Was not let in: {why(activity)}."
        case "wait_started":
            return f"Waits at {activity.step} until {text_of(moment_in(details, 'until_ms'))} at the latest."
        case "step_passed":
            way = details.get("way") or details.get("path")
            said = f" ({way})" if way is not None else ""
            return f"Passed {activity.step}{said} on to {details.get('next')}."
        case "send_requested":
            return f"{details.get('template')} was asked for over {channel}."
        case "send_suppressed":
            return f"{details.get('template')} over {channel} was not sent: {why(activity)}."
        case "send_deferred":
            until = text_of(moment_in(details, "until_ms"))
            return f"{details.get('template')} over {channel} was put off until {until}: {why(activity)}."
        case "goal_reached":
            return "Reached the goal."
        case "run_exited" | "run_completed":
            return f"Ended: {str(reason).replace('_', ' ')}."
        case "message_reported":
            return f"{channel[:1].upper()}{channel[1:]} reported: {details.get('outcome')}."
        case "webhook_requested":
            return f"{details.get('endpoint')} was told."
        case "run_migrated":
            return f"Version {details.get('from_version')} → {activity.version} ({details.get('policy')})."
        case "run_adopted":
            return f"Came along from customer {details.get('from_customer_id')}."
        case _:
            return activity.activity_type.replace("_", " ").capitalize() + "."


def why(activity: ActivityItem) -> str:
    """The reason on record, with the values that it rests on where they tell more than it does."""
    details, inputs = activity.details, activity.details.get("inputs")
    reason = _in_words(str(details.get("reason")))
    if isinstance(inputs, dict):
        match inputs.get("rule"):
            case "quiet_hours":
                reason = _quiet(inputs, activity.created_at)
            case "minimum_gap" if isinstance(since_ms := inputs.get("since_last_ms"), int):
                gap = _in_words(str(inputs.get("gap")))
                ago = length_in_words(timedelta(milliseconds=since_ms))
                reason = f"the last message was {ago} before, and at least {gap} must lie between two"
            case _:
                pass
    is_too_late = details.get("rule") == "message_expired" and "put_off_by" in details
    return f"{reason}; after that it would not be worth sending any more" if is_too_late else reason


def moment_in(details: Mapping[str, object], name: str) -> datetime | None:
    """The moment that is on record under ``name``, in milliseconds since 1970."""
    value = details.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return moment_at(value)


def text_of(moment: datetime | None) -> str:
    """As sentences write a moment: pages look for this form and write it on the reader's clock."""
    return "an unknown time" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _channel(details: Mapping[str, object]) -> str:
    channel = str(details.get("channel"))
    return _CHANNELS.get(channel, channel)


def _in_words(reason: str) -> str:
    """With "7 days" for "P7D"."""

    def written(found: re.Match[str]) -> str:
        try:
            return length_in_words(parse_duration(found[0]))
        except ValueError:
            return found[0]

    return _ISO_DURATION.sub(written, reason)


def _quiet(inputs: Mapping[str, object], decided_at: datetime) -> str:
    """The customer's clock; where the rule was asked about a later moment than that of the decision, it says so."""
    zone, time, quiet = str(inputs.get("zone")), str(inputs.get("local_time")), str(inputs.get("quiet"))
    was = "it was" if _clock(zone, decided_at) in (time, None) else "it would have been"
    day = str(inputs.get("weekday", "")).capitalize()
    place = zone.rsplit("/", 1)[-1].replace("_", " ")
    assumed = ", assumed, since the customer's zone is not known" if inputs.get("is_zone_assumed") else ""
    hours = " to ".join(quiet.split("-"))
    return f"{was} {day} {time} for the customer ({place}{assumed}), and it is quiet from {hours}"


def _clock(name: str, moment: datetime) -> str | None:
    """What a clock there shows, HH:MM; None: there is no such zone."""
    zone = known_zone(name)
    if zone is None:
        return None
    minutes = local_ms(zone, round(moment.timestamp() * 1_000)) // MINUTE_MS
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"
