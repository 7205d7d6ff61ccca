"""Every rule in words that people understand."""

from datetime import timedelta
from typing import Any

import pytest

from orchestrator.api import rule_sentences as say
from orchestrator.api.gauge import guardrails_of
from orchestrator.definitions.duration import length_in_words
from orchestrator.definitions.entry import Capacity


@pytest.mark.parametrize(
    ("cap", "sentence"),
    [
        (
            {"limit": 2, "per": "P7D", "channel": "email", "category": "marketing"},
            "At most 2 marketing e-mails per customer in 7 days",
        ),
        ({"limit": 1, "per": "day"}, "At most 1 message per customer and calendar day"),
        (
            {"limit": 3, "per": "week", "channel": "sms", "scope": "journey"},
            "At most 3 text messages of this journey per customer and calendar week",
        ),
        ({"limit": 1, "per": "PT36H", "channel": "in-app"}, "At most 1 in-app message per customer in 1 day 12 hours"),
    ],
)
def test_a_cap_says_what_it_counts_and_over_which_window(cap: dict[str, Any], sentence: str) -> None:
    [found] = guardrails_of({"caps": [cap]}).caps
    assert say.of_cap(found) == sentence


@pytest.mark.parametrize(
    ("quiet", "sentence"),
    [
        (
            {"from": "21:00", "to": "08:00"},
            "No messages from 21:00 to 08:00 on the customer's clock; what falls into it waits",
        ),
        (
            {
                "from": "21:00",
                "to": "08:00",
                "on_quiet": "skip",
                "channels": ["sms", "push"],
                "weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            },
            "No text messages or push messages from 21:00 to 08:00 on the customer's clock, nor on Saturdays and "
            "Sundays; what falls into it is dropped",
        ),
    ],
)
def test_quiet_hours_say_when_for_what_and_what_then(quiet: dict[str, Any], sentence: str) -> None:
    found = guardrails_of({"quiet_hours": quiet}).quiet_hours
    assert found is not None
    assert say.of_quiet_hours(found) == sentence


def test_consent_says_what_each_category_needs() -> None:
    consent = guardrails_of({"consent": {"news": "opt_out", "receipts": "none"}}).consent
    assert say.of_consent(consent) == (
        "News messages unless the customer has refused, receipts messages whether or not the customer has agreed, "
        "transactional messages whether or not the customer has agreed, others only to customers who have agreed"
    )


@pytest.mark.parametrize(
    ("budget", "sentence"),
    [
        (
            {"kind": "messages", "limit": 5000, "per": "day", "channel": "email", "zone": "Europe/Berlin"},
            "At most 5,000 e-mails each day in Europe/Berlin, over all customers; more wait for the next day",
        ),
        (
            {"kind": "money", "limit": 99.5, "per": "total"},
            "At most 99.50 spent on messages in total, over all customers; more are not sent",
        ),
        (
            {"kind": "messages", "limit": 1, "per": "day", "channel": "push", "when_spent": "skip"},
            "At most 1 push message each day in UTC, over all customers; more are not sent",
        ),
    ],
)
def test_a_budget_says_how_much_by_when_and_what_then(budget: dict[str, Any], sentence: str) -> None:
    [found] = guardrails_of({"budgets": [budget]}).budgets
    assert say.of_budget(found) == sentence


def test_rates_brakes_gaps_and_capacities_are_told() -> None:
    rules = guardrails_of(
        {
            "minimum_gap": "PT4H",
            "rates": [{"limit": 1200, "per": "minute", "channel": "whatsapp"}],
            "brakes": [
                {"outcome": "bounced", "percent": 2.5},
                {"outcome": "complained", "percent": 1, "within": "PT6H", "at_least": 1},
            ],
        }
    )
    assert rules.minimum_gap is not None
    assert say.of_gap(rules.minimum_gap) == "At least 4 hours between any two messages to a customer"
    assert say.of_rate(rules.rates[0]) == "At most 1,200 WhatsApp messages per minute, over all customers"
    assert [say.of_brake(brake) for brake in rules.brakes] == [
        "The journey pauses when more than 2.5 % of the messages of the last day bounced, from 500 messages on",
        "The journey pauses when more than 1 % of the messages of the last 6 hours led to a complaint, "
        "from 1 message on",
    ]
    assert say.of_capacity(Capacity(limit=1000, per="day")) == "At most 1,000 entries each day in UTC"
    assert say.of_capacity(Capacity(limit=1)) == "At most 1 entry in total"


def test_holdouts_and_the_kill_switch_are_told() -> None:
    assert say.of_holdout(10, "journey").startswith("10 % of the customers who enter get nothing, so that")
    assert say.of_holdout(2.5, "workspace").startswith("2.5 % of all customers get nothing from any journey")
    assert say.of_kill_switch(is_sending=True) == "The workspace may send"
    assert say.of_kill_switch(is_sending=False) == "All sending is stopped: nobody enters a journey and nothing is sent"


def test_lengths_are_told_in_whole_units() -> None:
    assert length_in_words(timedelta(days=1, minutes=1, seconds=2)) == "1 day 1 minute 2 seconds"
    assert length_in_words(timedelta(milliseconds=3)) == "0 seconds"
