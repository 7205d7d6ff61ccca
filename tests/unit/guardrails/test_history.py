"""What is remembered of past sends, and what may be forgotten."""

import msgspec

from orchestrator.guardrails.history import KEPT_MS, MAX_RECORDS, NEVER_MS, NO_SENDS, SendHistory, SendRecord, remember

DAY_MS = 86_400_000


def remembered(count: int, journeys: int = 1, room: int = MAX_RECORDS) -> SendHistory:
    """A send each minute, the journeys taking turns."""
    history = NO_SENDS
    for minute in range(count):
        record = SendRecord(minute * 60_000, "email", "marketing", f"j{minute % journeys}")
        history = remember(history, record, record.at_ms, room)
    return history


def test_records_stay_in_order_when_the_clock_runs_back() -> None:
    history = NO_SENDS
    for at in (10, 30, 20):
        history = remember(history, SendRecord(at, "email", "marketing", "j"), at)
    assert [record.at_ms for record in history.records] == [10, 20, 30]


def test_what_no_window_reaches_is_dropped_without_regret() -> None:
    history = remember(NO_SENDS, SendRecord(0, "email", "marketing", "j"), 0)
    now = KEPT_MS
    history = remember(history, SendRecord(now, "push", "marketing", "j"), now)
    assert [record.at_ms for record in history.records] == [now]
    assert history.forgotten_until_ms == NEVER_MS


def test_longest_window_still_finds_its_sends() -> None:
    history = remember(NO_SENDS, SendRecord(0, "email", "marketing", "j"), 0)
    now = 366 * DAY_MS
    history = remember(history, SendRecord(now, "push", "marketing", "j"), now)
    assert len(history.records) == 2


def test_one_kind_needs_no_more_than_the_highest_limit_of_a_cap() -> None:
    history = remembered(300)
    assert len(history.records) <= MAX_RECORDS
    assert history.records[-1].at_ms == 299 * 60_000
    assert history.forgotten_until_ms == NEVER_MS, "the newest hundred of a kind answer every cap"


def test_full_history_says_until_when_it_has_forgotten() -> None:
    history = remembered(300, journeys=10)
    assert len(history.records) == MAX_RECORDS
    assert history.forgotten_until_ms == (300 - MAX_RECORDS - 1) * 60_000


def test_history_survives_storage() -> None:
    history = remembered(5, journeys=2, room=3)
    stored = msgspec.msgpack.encode(history)
    assert msgspec.msgpack.decode(stored, type=SendHistory) == history
