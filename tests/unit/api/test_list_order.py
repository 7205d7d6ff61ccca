"""The order of a list: each journey comes once, whatever the order, and whatever changes while it is read."""

import re
from collections.abc import Sequence
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.api.list_order import Order, check_newest, ranked_page
from orchestrator.errors import RequestError
from orchestrator.store.journeys import Candidate

RANKED: tuple[Order, ...] = tuple(order for order in get_args(Order) if order != "newest")


def journeys(names: Sequence[str], left_out: Sequence[int] = ()) -> list[Candidate]:
    return [Candidate(UUID(int=number), name, number not in left_out) for number, name in enumerate(names)]


def numbers(ids: Sequence[UUID]) -> list[int]:
    return [id_.int for id_ in ids]


@given(st.data())
def test_each_journey_sought_comes_once_also_with_ties_and_while_everything_changes(data: st.DataObject) -> None:
    order = data.draw(st.sampled_from(RANKED))
    size = data.draw(st.integers(0, 60))
    left_out = data.draw(st.sets(st.integers(0, 60)))
    limit = data.draw(st.integers(1, 25))
    seen: list[int] = []
    cursor = None
    while True:
        # Names and figures are others at every page.
        names = data.draw(st.lists(st.sampled_from("abÄ"), min_size=size, max_size=size))
        figures = data.draw(st.dictionaries(st.integers(0, 60).map(lambda at: UUID(int=at)), st.integers(0, 3)))
        page, cursor = ranked_page(journeys(names, list(left_out)), order, figures, cursor, limit)
        assert len(page) == limit or cursor is None
        seen += numbers(page)
        if cursor is None:
            break
    assert sorted(seen) == [number for number in range(size) if number not in left_out]


def test_a_journey_made_while_the_list_is_read_comes_too() -> None:
    first, cursor = ranked_page(journeys("abc"), "sends", {}, None, 2)
    rest, end = ranked_page(journeys("abcd"), "sends", {UUID(int=3): 5.0}, cursor, 2)
    assert (numbers(first), numbers(rest), end) == ([2, 1], [3, 0], None)


def test_the_largest_comes_first_and_of_equals_the_newest() -> None:
    figures = {UUID(int=0): 1.0, UUID(int=2): 7.5, UUID(int=3): 1.0}
    page, _ = ranked_page(journeys("abcde"), "revenue", figures, None, 9)
    assert numbers(page) == [2, 3, 0, 4, 1]


def test_names_are_in_order_whatever_their_case_and_accents() -> None:
    names = ["Winter", "apple", "Zebra", "Äpfel", "winter", "Apple"]
    page, _ = ranked_page(journeys(names), "name", {}, None, 9)
    assert [names[at] for at in numbers(page)] == ["Apple", "apple", "Äpfel", "winter", "Winter", "Zebra"]


def test_a_cursor_of_another_order_is_refused_by_name() -> None:
    _, cursor = ranked_page(journeys("abc"), "sends", {}, None, 1)
    assert cursor is not None
    for refused, order in ((cursor, "cost"), ("A" * 32, "cost"), ("cost.A", "cost"), ("nothing", "cost")):
        with pytest.raises(RequestError, match=re.escape(f"not one of a list with sort={order}; leave it out")):
            ranked_page(journeys("abc"), "cost", {}, refused, 1)
    with pytest.raises(RequestError, match="not one of a list with sort=newest"):
        check_newest(cursor)
    assert check_newest("A" * 32) == "A" * 32


def test_a_cursor_of_many_journeys_fits_an_address() -> None:
    _, cursor = ranked_page(journeys(["a"] * 10_000), "conversions", {}, None, 9_999)
    assert cursor is not None
    assert len(cursor) < 2_000
