from orchestrator.streams.timers import DEAD_ENTRIES, MOST_IN_FLIGHT, RETRY_S, TimerIndex

A, B = b"acme:a", b"acme:b"


def keys(entries: list[tuple[int, bytes]]) -> list[bytes]:
    return [key for _, key in entries]


def test_due_customers_come_earliest_first_and_only_once() -> None:
    index = TimerIndex()
    index.update(B, 200, ())
    index.update(A, 100, ())
    assert index.take_due(99, 0.0, 10) == []
    assert index.take_due(200, 0.0, 1) == [(100, A)]
    assert index.take_due(200, 0.0, 10) == [(200, B)]
    assert index.take_due(200, 0.0, 10) == []


def test_a_newer_moment_replaces_the_older_one() -> None:
    index = TimerIndex()
    index.update(A, 100, ())
    index.update(A, 300, ())
    assert index.take_due(200, 0.0, 10) == []
    assert index.take_due(300, 0.0, 10) == [(300, A)]
    assert len(index) == 1


def test_a_customer_with_nothing_to_wait_for_leaves() -> None:
    index = TimerIndex()
    index.update(A, 100, ())
    index.update(A, None, ())
    assert index.take_due(200, 0.0, 10) == []
    assert len(index) == 0


def test_an_unanswered_timer_is_sent_again_and_an_answered_one_is_not() -> None:
    index = TimerIndex()
    index.update(A, 100, ())
    index.update(B, 100, ())
    assert keys(index.take_due(100, 0.0, 10)) == [A, B]
    index.update(A, None, ())
    assert index.take_due(100, RETRY_S - 0.1, 10) == []
    assert index.take_due(100, RETRY_S, 10) == [(100, B)]
    assert index.take_due(100, RETRY_S + 1, 10) == []


def test_a_timer_that_was_answered_without_effect_waits_for_its_retry() -> None:
    index = TimerIndex()
    index.update(A, 100, ())
    index.take_due(100, 0.0, 10)
    index.update(A, 100, ())
    assert index.take_due(100, 0.1, 10) == []
    assert index.take_due(100, RETRY_S, 10) == [(100, A)]


def test_the_heap_does_not_grow_with_replaced_entries() -> None:
    index = TimerIndex()
    index.update(B, 1, ())
    index.take_due(1, 0.0, 1)
    for moment in range(3 * DEAD_ENTRIES):
        index.update(A, 1_000 + moment, ())
    assert len(index._heap) <= DEAD_ENTRIES + 2
    assert index.take_due(10**9, 0.0, 10) == [(1_000 + 3 * DEAD_ENTRIES - 1, A)]
    assert index.take_due(1, RETRY_S, 10)[0] == (1, B)


def test_held_customers_are_released_at_the_callers_pace() -> None:
    index = TimerIndex()
    for number in range(5):
        index.update(b"acme:%d" % number, None, ("journey",))
    assert index.held == 5
    assert [held for held, _ in index.holders()] == [("acme", "journey")]
    index.release(("acme", "journey"))
    first = index.take_released(3)
    for key in first:
        index.update(key, 100, ())
    assert index.held == 2
    assert len(index.take_released(3)) == 2
    assert index.take_released(3) == []


def test_a_customer_held_by_two_journeys_stays_held_by_the_other() -> None:
    index = TimerIndex()
    index.update(A, None, ("one", "two"))
    index.update(A, 50, ("two",))
    assert index.held == 1
    assert list(index.holders()) == [(("acme", "two"), A)]
    assert index.take_due(50, 0.0, 1) == [(50, A)]


def test_a_customer_held_twice_by_the_same_journey_is_released_once() -> None:
    index = TimerIndex()
    index.update(A, None, ("one", "one"))
    assert index.held == 1
    index.release(("acme", "one"))
    assert index.take_released(10) == [A]
    index.update(A, 50, ())
    assert index.held == 0
    assert list(index.holders()) == []


def test_no_more_timers_are_on_their_way_than_are_worked_off_soon() -> None:
    index = TimerIndex()
    for number in range(MOST_IN_FLIGHT + 10):
        index.update(b"acme:%04d" % number, number, ())
    sent = index.take_due(10_000, 0.0, 10_000)
    assert len(sent) == MOST_IN_FLIGHT
    assert index.take_due(10_000, 1.0, 10_000) == []
    for _, key in sent[:3]:
        index.update(key, None, ())
    assert [at for at, _ in index.take_due(10_000, 1.0, 10_000)] == [MOST_IN_FLIGHT + number for number in range(3)]
    # What is sent once more was on its way already.
    assert index.take_due(10_000, RETRY_S, 10_000) == sent[3:]
