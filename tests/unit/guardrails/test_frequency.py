"""What falls into a cap's window, and when the cap opens again."""

from datetime import UTC, datetime

from orchestrator.definitions.guardrail import FrequencyCap
from orchestrator.guardrails.frequency import Cap, count_since, is_full, opens_ms
from orchestrator.guardrails.history import SendHistory, SendRecord
from orchestrator.guardrails.zone import Zone, known_zone

DAY_MS = 86_400_000


def at(text: str) -> int:
    """The instant of a UTC time, such as "2026-03-29 01:00"."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


def zone(name: str) -> Zone:
    found = known_zone(name)
    assert found is not None
    return found


def cap(**document: object) -> Cap:
    return Cap(0, FrequencyCap.model_validate(document))


def sends(*times: int, channel: str = "email", journey: str = "j") -> SendHistory:
    return SendHistory(tuple(SendRecord(time, channel, "marketing", journey) for time in times))


def test_send_leaves_a_sliding_window_exactly_one_length_later() -> None:
    week = cap(limit=1, per="P7D")
    history = sends(1_000)
    for now, count in ((1_000 + 7 * DAY_MS - 1, 1), (1_000 + 7 * DAY_MS, 0)):
        assert count_since(week, history, week.starts_ms(zone("UTC"), now), "j") == count
    assert opens_ms(week, history, [zone("UTC")], "j") == 1_000 + 7 * DAY_MS


def test_cap_opens_when_the_send_that_fills_it_leaves() -> None:
    three = cap(limit=2, per="P7D")
    history = sends(0, DAY_MS, 2 * DAY_MS, 3 * DAY_MS)
    assert opens_ms(three, history, [zone("UTC")], "j") == 9 * DAY_MS


def test_calendar_day_is_the_customers() -> None:
    day = cap(limit=1, per="day")
    berlin = zone("Europe/Berlin")
    history = sends(at("2026-06-01 21:59"))  # 23:59 in Berlin
    assert count_since(day, history, day.starts_ms(berlin, at("2026-06-01 21:59")), "j") == 1
    assert count_since(day, history, day.starts_ms(berlin, at("2026-06-01 22:00")), "j") == 0
    assert opens_ms(day, history, [berlin], "j") == at("2026-06-01 22:00")


def test_calendar_week_begins_on_the_customers_monday() -> None:
    week = cap(limit=1, per="week")
    berlin = zone("Europe/Berlin")
    history = sends(at("2026-03-23 00:00"))  # Monday
    # The next Monday begins at 22:00 UTC on Sunday, because summer time came in between.
    assert opens_ms(week, history, [berlin], "j") == at("2026-03-29 22:00")
    assert week.starts_ms(berlin, at("2026-03-29 21:59")) == at("2026-03-22 23:00")


def test_unknown_zone_waits_for_the_last_of_the_assumed_midnights() -> None:
    day = cap(limit=1, per="day")
    both = [zone("Asia/Tokyo"), zone("America/Los_Angeles")]
    assert opens_ms(day, sends(at("2026-06-01 12:00")), both, "j") == at("2026-06-02 07:00")


def test_cap_counts_only_what_it_names() -> None:
    history = SendHistory(
        (
            SendRecord(1, "email", "marketing", "j1"),
            SendRecord(2, "push", "marketing", "j1"),
            SendRecord(3, "email", "service", "j2"),
        )
    )
    assert count_since(cap(limit=9, per="P1D"), history, 0, "j1") == 3
    assert count_since(cap(limit=9, per="P1D", channel="email"), history, 0, "j1") == 2
    assert count_since(cap(limit=9, per="P1D", category="service"), history, 0, "j1") == 1
    assert count_since(cap(limit=9, per="P1D", scope="journey"), history, 0, "j1") == 2
    assert count_since(cap(limit=9, per="P1D", scope="journey"), history, 0, "j3") == 0


def test_cap_that_looks_back_past_what_is_forgotten_counts_as_full() -> None:
    forgetful = SendHistory((SendRecord(5 * DAY_MS, "email", "marketing", "j"),), forgotten_until_ms=DAY_MS)
    week = cap(limit=50, per="P7D")
    start = week.starts_ms(zone("UTC"), 6 * DAY_MS)
    assert is_full(week, forgetful, start, count_since(week, forgetful, start, "j"))
    opens = opens_ms(week, forgetful, [zone("UTC")], "j")
    assert opens == 8 * DAY_MS
    start = week.starts_ms(zone("UTC"), opens)
    assert not is_full(week, forgetful, start, count_since(week, forgetful, start, "j"))
