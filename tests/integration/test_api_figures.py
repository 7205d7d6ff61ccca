"""Figures over HTTP by the days of any zone, where runs stand, and how far guardrails are used."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from orchestrator.api.paths import ROOT
from orchestrator.catalog import Catalog
from orchestrator.messages.activity import Activity, ActivityType
from orchestrator.messages.ids import derived_id
from orchestrator.settings import Settings
from tests.api_session import BASE, ApiSession, serving
from tests.builders import a_journey
from tests.reading_reports import csv_tables
from tests.sink_story import HOUR_MS, JOURNEYS, START_MS, a_story, add_journeys, sunk

pytestmark = pytest.mark.integration

DAY_MS = 24 * HOUR_MS
MINUTE_MS = 60_000
ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati", "America/Los_Angeles")
TABLE = '"033_omnichannel_journey_orchestrator_{}"'
RECOUNT = f"""
    select
        (created_at at time zone 'UTC' at time zone $2)::date as day,
        count(*) filter (where activity_type = 'journey_entered') as entered,
        count(*) filter (where activity_type = 'send_requested') as sends,
        count(*) filter (where activity_type = 'send_suppressed') as suppressed,
        count(*) filter (where activity_type = 'goal_reached') as conversions,
        count(*) filter (where activity_type = 'wait_started' and step = 'offer') as waits,
        coalesce(sum((details ->> 'cost')::numeric) filter (where activity_type = 'send_requested'), 0) as cost,
        coalesce(sum((details ->> 'value')::numeric) filter (where activity_type = 'goal_reached'), 0) as revenue
    from {TABLE.format("activities")}
    where config_id = $1
    group by 1
"""
EXPOSED = f"""
    select (exposed_at at time zone 'UTC' at time zone $2)::date as day, count(*) as customers
    from {TABLE.format("exposures")}
    where config_id = $1 and step = 'offer'
    group by 1
"""


@pytest.fixture
async def api(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(settings) as session:
        yield session


def a_spring(count: int) -> list[Activity]:
    """A story over the nights in which clocks in Europe go forward, with something in every part of an hour."""
    shift_ms = 80 * DAY_MS  # it begins on 2026-03-26
    return [
        msgspec.structs.replace(activity, at_ms=START_MS + shift_ms + number * 17 * MINUTE_MS)
        for number, activity in enumerate(a_story(count))
    ]


async def test_days_of_every_zone_are_a_recount_of_the_activities_and_add_up_to_the_same(
    api: ApiSession, settings: Settings
) -> None:
    await add_journeys(api.pool)
    await sunk(settings, a_spring(800))
    client, journey = await api.client(role="viewer"), JOURNEYS[0]
    totals = []
    for zone in ZONES:
        params = {"zone": zone, "from": "2026-03-20", "to": "2026-04-12"}
        report = (await client.get(f"{BASE}/{journey}/metrics", params=params)).json()
        assert (report["zone"], report["notes"]) == (zone, [])
        days = {day["date"]: day for day in report["days"]}
        recounted = await api.pool.fetch(RECOUNT, journey, zone)
        assert len(recounted) > 8
        for row in recounted:
            day = days.pop(row["day"].isoformat())
            waits = day["steps"].get("offer", {}).get("waits", 0)
            assert {**{name: day[name] for name in dict(row) if name not in ("day", "waits")}, "waits": waits} == {
                name: float(value) for name, value in dict(row).items() if name != "day"
            }, (zone, row["day"])
        assert not any(day["entered"] or day["sends"] or day["steps"] for day in days.values())
        exposed = {
            day["date"]: sum(arm["customers"] for arm in day["variants"].get("offer", {}).values())
            for day in report["days"]
        }
        assert {day: customers for day, customers in exposed.items() if customers} == {
            row["day"].isoformat(): row["customers"] for row in await api.pool.fetch(EXPOSED, journey, zone)
        }
        totals.append(report["totals"])
    assert all(each == totals[0] for each in totals)
    assert totals[0]["variants"]["offer"]["short"]["customers_converted"] > 0


async def test_the_usual_period_ends_with_the_last_day_that_the_zone_has_had(
    api: ApiSession, settings: Settings
) -> None:
    await add_journeys(api.pool)
    late = msgspec.structs.replace(a_story(1)[0], at_ms=START_MS + 20 * HOUR_MS)  # 2026-01-05 20:00 UTC
    await sunk(settings, [late])
    client, url = await api.client(role="viewer"), f"{BASE}/{late.journey_id}/metrics"
    for zone, last in (("UTC", "2026-01-05"), ("Asia/Tokyo", "2026-01-06"), ("America/Los_Angeles", "2026-01-05")):
        report = (await client.get(url, params={"zone": zone})).json()
        assert (report["to"], len(report["days"])) == (last, 30)


async def test_days_from_before_quarters_were_kept_stand_as_they_are_and_a_note_says_so(
    api: ApiSession, settings: Settings
) -> None:
    await add_journeys(api.pool)
    await sunk(settings, a_spring(300))
    journey = JOURNEYS[0]
    insert = (
        f"insert into {TABLE.format('metrics')} (config_id, workspace_id, date, metrics) values ($1, 'acme', $2, $3)"
    )
    await api.pool.execute(insert, journey, date(2026, 3, 1), {"entered": 7, "value_squares": 4.0})
    client, url = await api.client(role="viewer"), f"{BASE}/{journey}/metrics"
    period = {"from": "2026-02-20", "to": "2026-04-10"}
    utc = (await client.get(url, params=period)).json()
    report = (await client.get(url, params={**period, "zone": "Asia/Tokyo"})).json()
    [note] = report["notes"]
    assert "the UTC day 2026-03-01 were counted" in note
    assert [day["entered"] for day in report["days"] if day["date"] == "2026-03-01"] == [7]
    assert report["totals"] == utc["totals"]
    assert utc["notes"] == []
    # A day that quarters were kept of from its middle on only.
    await api.pool.execute(
        f"update {TABLE.format('metrics')} set created_at = created_at - interval '1 year' where date = '2026-03-27'"
    )
    [note] = (await client.get(url, params={**period, "zone": "Asia/Tokyo"})).json()["notes"]
    assert "UTC days from 2026-03-01 to 2026-03-27" in note


async def test_a_life_of_thirty_years_is_told_whole_by_months_and_its_totals_are_those_of_its_parts(
    api: ApiSession, settings: Settings
) -> None:
    await add_journeys(api.pool)
    spring = a_spring(800)
    long_ago = [msgspec.structs.replace(each, at_ms=each.at_ms - 10_600 * DAY_MS) for each in spring[:400]]
    await sunk(settings, [*long_ago, *spring[400:]])
    client, journey = await api.client(role="viewer"), JOURNEYS[0]
    url = f"{BASE}/{journey}/metrics"
    for zone in ("UTC", "America/Los_Angeles", "Pacific/Kiritimati"):
        whole = (await client.get(url, params={"zone": zone, "whole_life": "true", "by": "fitting"})).json()
        recounted = sorted(row["day"].isoformat() for row in await api.pool.fetch(RECOUNT, journey, zone))
        assert (whole["from"], whole["to"]) == (recounted[0], recounted[-1])
        assert whole["by"] == "month"
        assert 340 < len(whole["days"]) <= 400
        parts = [
            (await client.get(url, params={"zone": zone, "from": first, "to": last})).json()["totals"]
            for first, last in (("1997-03-01", "1997-04-30"), ("2026-03-01", "2026-05-30"))
        ]
        for figure in ("entered", "sends", "conversions", "revenue", "cost"):
            assert whole["totals"][figure] == pytest.approx(sum(part[figure] for part in parts))
            assert whole["totals"][figure] == pytest.approx(sum(month[figure] for month in whole["days"]))
        bare = (await client.get(url, params={"zone": zone, "whole_life": "true", "by": "none"})).json()
        assert (bare["totals"], bare["days"]) == (whole["totals"], [])
        overview = (await client.get(f"{ROOT}/overview", params={"zone": zone, "whole_life": "true"})).json()
        (item,) = [each for each in overview["items"] if each["journey"]["id"] == journey]
        assert item["figures"] == {name: whole["totals"][name] for name in item["figures"]}
        file = await client.get(f"{BASE}/{journey}/export", params={"zone": zone, "whole_life": "true"})
        tables = csv_tables(file.text)
        assert dict((row[0], row[1]) for row in tables["summary"])["entered"] == whole["totals"]["entered"]
        assert sum(row[1] for row in tables["by_week"][1:]) == whole["totals"]["entered"]
    for params in ({"by": "day"}, {"by": "week"}, {"from": "2026-01-01"}):
        answer = await client.get(url, params={"whole_life": "true", **params})
        assert (answer.status_code, answer.json()["title"]) == (400, "Bad Request"), answer.text


async def test_a_zone_that_is_none_is_refused(api: ApiSession) -> None:
    client = await api.client(role="viewer")
    journey = (await (await api.client()).post(BASE, json={"config": a_journey()})).json()
    for zone in ("Mars/Olympus", "", "../UTC", "UTC+1"):
        answer = await client.get(f"{BASE}/{journey['id']}/metrics", params={"zone": zone})
        assert answer.status_code == 422, zone
        assert answer.json()["errors"][0]["path"] == "query.zone"
    for zone in ("Pacific/Kiritimati", "America/Los_Angeles"):
        for period in ({"to": "0001-01-31", "from": "0001-01-01"}, {"from": "9999-12-01", "to": "9999-12-31"}):
            answer = await client.get(f"{BASE}/{journey['id']}/metrics", params={"zone": zone, **period})
            assert answer.status_code == 200, answer.text


def an_activity(
    journey_id: str, number: int, type_: ActivityType, at_ms: int, customer: str = "c1", step: str = "", **details: Any
) -> Activity:
    return Activity(
        id=derived_id("activity", journey_id, str(number)),
        workspace_id="acme",
        customer_id=customer,
        journey_id=journey_id,
        version=1,
        run_id=derived_id("run", journey_id, customer),
        type=type_,
        at_ms=at_ms,
        step=step,
        arm="holdout" if customer.startswith("held") else "treatment",
        details=details,
    )


async def test_positions_tell_where_how_many_stand_and_since_when(api: ApiSession, settings: Settings) -> None:
    client = await api.client()
    journey = (await client.post(BASE, json={"config": a_journey()})).json()
    at = START_MS
    story = [
        an_activity(journey["id"], 1, "wait_started", at, "anna", "pause"),
        an_activity(journey["id"], 2, "wait_started", at + HOUR_MS, "bert", "pause"),
        an_activity(journey["id"], 3, "send_deferred", at + 2 * HOUR_MS, "carl", "remind"),
        an_activity(journey["id"], 4, "journey_entered", at, "held-1"),
        an_activity(journey["id"], 5, "journey_entered", at, "dora"),
        an_activity(journey["id"], 6, "run_completed", at, "emil", "done"),
    ]
    story[1] = msgspec.structs.replace(story[1], version=2)
    await sunk(settings, story)
    positions = (await client.get(f"{BASE}/{journey['id']}/positions")).json()
    assert (positions["under_way"], positions["held_out"], positions["version"]) == (4, 1, 1)
    assert positions["steps"] == [
        {"step": "pause", "customers": 2, "versions": {"1": 1, "2": 1}, "since": "2026-01-05T00:00:00Z"},
        {"step": "remind", "customers": 1, "versions": {"1": 1}, "since": "2026-01-05T02:00:00Z"},
    ]
    other = await api.client("globex")
    assert (await other.get(f"{BASE}/{journey['id']}/positions")).status_code == 404


def noon_zone(now: datetime) -> str:
    """A zone in which it is about noon, so that no midnight passes while the test runs."""
    hours = now.hour - 12  # Etc/GMT+1 is an hour behind UTC
    return "Etc/GMT" if hours == 0 else f"Etc/GMT{hours:+d}"


GUARDRAILS: dict[str, Any] = {
    "caps": [{"limit": 2, "per": "P7D", "channel": "email", "category": "marketing"}],
    "minimum_gap": "PT4H",
    "quiet_hours": {"from": "21:00", "to": "08:00"},
    "rates": [{"limit": 100, "per": "second"}, {"limit": 9_000, "per": "minute", "channel": "sms"}],
    "brakes": [{"outcome": "bounced", "percent": 50, "at_least": 4}],
}


async def gauges_of(client: httpx.AsyncClient, journey_id: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    """By kind, whose, and the sentence."""
    answer = await client.get(f"{BASE}/{journey_id}/guardrails")
    assert answer.status_code == 200, answer.text
    return {(item["kind"], item["of"], item["sentence"]): item for item in answer.json()["items"]}


async def test_gauges_tell_how_far_limits_are_used_and_what_they_held_back(api: ApiSession, settings: Settings) -> None:
    client, now = await api.client(), datetime.now(UTC)
    zone = noon_zone(now)
    budgets = [
        {"kind": "messages", "limit": 10, "per": "day", "zone": zone, "channel": "email"},
        {"kind": "money", "limit": 1, "per": "total"},
    ]
    entry = {"kind": "event", "type": "customer.signed_up", "capacity": {"limit": 4, "per": "total"}}
    config = a_journey(guardrails={**GUARDRAILS, "budgets": budgets}, entry=entry, holdout={"percent": 20}, goal=GOAL)
    ids = []
    for _ in range(2):
        answer = await client.post(BASE, json={"config": config})
        assert answer.status_code == 201, answer.text
        ids.append(answer.json()["id"])
    shared = {"budgets": [{"kind": "messages", "limit": 100, "per": "total"}]}
    answer = await client.patch(f"{ROOT}/workspace", json={"guardrails": shared})
    assert answer.status_code == 200, answer.text
    # Long enough ago for the brake, which looks at nothing from before a journey was resumed.
    await api.pool.execute(f"update {TABLE.format('configs')} set resumed_at = now() - interval '2 days'")
    at_ms = int(now.timestamp() * 1_000)
    story = []
    for place, journey_id in enumerate(ids):
        sent = [
            an_activity(
                journey_id,
                number,
                "send_requested",
                at_ms,
                f"c{number}",
                "hello",
                channel="email",
                cost=0.25,
                command_id="x",
            )
            for number in range(5 - place)
        ]
        story += [
            *sent,
            an_activity(journey_id, 20, "message_reported", at_ms, channel="email", outcome="bounced"),
            an_activity(journey_id, 21, "send_suppressed", at_ms, step="hello", channel="email", rule="frequency_cap"),
            an_activity(journey_id, 22, "send_deferred", at_ms, step="hello", channel="email", rule="quiet_hours"),
            an_activity(journey_id, 23, "send_suppressed", at_ms - 2 * DAY_MS, channel="email", rule="frequency_cap"),
            an_activity(journey_id, 24, "entry_refused", at_ms, rule="capacity"),
            an_activity(journey_id, 25, "journey_entered", at_ms, "held-1"),
            *(an_activity(journey_id, 30 + number, "journey_entered", at_ms, f"c{number}") for number in range(3)),
        ]
    await sunk(settings, story)
    found = await gauges_of(client, ids[0])

    def gauge(kind: str, of: str = "journey", text: str = "") -> dict[str, Any]:
        [item] = [item for (k, o, sentence), item in found.items() if (k, o) == (kind, of) and text in sentence]
        return item

    cap = gauge("cap")
    assert cap["sentence"] == "At most 2 marketing e-mails per customer in 7 days"
    assert (cap["limit"], cap["used"], cap["held_back"]) == (2, None, 1)
    assert gauge("quiet_hours")["held_back"] == 1
    assert gauge("gap")["held_back"] == 0
    day = gauge("budget", text="e-mails")
    assert (day["limit"], day["used"], day["share"], day["is_reached"]) == (10, 5, 0.5, False)
    assert day["since"] is not None
    assert day["until"] is not None
    total = gauge("budget", text="spent")
    assert (total["limit"], total["used"], total["is_reached"], total["since"]) == (1, 1.25, True, None)
    of_all = gauge("budget", of="workspace")
    assert (of_all["limit"], of_all["used"]) == (100, 9)
    capacity = gauge("capacity")
    assert (capacity["limit"], capacity["used"], capacity["is_reached"], capacity["held_back"]) == (4, 4, True, 1)
    brake = gauge("brake")
    assert (brake["limit"], brake["used"], brake["is_reached"]) == (50, 20, False)
    assert {item["used"] for key, item in found.items() if key[0] == "rate"} == {None}
    holdout = gauge("holdout")
    assert (holdout["limit"], holdout["used"], holdout["share"], holdout["is_off_plan"]) == (20, 25, None, False)
    switch = gauge("kill_switch", of="workspace")
    assert (switch["is_reached"], switch["limit"]) == (False, None)
    await client.patch(f"{ROOT}/workspace", json={"is_sending": False})
    found = await gauges_of(client, ids[0])
    assert gauge("kill_switch", of="workspace")["is_reached"] is True


GOAL = {"event": "order.placed", "window": "P30D"}


async def test_a_budget_that_a_later_version_brings_counts_from_then_on(api: ApiSession, settings: Settings) -> None:
    client, now = await api.client(), datetime.now(UTC)
    config = a_journey()
    journey = (await client.post(BASE, json={"config": config})).json()
    before_ms = int((now - timedelta(days=3)).timestamp() * 1_000)
    sent = [
        an_activity(journey["id"], number, "send_requested", at_ms, channel="email", cost=0, command_id="x")
        for number, at_ms in enumerate((before_ms, before_ms, int(now.timestamp() * 1_000) + HOUR_MS))
    ]
    await sunk(settings, sent)
    guardrails = {**config["guardrails"], "budgets": [{"kind": "messages", "limit": 8, "per": "total"}]}
    answer = await client.patch(f"{BASE}/{journey['id']}", json={"config": {**config, "guardrails": guardrails}})
    assert answer.status_code == 200, answer.text
    [gauge] = [item for key, item in (await gauges_of(client, journey["id"])).items() if key[0] == "budget"]
    assert (gauge["used"], gauge["until"]) == (1, None)
    assert gauge["since"] is not None
    # Taken away and brought back: the workers still count what was sent before, and nobody else knows how much.
    await client.patch(f"{BASE}/{journey['id']}", json={"config": config})
    await client.patch(f"{BASE}/{journey['id']}", json={"config": {**config, "guardrails": guardrails}})
    [gauge] = [item for key, item in (await gauges_of(client, journey["id"])).items() if key[0] == "budget"]
    assert (gauge["limit"], gauge["used"], gauge["share"]) == (8, None, None)


async def test_a_journey_without_rules_of_its_own_has_consent_and_the_kill_switch(api: ApiSession) -> None:
    client = await api.client()
    journey = (await client.post(BASE, json={"config": a_journey(guardrails=None)})).json()
    found = await gauges_of(await api.client(role="viewer"), journey["id"])
    assert [key[:2] for key in found] == [("consent", "journey"), ("kill_switch", "workspace")]
    assert (await (await api.client("globex")).get(f"{BASE}/{journey['id']}/guardrails")).status_code == 404
