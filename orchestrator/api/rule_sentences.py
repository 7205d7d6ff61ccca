"""Limits in words, for people who set and watch them. Pure.

``everywhere``: the rule is the workspace's, and binds all its journeys.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from orchestrator.definitions.clock import WEEKDAYS
from orchestrator.definitions.duration import length_in_words
from orchestrator.definitions.entry import Capacity
from orchestrator.definitions.guardrail import (
    DEFAULT_CONSENT,
    Brake,
    Budget,
    ConsentMode,
    FrequencyCap,
    QuietHours,
    Rate,
)

_NOUNS = {
    "email": ("e-mail", "e-mails"),
    "sms": ("text message", "text messages"),
    "push": ("push message", "push messages"),
    "whatsapp": ("WhatsApp message", "WhatsApp messages"),
    "in-app": ("in-app message", "in-app messages"),
    "webhook": ("webhook call", "webhook calls"),
}
_ANY = ("message", "messages")
_CONSENT: Mapping[ConsentMode, str] = {
    "required": "only to customers who have agreed",
    "opt_out": "unless the customer has refused",
    "none": "whether or not the customer has agreed",
}
_OUTCOMES = {
    "bounced": "bounced",
    "complained": "led to a complaint",
    "unsubscribed": "led to an unsubscription",
    "failed": "failed",
}


def of_cap(cap: FrequencyCap, *, everywhere: bool = False) -> str:
    """Such as "At most 2 marketing e-mails per customer in 7 days"."""
    what = f"{cap.category} {_noun(cap.channel, cap.limit)}" if cap.category else _noun(cap.channel, cap.limit)
    scope = f" of {'each' if everywhere else 'this'} journey" if cap.scope == "journey" else ""
    period = f"in {length_in_words(cap.per)}" if isinstance(cap.per, timedelta) else f"and calendar {cap.per}"
    counted = ", over all journeys" if everywhere and cap.scope == "customer" else ""
    return f"At most {cap.limit} {what}{scope} per customer {period}{counted}"


def of_gap(gap: timedelta) -> str:
    """Such as "At least 4 hours between any two messages to a customer"."""
    return f"At least {length_in_words(gap)} between any two messages to a customer"


def of_quiet_hours(quiet: QuietHours) -> str:
    """Such as "No messages from 21:00 to 08:00 on the customer's clock; what falls into it waits"."""
    what = "messages" if quiet.channels is None else _listed([_noun(channel, 2) for channel in quiet.channels], "or")
    silent = [day.capitalize() for day in WEEKDAYS if day not in quiet.weekdays]
    days = f", nor on {_listed([f'{day}s' for day in silent], 'and')}" if silent else ""
    then = "what falls into it waits" if quiet.on_quiet == "defer" else "what falls into it is dropped"
    return f"No {what} from {quiet.starts} to {quiet.ends} on the customer's clock{days}; {then}"


def of_zones(zones: Sequence[str]) -> str:
    """Such as "Where a customer's time zone is not known, the clock of UTC counts"."""
    if len(zones) == 1:
        return f"Where a customer's time zone is not known, the clock of {zones[0]} counts"
    return f"Where a customer's time zone is not known, a message must be allowed in each of {_listed(zones, 'and')}"


def of_consent(consent: Mapping[str, ConsentMode]) -> str:
    """What each category needs; of those that are not named the strictest, but for transactional ones."""
    modes = consent if "transactional" in consent else {**consent, "transactional": DEFAULT_CONSENT["transactional"]}
    parts = [f"{category} messages {_CONSENT[mode]}" for category, mode in modes.items()]
    parts.append(f"others {_CONSENT['required']}")
    text = ", ".join(parts)
    return text[0].upper() + text[1:]


def of_rate(rate: Rate, *, everywhere: bool = False) -> str:
    """Such as "At most 100 e-mails per minute, over all customers"."""
    return f"At most {rate.limit:,} {_noun(rate.channel, rate.limit)} per {rate.per}, {_over_all(everywhere)}"


def of_budget(budget: Budget, *, everywhere: bool = False) -> str:
    """Such as "At most 5,000 e-mails each day in Europe/Berlin, over all customers; more wait for the next day"."""
    period = f"each day in {budget.zone}" if budget.per == "day" else "in total"
    is_waiting = budget.per == "day" and budget.when_spent == "defer"
    then = "more wait for the next day" if is_waiting else "more are not sent"
    if budget.kind == "messages":
        what = f"{int(budget.limit):,} {_noun(budget.channel, int(budget.limit))}"
    else:
        what = f"{_money(budget.limit)} spent on {_noun(budget.channel, 2)}"
    return f"At most {what} {period}, {_over_all(everywhere)}; {then}"


def of_brake(brake: Brake, *, everywhere: bool = False) -> str:
    """Such as "The journey pauses when more than 2 % of the messages of the last day bounced, from 500 messages on"."""
    within = length_in_words(brake.within)
    one = within.removeprefix("1 ")
    last = one if one.isalpha() else within
    share = f"more than {brake.percent:g} % of {'its' if everywhere else 'the'} messages of the last {last}"
    least = f"from {brake.at_least:,} {_noun(None, brake.at_least)} on"
    return f"{'A' if everywhere else 'The'} journey pauses when {share} {_OUTCOMES[brake.outcome]}, {least}"


def of_capacity(capacity: Capacity) -> str:
    """Such as "At most 1,000 entries each day in UTC"."""
    period = f"each day in {capacity.zone}" if capacity.per == "day" else "in total"
    return f"At most {capacity.limit:,} {'entry' if capacity.limit == 1 else 'entries'} {period}"


def of_holdout(percent: float, of: str) -> str:
    """Such as "10 % of the customers who enter get nothing, so that the others can be compared with them"."""
    who = (
        "of the customers who enter get nothing" if of == "journey" else "of all customers get nothing from any journey"
    )
    return f"{percent:g} % {who}, so that the others can be compared with them"


def of_cost(channel: str, cost: float) -> str:
    """Such as "One e-mail costs 0.07 where its step names no cost"."""
    return f"One {_noun(channel, 1)} costs {cost:g} where its step names no cost"


def of_approval(*, is_needed: bool) -> str:
    """Whether a second person stands between a change and the customers."""
    if is_needed:
        return "Starting a draft, publishing another definition and loosening these settings wait for a second person"
    return "What is published or saved holds at once: no second person is asked"


def of_kill_switch(*, is_sending: bool) -> str:
    """Whether anything leaves the workspace at all."""
    return (
        "The workspace may send"
        if is_sending
        else "All sending is stopped: nobody enters a journey and nothing is sent"
    )


def _over_all(everywhere: bool) -> str:
    return "over all customers and journeys" if everywhere else "over all customers"


def _noun(channel: str | None, count: int) -> str:
    one, many = _ANY if channel is None else _NOUNS[channel]
    return one if count == 1 else many


def _listed(words: Sequence[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _money(amount: float) -> str:
    return f"{amount:,.2f}".removesuffix(".00")
