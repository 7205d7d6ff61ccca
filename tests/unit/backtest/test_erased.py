"""Nobody who was erased is counted, under no name."""

from typing import Any

from orchestrator.backtest.erased import without_erased
from orchestrator.messages.event import EngagementEvent


def did(customer: str, type_: str, at_ms: int, workspace_id: str = "acme", **data: Any) -> EngagementEvent:
    id_ = f"{customer}/{type_}/{at_ms}"
    return EngagementEvent(
        id=id_, source="s", type=type_, time_ms=at_ms, workspace_id=workspace_id, customer_id=customer, data=data
    )


def names(events: list[EngagementEvent]) -> list[tuple[str, int]]:
    return [(event.customer_id, event.time_ms) for event in events]


def test_what_an_erased_customer_did_before_is_left_out_and_what_comes_later_is_not() -> None:
    events = [did("a", "viewed", 1), did("b", "viewed", 2), did("a", "customer.erased", 3), did("a", "viewed", 4)]
    assert names(without_erased(events)) == [("b", 2), ("a", 4)]


def test_the_order_in_which_partitions_were_read_does_not_matter() -> None:
    events = [did("a", "customer.erased", 3), did("a", "viewed", 1), did("a", "viewed", 4)]
    assert names(without_erased(events)) == [("a", 4)]


def test_names_merged_into_an_erased_customer_are_erased_with_it() -> None:
    events = [
        did("old", "viewed", 1),
        did("older", "viewed", 1),
        did("older", "customer.merged", 2, into="old"),
        did("old", "customer.merged", 3, into="new"),
        did("new", "customer.erased", 5),
        did("new", "customer.merged", 6, into="older"),
        did("other", "viewed", 1),
    ]
    assert names(without_erased(events)) == [("new", 6), ("other", 1)]


def test_a_customer_of_the_same_name_elsewhere_stays() -> None:
    events = [did("a", "viewed", 1), did("a", "viewed", 1, "globex"), did("a", "customer.erased", 2)]
    assert [event.workspace_id for event in without_erased(events)] == ["globex"]


def test_without_an_erasure_nothing_is_left_out() -> None:
    events = [did("a", "viewed", 1), did("a", "customer.merged", 2, into="b"), did("b", "customer.merged", 3, into="a")]
    assert without_erased(events) == events
