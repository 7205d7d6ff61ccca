"""What a workspace's settings say, each thing with the place where it stands."""

from typing import Any

from orchestrator.api.workspace_sentences import NO_GUARDRAILS, NO_HOLDOUT, in_words

NONE: dict[str, Any] = {"holdout_percent": 0.0, "guardrails": {}, "costs": {}, "needs_approval": False}


def said(**settings: Any) -> dict[str, str]:
    """The sentences by their paths."""
    return {each.path: each.sentence for each in in_words({**NONE, **settings})}


def test_settings_that_say_nothing_are_told_as_that() -> None:
    assert said() == {
        "$.holdout_percent": NO_HOLDOUT,
        "$.guardrails": NO_GUARDRAILS,
        "$.needs_approval": "What is published or saved holds at once: no second person is asked",
    }


def test_every_rule_says_that_it_holds_over_all_journeys_or_for_each() -> None:
    rules = {
        "caps": [{"limit": 3, "per": "week"}, {"limit": 1, "per": "P2D", "scope": "journey", "channel": "sms"}],
        "minimum_gap": "PT4H",
        "quiet_hours": {"from": "21:00", "to": "08:00"},
        "fallback_zones": ["UTC", "Europe/Berlin"],
        "consent": {"marketing": "opt_out"},
        "budgets": [{"kind": "money", "limit": 500, "per": "total", "channel": "sms"}],
        "rates": [{"limit": 100, "per": "second"}],
        "brakes": [{"outcome": "complained", "percent": 0.5}],
    }
    found = said(holdout_percent=2.5, guardrails=rules, costs={"sms": 0.07}, needs_approval=True)
    assert found == {
        "$.holdout_percent": "2.5 % of all customers get nothing from any journey, so that the others can be compared "
        "with them",
        "$.guardrails.caps[0]": "At most 3 messages per customer and calendar week, over all journeys",
        "$.guardrails.caps[1]": "At most 1 text message of each journey per customer in 2 days",
        "$.guardrails.minimum_gap": "At least 4 hours between any two messages to a customer",
        "$.guardrails.quiet_hours": "No messages from 21:00 to 08:00 on the customer's clock; what falls into it waits",
        "$.guardrails.fallback_zones": "Where a customer's time zone is not known, a message must be allowed in each "
        "of UTC and Europe/Berlin",
        "$.guardrails.consent": "Marketing messages unless the customer has refused, transactional messages whether "
        "or not the customer has agreed, others only to customers who have agreed",
        "$.guardrails.budgets[0]": "At most 500 spent on text messages in total, over all customers and journeys; more "
        "are not sent",
        "$.guardrails.rates[0]": "At most 100 messages per second, over all customers and journeys",
        "$.guardrails.brakes[0]": "A journey pauses when more than 0.5 % of its messages of the last day led to a "
        "complaint, from 500 messages on",
        "$.costs.sms": "One text message costs 0.07 where its step names no cost",
        "$.needs_approval": "Starting a draft, publishing another definition and loosening these settings "
        "wait for a second person",
    }


def test_zones_are_told_only_where_something_goes_by_the_customers_clock() -> None:
    assert "$.guardrails.fallback_zones" not in said(guardrails={"caps": [{"limit": 3, "per": "P7D"}]})
    assert said(guardrails={"caps": [{"limit": 3, "per": "day"}]})["$.guardrails.fallback_zones"] == (
        "Where a customer's time zone is not known, the clock of UTC counts"
    )


def test_only_what_is_there_is_told() -> None:
    assert [each.path for each in in_words({"is_sending": False, "guardrails": {}})] == ["$.is_sending", "$.guardrails"]
