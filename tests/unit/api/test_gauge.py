"""How far a limit is used: by the period the workers count in, and by nothing that is not known."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from orchestrator.api.gauge import (
    BEGINNING,
    capacity_limit,
    guardrails_of,
    in_force_since,
    keys_of,
    limits_with_sentences,
    of_brake,
    of_customers,
    of_holdout,
    of_limit,
    period_of,
)
from orchestrator.definitions.entry import Capacity
from orchestrator.guardrails.budget import Limit
from orchestrator.store.gauges import EVERYTHING, Counted, Period, Rules, Stretch

NOON = datetime(2026, 3, 29, 12, 20, 7, tzinfo=UTC)  # the day on which clocks in Berlin go forward
COUNTED = Counted({"email": 90, "sms": 10}, {"email": Decimal("0.9"), "sms": Decimal("8.1")}, entered=40)


def a_limit(**rule: Any) -> tuple[Limit, str]:
    kind = "rates" if "kind" not in rule else "budgets"
    [found] = limits_with_sentences(guardrails_of({kind: [rule]}), "journey")
    return found


@pytest.mark.parametrize(
    ("rule", "limit", "used", "is_reached"),
    [
        ({"kind": "messages", "limit": 200, "per": "day"}, 200, 100, False),
        ({"kind": "messages", "limit": 90, "per": "day", "channel": "email"}, 90, 90, True),
        ({"kind": "messages", "limit": 80, "per": "total", "channel": "push"}, 80, 0, False),
        ({"kind": "money", "limit": 20, "per": "day"}, 20, 9.0, False),
        # 0.5 is left, and a text message has cost 0.81: the workers hold the next one back.
        ({"kind": "money", "limit": 8.6, "per": "day", "channel": "sms"}, 8.6, 8.1, True),
        ({"kind": "money", "limit": 9, "per": "total"}, 9, 9.0, True),
    ],
)
def test_a_budget_counts_messages_or_money_of_its_channel(
    rule: dict[str, Any], limit: float, used: float, is_reached: bool
) -> None:
    made, sentence = a_limit(**rule)
    gauge = of_limit(made, "journey", sentence, {"budget": 3, "rate": 9}, COUNTED, NOON)
    assert (gauge.kind, gauge.limit, gauge.used, gauge.is_reached) == ("budget", limit, used, is_reached)
    assert gauge.share == pytest.approx(used / limit)
    assert gauge.held_back == 3


def test_a_capacity_counts_entries() -> None:
    limit = capacity_limit(Capacity(limit=40, per="total"))
    gauge = of_limit(limit, "journey", "x", {"capacity": 2}, COUNTED, NOON)
    assert (gauge.kind, gauge.limit, gauge.used, gauge.is_reached, gauge.held_back) == ("capacity", 40, 40, True, 2)
    assert (gauge.since, gauge.until) == (None, None)


def test_what_is_not_known_is_null() -> None:
    limit, sentence = a_limit(limit=5, per="second")
    gauge = of_limit(limit, "workspace", sentence, {}, None, NOON)
    assert (gauge.limit, gauge.used, gauge.share, gauge.is_reached) == (5, None, None, False)
    assert gauge.until == NOON + timedelta(seconds=1)


def test_a_days_period_is_the_day_in_the_budgets_zone() -> None:
    limit, sentence = a_limit(kind="messages", limit=5, per="day", zone="Europe/Berlin")
    gauge = of_limit(limit, "journey", sentence, {}, COUNTED, NOON)
    starts_at, ends_at = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert (gauge.since, gauge.until) == (starts_at, ends_at)
    day, midnight = date(2026, 3, 29), datetime(2026, 3, 29, tzinfo=UTC)
    assert period_of(limit, NOON, BEGINNING) == Period(
        day, day, (Stretch(starts_at, midnight, 1), Stretch(ends_at, midnight + timedelta(days=1), -1))
    )


def test_a_limit_that_came_later_counts_from_then_on() -> None:
    midnight = datetime(2026, 3, 30, tzinfo=UTC)
    since_ten = Period(midnight.date(), date.max, (Stretch(datetime(2026, 3, 29, 10, tzinfo=UTC), midnight),))
    came = datetime(2026, 3, 29, 10, 14, tzinfo=UTC)
    for per in ("day", "total"):
        limit, sentence = a_limit(kind="messages", limit=5, per=per)
        assert period_of(limit, NOON, came) == since_ten
        assert of_limit(limit, "journey", sentence, {}, COUNTED, NOON, came).since == came
        assert period_of(limit, NOON, None) is None
    assert period_of(limit, NOON, BEGINNING) == EVERYTHING


def test_rates_are_counted_by_the_hour_where_quarters_tell() -> None:
    hour, _ = a_limit(limit=5, per="hour", channel="sms")
    starts_at = datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert period_of(hour, NOON, BEGINNING) == Period(stretches=(Stretch(starts_at, starts_at + timedelta(hours=1)),))
    for per in ("minute", "second"):
        assert period_of(a_limit(limit=5, per=per)[0], NOON, BEGINNING) is None


@pytest.mark.parametrize(
    ("written", "since"),
    [
        ([], None),
        ([{"a"}], 0),
        ([{"a"}, {"a", "b"}], 0),
        ([set(), {"b"}, {"a"}, {"a"}], 3),
        ([{"a"}, set()], None),
        ([{"a"}, set(), {"a"}], None),  # what was used before it went is still counted, by the workers alone
    ],
)
def test_a_limit_binds_since_it_came_if_it_never_went(written: list[set[str]], since: int | None) -> None:
    moments = [(datetime(2026, 1, day + 1, tzinfo=UTC), frozenset(keys)) for day, keys in enumerate(written)]
    expected = None if since is None else BEGINNING if since == 0 else datetime(2026, 1, since, tzinfo=UTC)
    assert in_force_since("a", moments) == expected


def test_raising_a_limit_makes_no_other_limit_of_it() -> None:
    def keys(limit: int, zone: str = "UTC") -> frozenset[str]:
        budget = {"kind": "messages", "limit": limit, "per": "day", "zone": zone}
        return keys_of(Rules(NOON, {"budgets": [budget]}, {"limit": limit}))

    assert keys(5) == keys(6)
    assert len(keys(5)) == 2
    assert keys(5) != keys(5, "Asia/Tokyo")


def test_a_brake_shows_the_share_once_there_are_enough_messages() -> None:
    [brake] = guardrails_of({"brakes": [{"outcome": "bounced", "percent": 4, "at_least": 100}]}).brakes
    since = NOON - timedelta(days=1)
    few = of_brake(brake, "journey", {"asked_for": 99, "bounced": 50}, since, NOON)
    assert (few.used, few.share, few.is_reached) == (None, None, False)
    some = of_brake(brake, "journey", {"asked_for": 100, "bounced": 4, "failed": 50}, since, NOON)
    assert (some.used, some.share, some.is_reached) == (4, 1, False)  # it trips above its percentage
    many = of_brake(brake, "workspace", {"asked_for": 100, "bounced": 5}, since, NOON)
    assert (many.used, many.share, many.is_reached, many.of) == (5, 1.25, True, "workspace")
    assert (many.since, many.until) == (since, NOON)


def test_rules_of_one_customer_say_what_they_held_back() -> None:
    rules = guardrails_of(
        {
            "caps": [{"limit": 2, "per": "P7D"}, {"limit": 1, "per": "day"}],
            "minimum_gap": "PT4H",
            "quiet_hours": {"from": "21:00", "to": "08:00"},
        }
    )
    held = {"frequency_cap": 5, "minimum_gap": 4, "quiet_hours": 3, "consent": 2, "channel_suppressed": 1, "budget": 9}
    gauges = list(of_customers(rules, "journey", held))
    assert [(gauge.kind, gauge.limit, gauge.held_back) for gauge in gauges] == [
        ("cap", 2, 5),
        ("cap", 1, 5),
        ("gap", None, 4),
        ("quiet_hours", None, 3),
        ("consent", None, 3),
    ]
    assert {(gauge.used, gauge.share, gauge.is_reached) for gauge in gauges} == {(None, None, False)}


def test_without_rules_only_consent_binds() -> None:
    assert [gauge.kind for gauge in of_customers(guardrails_of(None), "journey", {})] == ["consent"]
    assert limits_with_sentences(guardrails_of({}), "journey") == []


def test_a_rule_of_the_workspace_says_that_it_counts_all_journeys() -> None:
    rules = guardrails_of({"caps": [{"limit": 3, "per": "week"}], "rates": [{"limit": 5, "per": "hour"}]})
    [cap, *_] = of_customers(rules, "workspace", {})
    assert cap.sentence == "At most 3 messages per customer and calendar week, over all journeys"
    [(_, sentence)] = limits_with_sentences(rules, "workspace")
    assert sentence == "At most 5 messages per hour, over all customers and journeys"


@pytest.mark.parametrize(
    ("treated", "held_out", "used", "is_off_plan"),
    [(783, 217, 21.7, False), (500, 500, 50.0, True), (0, 0, None, None)],
)
def test_a_holdout_is_a_plan_that_chance_alone_moves_away_from(
    treated: int, held_out: int, used: float | None, is_off_plan: bool | None
) -> None:
    gauge = of_holdout(20, treated, held_out, {})
    assert (gauge.limit, gauge.used, gauge.is_off_plan) == (20, used, is_off_plan)
    assert (gauge.share, gauge.is_reached) == (None, False)
