"""No sequence of sends breaks a limit. Each promise is checked by a deliberately stupid reading of the rule."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from orchestrator.definitions.clock import WEEKDAYS
from orchestrator.definitions.guardrail import FrequencyCap, Guardrails, QuietHours
from orchestrator.guardrails.consent import NO_CONSENTS, Consents, apply_consent, consent_of, suppress_channel
from orchestrator.guardrails.decide import CustomerFacts, SendRequest, decide
from orchestrator.guardrails.history import NEVER_MS, NO_SENDS, SendHistory, SendRecord, remember
from orchestrator.guardrails.rules import compile_rules
from orchestrator.guardrails.verdict import Allow, Defer, Suppress
from orchestrator.guardrails.zone import first_instant, known_zone, local_ms
from tests.property.tries import tries

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

ZONES = [
    "UTC",
    "Europe/Berlin",  # the usual summer time
    "America/New_York",
    "America/Havana",  # clocks change at midnight: some days have none, some have two
    "Australia/Lord_Howe",  # half an hour of summer time
    "Asia/Kathmandu",  # +05:45
    "Pacific/Apia",  # had no 30 December 2011
    "America/St_Johns",  # changed at 00:01 until 2011: a date began, ended and began again
    "Africa/Casablanca",  # summer time the other way round, and off during Ramadan
]
# Around which odd things happen in one of the zones above.
ODD_MOMENTS = [
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2024, 3, 10, 5, tzinfo=UTC),
    datetime(2024, 11, 3, 5, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2011, 12, 30, 10, tzinfo=UTC),
    datetime(2010, 11, 7, 2, 31, tzinfo=UTC),
    datetime(2024, 4, 14, 2, tzinfo=UTC),
    datetime(2026, 12, 31, 23, tzinfo=UTC),
]

instants = st.builds(
    lambda moment, offset_s: int(moment.timestamp() + offset_s) * 1_000,
    st.sampled_from(ODD_MOMENTS),
    st.integers(-3 * 86_400, 3 * 86_400),
)
channels = st.sampled_from(["email", "push"])
categories = st.sampled_from(["marketing", "service"])
journeys = st.sampled_from(["j1", "j2"])
caps = st.builds(
    FrequencyCap,
    limit=st.integers(1, 3),
    per=st.sampled_from(["day", "week"]) | st.integers(1, 100).map(lambda hours: timedelta(hours=hours)),
    channel=st.none() | channels,
    category=st.none() | categories,
    scope=st.sampled_from(["journey", "customer"]),
)


@st.composite
def quiet_hours(draw: st.DrawFn, on_quiet: str = "defer") -> QuietHours:
    starts, ends = draw(st.lists(st.integers(0, 1_439), min_size=2, max_size=2, unique=True))
    weekdays = draw(st.sets(st.sampled_from(WEEKDAYS), min_size=1))
    document = {
        "from": f"{starts // 60:02}:{starts % 60:02}",
        "to": f"{ends // 60:02}:{ends % 60:02}",
        "weekdays": sorted(weekdays),
        "on_quiet": on_quiet,
    }
    return QuietHours.model_validate(document)


def local(at_ms: int, zone: str) -> datetime:
    """By the standard library, but with the data of the tzdata package: the machine's may be older."""
    found = known_zone(zone)
    assert found is not None
    return datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone(found.rules)


def is_quiet(quiet: QuietHours, at_ms: int, zone: str) -> bool:
    here = local(at_ms, zone)
    clock = here.strftime("%H:%M")
    if WEEKDAYS[here.weekday()] not in quiet.weekdays:
        return True
    if quiet.starts < quiet.ends:
        return quiet.starts <= clock < quiet.ends
    return clock >= quiet.starts or clock < quiet.ends


def week_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def most_in_a_window(cap: FrequencyCap, sends: list[SendRecord], zones: list[str]) -> int:
    """The most sends of one kind that any position of the cap's window holds."""
    counted = [send for send in sends if cap.channel in (None, send.channel) and cap.category in (None, send.category)]
    most = 0
    for journey in {send.journey_id for send in counted} if cap.scope == "journey" else {None}:
        times = [send.at_ms for send in counted if journey in (None, send.journey_id)]
        if isinstance(cap.per, timedelta):
            length = int(cap.per.total_seconds() * 1_000)
            most = max(most, *(sum(start <= at < start + length for at in times) for start in times), 0)
            continue
        for zone in zones:
            dates = (local(at, zone).date() for at in times)
            counts = Counter(dates if cap.per == "day" else map(week_of, dates))
            most = max(most, *counts.values(), 0)
    return most


@settings(deadline=None, max_examples=tries(300))
@given(
    caps=st.lists(caps, min_size=1, max_size=3),
    gap=st.none() | st.integers(1, 20).map(lambda hours: timedelta(hours=hours)),
    quiet=st.none() | quiet_hours(),
    zone=st.sampled_from(ZONES) | st.none(),
    fallback=st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True),
    start=instants,
    asks=st.lists(st.tuples(st.integers(0, 20 * 3_600), channels, categories, journeys), min_size=5, max_size=40),
    room=st.sampled_from([3, 8, 256]),
)
def test_no_sequence_of_sends_exceeds_a_limit(
    caps: list[FrequencyCap],
    gap: timedelta | None,
    quiet: QuietHours | None,
    zone: str | None,
    fallback: list[str],
    start: int,
    asks: list[tuple[int, str, str, str]],
    room: int,
) -> None:
    rules = compile_rules(
        Guardrails(
            caps=tuple(caps),
            minimum_gap=gap,
            quiet_hours=quiet,
            fallback_zones=tuple(fallback),
            consent={"marketing": "none", "service": "none"},
        )
    )
    zones = [zone] if zone else fallback
    sent: list[SendRecord] = []
    history = NO_SENDS
    now = start
    for pause_s, channel, category, journey in asks:
        now += pause_s * 1_000
        record = SendRecord(now, channel, category, journey)
        verdict = decide(rules, SendRequest(channel, category, journey), CustomerFacts(zone, NO_CONSENTS, history), now)
        would_exceed = any(
            cap.channel in (None, channel)
            and cap.category in (None, category)
            and most_in_a_window(cap, [*sent, record], zones) > cap.limit
            for cap in caps
        )
        is_too_soon = gap is not None and bool(sent) and now < sent[-1].at_ms + gap.total_seconds() * 1_000
        is_disturbing = quiet is not None and any(is_quiet(quiet, now, each) for each in zones)
        if isinstance(verdict, Allow):
            assert not would_exceed
            assert not is_too_soon
            assert not is_disturbing
            sent.append(record)
            history = remember(history, record, now, room)
        elif history.forgotten_until_ms == NEVER_MS and "America/St_Johns" not in zones:
            # Nothing was forgotten: then no send is refused that could have been made.
            assert would_exceed or is_too_soon or is_disturbing
    assert all(most_in_a_window(cap, sent, zones) <= cap.limit for cap in caps)


@settings(deadline=None, max_examples=tries(200))
@given(quiet=quiet_hours(), zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True), now=instants)
@example(  # the night in which Berlin's 02:00 to 03:00 does not happen
    quiet=QuietHours.model_validate({"from": "20:00", "to": "02:30"}),
    zones=["Europe/Berlin"],
    now=int(datetime(2026, 3, 28, 22, tzinfo=UTC).timestamp() * 1_000),
)
@example(  # the night in which it happens twice
    quiet=QuietHours.model_validate({"from": "20:00", "to": "02:30"}),
    zones=["Europe/Berlin"],
    now=int(datetime(2026, 10, 25, 0, 45, tzinfo=UTC).timestamp() * 1_000),
)
def test_a_deferred_send_is_due_at_the_first_allowed_minute(quiet: QuietHours, zones: list[str], now: int) -> None:
    rules = compile_rules(Guardrails(quiet_hours=quiet, fallback_zones=tuple(zones), consent={"marketing": "none"}))
    facts = CustomerFacts(None, NO_CONSENTS, NO_SENDS)
    request = SendRequest("email", "marketing", "j1")
    verdict = decide(rules, request, facts, now)

    def is_quiet_somewhere(at_ms: int) -> bool:
        return any(is_quiet(quiet, at_ms, zone) for zone in zones)

    match verdict:
        case Allow():
            assert not is_quiet_somewhere(now)
        case Defer(until_ms=until):
            assert until % MINUTE_MS == 0
            assert isinstance(decide(rules, request, facts, until), Allow)
            assert not is_quiet_somewhere(until)
            first_minute = now - now % MINUTE_MS + MINUTE_MS
            assert is_quiet_somewhere(now)
            # Every tenth minute, and the last ones, of the way there.
            minutes = [
                *range(first_minute, until, 10 * MINUTE_MS),
                *range(max(first_minute, until - HOUR_MS), until, MINUTE_MS),
            ]
            assert all(is_quiet_somewhere(minute) for minute in minutes)
        case Suppress(next_eligible_ms=None):
            assert all(is_quiet_somewhere(at) for at in range(now, now + 14 * DAY_MS, 30 * MINUTE_MS))


@settings(deadline=None, max_examples=tries(300))
@given(
    cap=caps,
    zone=st.sampled_from(ZONES) | st.none(),
    fallback=st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True),
    start=instants,
    sends=st.lists(st.tuples(st.integers(0, 30 * 3_600), channels, categories, journeys), min_size=1, max_size=12),
    later_s=st.integers(0, 30 * 3_600),
    room=st.sampled_from([2, 256]),
)
def test_a_capped_send_is_eligible_exactly_from_the_instant_it_was_told(
    cap: FrequencyCap,
    zone: str | None,
    fallback: list[str],
    start: int,
    sends: list[tuple[int, str, str, str]],
    later_s: int,
    room: int,
) -> None:
    history, now = NO_SENDS, start
    for pause_s, channel, category, journey in sends:
        now += pause_s * 1_000
        history = remember(history, SendRecord(now, channel, category, journey), now, room)
    now += later_s * 1_000
    request = SendRequest(cap.channel or "email", cap.category or "marketing", "j1")
    rules = compile_rules(
        Guardrails(caps=(cap,), fallback_zones=tuple(fallback), consent={"marketing": "none", "service": "none"})
    )
    facts = CustomerFacts(zone, NO_CONSENTS, history)
    verdict = decide(rules, request, facts, now)
    assume(isinstance(verdict, Suppress))
    assert isinstance(verdict, Suppress)
    assert verdict.next_eligible_ms is not None
    assert verdict.next_eligible_ms > now
    assert isinstance(decide(rules, request, facts, verdict.next_eligible_ms), Allow)
    for before in {verdict.next_eligible_ms - 1, (now + verdict.next_eligible_ms) // 2}:
        assert isinstance(decide(rules, request, facts, before), Suppress)


records = st.builds(
    SendRecord,
    at_ms=st.integers(0, 100 * DAY_MS),
    channel=channels,
    category=categories,
    journey_id=journeys,
)


@settings(deadline=None)
@given(sends=st.lists(records, max_size=40), room=st.integers(1, 10))
def test_memory_stays_bounded_sorted_and_honest_about_what_it_lost(sends: list[SendRecord], room: int) -> None:
    history: SendHistory = NO_SENDS
    for record in sends:
        history = remember(history, record, 100 * DAY_MS, room)
    assert len(history.records) <= room
    assert list(history.records) == sorted(history.records, key=lambda record: record.at_ms)
    lost = Counter(sends) - Counter(history.records)
    assert all(record.at_ms <= history.forgotten_until_ms for record in lost)
    if sends:
        assert history.records[-1].at_ms == max(record.at_ms for record in sends)


facts_about_consent = st.lists(
    st.tuples(
        st.sampled_from(["email", "push", "*"]),
        st.sampled_from(["marketing", "service", "*"]),
        st.booleans(),
        st.integers(0, 5),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(facts=facts_about_consent, data=st.data())
def test_consent_does_not_depend_on_the_order_or_number_of_its_events(
    facts: list[tuple[str, str, bool, int]], data: st.DataObject
) -> None:
    def applied(events: list[tuple[str, str, bool, int]]) -> Consents:
        consents = NO_CONSENTS
        for channel, category, is_granted, time_ms in events:
            consents = apply_consent(consents, channel, category, is_granted, time_ms)
        return consents

    shuffled = data.draw(st.permutations(facts))
    assert applied(facts) == applied([*shuffled, *shuffled])
    concerning = [
        (time_ms, not is_granted)
        for channel, category, is_granted, time_ms in facts
        if channel in ("email", "*") and category in ("marketing", "*")
    ]
    latest = consent_of(applied(facts), "email", "marketing")
    assert (latest is None) == (not concerning)
    if latest is not None:
        assert (latest.time_ms, not latest.is_granted) == max(concerning)


@settings(deadline=None)
@given(facts=facts_about_consent, quiet=quiet_hours(), cap=caps, now=instants, is_closed=st.booleans())
def test_no_marketing_leaves_without_a_standing_grant(
    facts: list[tuple[str, str, bool, int]], quiet: QuietHours, cap: FrequencyCap, now: int, is_closed: bool
) -> None:
    consents = NO_CONSENTS
    for channel, category, is_granted, time_ms in facts:
        consents = apply_consent(consents, channel, category, is_granted, time_ms)
    if is_closed:
        consents = suppress_channel(consents, "email", "hard bounce", 1)
    rules = compile_rules(Guardrails(caps=(cap,), quiet_hours=quiet))
    verdict = decide(rules, SendRequest("email", "marketing", "j1"), CustomerFacts("UTC", consents, NO_SENDS), now)
    latest = consent_of(consents, "email", "marketing")
    if is_closed or latest is None or not latest.is_granted:
        # Never a Defer: the refusal must not hide behind quiet hours.
        assert isinstance(verdict, Suppress)
        assert verdict.rule == ("channel_suppressed" if is_closed else "consent")
        assert verdict.next_eligible_ms is None


@pytest.mark.parametrize("name", ZONES)
@settings(deadline=None, max_examples=tries(100))
@given(at_ms=instants)
def test_local_time_is_what_the_standard_library_says(name: str, at_ms: int) -> None:
    zone = known_zone(name)
    assert zone is not None
    here = local(at_ms, name).replace(tzinfo=UTC)
    assert local_ms(zone, at_ms) == round(here.timestamp() * 1_000)
    day = local_ms(zone, at_ms) // DAY_MS
    begins = first_instant(zone, day)
    assert begins <= at_ms
    assert local(begins, name).date() == here.date()
    assert local(begins - 1, name).date() < here.date()
