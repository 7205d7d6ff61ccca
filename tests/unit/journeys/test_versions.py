"""How customers under way go on when a new version is published."""

from typing import Any

import pytest
from msgspec.structs import replace

from orchestrator.journeys.engine import next_due_ms
from orchestrator.messages.config import Migration
from tests.builders import (
    DAY,
    JOURNEY,
    MONDAY_NOON,
    WORKSPACE,
    Customer,
    a_directory,
    a_journey,
    a_standing,
    a_version,
    steps,
)

NOON = MONDAY_NOON


def waiting(duration: str, step: str = "pause", template: str = "old") -> dict[str, Any]:
    by_id = {
        step: {"kind": "wait", "duration": duration, "next": "offer"},
        "offer": {"kind": "send", "channel": "email", "template": template, "next": "done"},
    }
    return a_journey(start=step, steps=steps(**by_id))


def publish(customer: Customer, journey: dict[str, Any], policy: Any, version: int = 2, **fields: Any) -> None:
    standing = customer.directory.standings[JOURNEY]
    migrations = (*standing.migrations, Migration(version=version, policy=policy, **fields))
    directory = customer.directory.with_record(a_version(journey, version))
    customer.directory = directory.with_record(
        replace(a_standing(version=version), migrations=migrations, changed_at_ms=NOON + 1)
    )


def a_customer(duration: str = "P10D") -> Customer:
    customer = Customer(a_directory(waiting(duration)))
    customer.does("customer.signed_up", NOON)
    return customer


def test_pinned_customers_end_on_their_version() -> None:
    customer = a_customer()
    publish(customer, waiting("P2D", template="new"), "pin")
    assert next_due_ms(customer.directory, WORKSPACE, customer.state) == NOON + 1  # to be settled, once
    customer.waits_until(NOON + 1)
    assert next_due_ms(customer.directory, WORKSPACE, customer.state) == NOON + 10 * DAY
    customer.waits_until(NOON + 10 * DAY)
    assert [(command.template, command.version) for command in customer.commands] == [("old", 1)]


def test_followers_go_on_at_the_same_step_and_a_shortened_wait_ends_earlier() -> None:
    customer = a_customer()
    publish(customer, waiting("P2D", template="new"), "follow")
    customer.waits_until(NOON + DAY)
    migrated = customer.last("run_migrated")
    assert (migrated.version, migrated.step, migrated.details["from_version"]) == (2, "pause", 1)
    assert next_due_ms(customer.directory, WORKSPACE, customer.state) == NOON + 2 * DAY
    customer.waits_until(NOON + 2 * DAY)
    assert [(command.template, command.version) for command in customer.commands] == [("new", 2)]


def test_a_wait_that_is_over_by_the_new_version_ends_at_once() -> None:
    customer = a_customer()
    customer.does("viewed", NOON + 5 * DAY)
    publish(customer, waiting("P2D", template="new"), "follow")
    customer.waits_until(NOON + 5 * DAY + 1)
    assert [command.template for command in customer.commands] == ["new"]


def test_a_follower_whose_step_is_gone_leaves_and_it_says_why() -> None:
    customer = a_customer()
    publish(customer, waiting("P2D", step="other"), "follow")
    customer.waits_until(NOON + 2)
    assert customer.last("run_exited").details == {"reason": "step_removed"}
    assert customer.state.runs == ()


def test_mapped_customers_arrive_at_the_step_that_was_chosen_for_theirs() -> None:
    customer = a_customer()
    publish(customer, waiting("P2D", step="breather", template="new"), "map", steps={"pause": "breather"})
    customer.waits_until(NOON + DAY)
    assert customer.state.runs[0].step == "breather"
    # It arrives there now, so the wait begins now.
    assert next_due_ms(customer.directory, WORKSPACE, customer.state) == NOON + 3 * DAY
    customer.waits_until(NOON + 3 * DAY)
    assert [command.template for command in customer.commands] == ["new"]
    ids = [effect.id for effect in customer.effects]
    assert len(set(ids)) == len(ids)


def test_drained_customers_have_until_then() -> None:
    late, early = a_customer("P10D"), a_customer("P2D")
    for customer in (late, early):
        publish(customer, waiting("P1D", template="new"), "drain", until_ms=NOON + 5 * DAY)
        customer.waits_until(NOON + 2)
        customer.waits_until(NOON + 2 * DAY)
        customer.waits_until(NOON + 5 * DAY)
    assert [command.template for command in early.commands] == ["old"]
    assert late.commands == []
    assert late.last("run_exited").details == {"reason": "version_drained"}


def test_it_makes_no_difference_when_a_run_is_looked_at() -> None:
    """Two versions published while the customer slept are applied in their order."""
    seen, asleep = a_customer(), a_customer()
    for customer in (seen, asleep):
        publish(customer, waiting("P8D", step="breather"), "map", 2, steps={"pause": "breather"})
        if customer is seen:
            customer.waits_until(NOON + 1)
        publish(customer, waiting("P4D", step="breather", template="third"), "follow", 3)
        customer.waits_until(NOON + 1)
    assert seen.state.runs[0].version == asleep.state.runs[0].version == 3
    assert seen.state.runs[0].due_ms == asleep.state.runs[0].due_ms == NOON + 1 + 4 * DAY


def test_the_pinned_may_follow_a_later_version() -> None:
    customer = a_customer()
    publish(customer, waiting("P3D"), "pin", 2)
    customer.waits_until(NOON + 1)
    publish(customer, waiting("P4D", template="third"), "follow", 3)
    customer.waits_until(NOON + 1)
    assert customer.state.runs[0].version == 3


def test_new_customers_enter_the_new_version_whatever_becomes_of_the_others() -> None:
    customer = a_customer()
    publish(customer, waiting("P2D", template="new"), "pin")
    other = Customer(customer.directory)
    other.does("customer.signed_up", NOON + 5)
    assert other.state.runs[0].version == 2
    assert next_due_ms(other.directory, WORKSPACE, other.state) == NOON + 5 + 2 * DAY


def test_a_version_that_is_not_known_yet_is_waited_for() -> None:
    customer = a_customer()
    standing = replace(a_standing(version=2), migrations=(Migration(version=2, policy="follow"),))
    customer.directory = customer.directory.with_record(standing)
    assert next_due_ms(customer.directory, WORKSPACE, customer.state) == NOON + 10 * DAY
    customer.waits_until(NOON + DAY)
    assert customer.state.runs[0].version == 1


@pytest.mark.parametrize("policy", ["pin", "follow", "map", "drain"])
def test_an_ended_run_may_still_reach_its_goal(policy: Any) -> None:
    goal = {"event": "ordered", "window": "P30D", "exits": False}
    short = a_journey(
        start="offer",
        goal=goal,
        steps=steps(offer={"kind": "send", "channel": "email", "template": "t", "next": "done"}),
    )
    customer = Customer(a_directory(short))
    customer.does("customer.signed_up", NOON)
    publish(customer, short, policy, until_ms=NOON + DAY if policy == "drain" else None)
    customer.does("ordered", NOON + 20 * DAY)
    assert customer.last("goal_reached").details["after_ms"] == 20 * DAY
