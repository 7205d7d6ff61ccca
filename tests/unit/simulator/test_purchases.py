"""Real purchases become events as they happened; only the time of day is made up, always the same."""

from datetime import UTC, datetime

import pytest

from orchestrator.simulator.purchases import ORDER_PLACED, parse_purchases, read_purchases


def test_every_purchase_of_the_data_set_is_an_event_in_order_of_time() -> None:
    events = read_purchases("demo")

    assert len(events) == 6_919
    assert len({event.customer_id for event in events}) == 2_357
    assert {event.type for event in events} == {ORDER_PLACED}
    assert [event.time_ms for event in events] == sorted(event.time_ms for event in events)
    assert events == read_purchases("demo")


def test_ids_say_the_line_and_the_customer() -> None:
    [event] = parse_purchases("shop", " 00004 0001 19970118  2   29.73")

    assert (event.id, event.customer_id, event.workspace_id) == ("cdnow-1", "cdnow-0001", "shop")
    assert event.data == {"amount": 29.73, "items": 2}


def test_the_day_is_real_and_the_time_lies_between_eight_and_ten_at_night() -> None:
    for event in parse_purchases("shop", " 00004 0001 19970118  2   29.73\n" * 200):
        moment = datetime.fromtimestamp(event.time_ms / 1_000, UTC)
        assert (moment.year, moment.month, moment.day) == (1997, 1, 18)
        assert 8 <= moment.hour < 22


@pytest.mark.parametrize("line", ["00004 0001 19970118 2", "00004 0001 19970231 2 9.99", "a b c d e f"])
def test_a_line_that_is_no_purchase_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 1 is"):
        list(parse_purchases("shop", line))
