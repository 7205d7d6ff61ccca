"""All journeys at once: a page at a time, with the sums of all, in a handful of statements."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any, get_args
from uuid import UUID

import httpx
import pytest

from orchestrator.api.list_order import Order
from orchestrator.api.paths import ROOT
from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from orchestrator.store.tenant import Tenant
from tests.api_session import BASE, ApiSession, serving
from tests.builders import a_journey
from tests.integration.test_api_figures import a_spring
from tests.integration.test_api_reports import a_journey_with_figures
from tests.reading_reports import csv_tables
from tests.sink_story import JOURNEYS, add_journeys, sunk

pytestmark = pytest.mark.integration

SPAN = {"from": "2026-01-05", "to": "2026-01-06"}
MOST_STATEMENTS = 7


@pytest.fixture
async def api(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(settings) as session:
        yield session


async def test_a_journey_is_listed_with_the_figures_and_the_verdict_of_its_page(api: ApiSession) -> None:
    journey_id = await a_journey_with_figures(api)
    client = await api.client(role="viewer")
    overview = (await client.get(f"{ROOT}/overview", params=SPAN)).json()
    assert (overview["from"], overview["to"]) == ("2026-01-05", "2026-01-06")
    (item,) = overview["items"]
    metrics = (await client.get(f"{BASE}/{journey_id}/metrics", params=SPAN)).json()
    assert item["journey"] == (await client.get(BASE)).json()["items"][0]
    assert item["figures"] == {name: metrics["totals"][name] for name in item["figures"]}
    assert item["figures"]["sends"] == 900
    assert item["finding"] == metrics["comparison"]["finding"] == "better"
    assert item["verdict"] == metrics["comparison"]["verdict"]
    assert item["last_day"] == metrics["comparison"]["last_day"] == "2026-01-07"
    assert overview["totals"] == item["figures"]
    usual = (await client.get(f"{ROOT}/overview")).json()
    assert (usual["from"], usual["to"]) == ("2025-12-09", "2026-01-07")


async def test_who_is_under_way_is_counted_without_the_holdout_and_without_those_who_are_through(
    api: ApiSession,
) -> None:
    journey_id = await a_journey_with_figures(api)
    insert = (
        'insert into "033_omnichannel_journey_orchestrator_runs" '
        "(run_id, config_id, workspace_id, customer_id, version, step, arm, status, entered_at, moved_at) "
        "values (gen_random_uuid(), $1, 'acme', 'c', 1, $2, $3, $4, now(), now())"
    )
    for step, arm, status in (
        ("hello", "treatment", "under_way"),
        ("later", "treatment", "under_way"),
        ("", "holdout", "under_way"),
        ("", "treatment", "ended"),
    ):
        await api.pool.execute(insert, journey_id, step, arm, status)
    (item,) = (await (await api.client()).get(f"{ROOT}/overview")).json()["items"]
    assert item["under_way"] == 2


async def test_journeys_come_in_pages_and_the_totals_are_of_all_of_them(api: ApiSession) -> None:
    client = await api.client()
    with_figures = [str(await a_journey_with_figures(api)) for _ in range(3)]
    draft = (await client.post(BASE, json={"config": a_journey(), "status": "DRAFT"})).json()["id"]
    archived = str(await a_journey_with_figures(api))
    for gone in ("STOPPED", "ARCHIVED"):
        assert (await client.patch(f"{BASE}/{archived}", json={"status": gone})).status_code == 200
    seen, params = [], {**SPAN, "limit": "2"}
    while True:
        page = (await client.get(f"{ROOT}/overview", params=params)).json()
        seen += page["items"]
        assert page["totals"]["entered"] == 3_000
        assert page["totals"]["revenue"] == 5_701.5
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert [item["journey"]["id"] for item in seen] == [draft, *reversed(with_figures)]
    assert (seen[0]["finding"], seen[0]["figures"]["entered"]) == (None, 0)
    for status, ids in (("ARCHIVED", [archived]), ("DRAFT", [draft]), ("PAUSED", [])):
        found = (await client.get(f"{ROOT}/overview", params={**SPAN, "status": status})).json()
        assert [item["journey"]["id"] for item in found["items"]] == ids
        assert found["totals"]["entered"] == 1_000 * (status == "ARCHIVED")
    assert (await (await api.client("globex")).get(f"{ROOT}/overview", params=SPAN)).json()["items"] == []


async def walked(client: httpx.AsyncClient, **params: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Every item of the overview, two a page, and the last page; the totals are the same on each."""
    items, cursor = [], {}
    while True:
        answer = await client.get(f"{ROOT}/overview", params={**params, "limit": "2", **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        if page["next_cursor"] is None:
            return items, page
        cursor = {"cursor": page["next_cursor"]}


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("Asia/Kathmandu", "2026-03-28", "2026-04-02"),
        ("America/New_York", "2026-03-30", "2026-04-05"),
        ("Europe/Berlin", "2026-03-28", "2026-03-29"),  # the second has 23 hours
        ("Pacific/Kiritimati", "2026-03-29", "2026-03-29"),
        ("Pacific/Chatham", "2026-04-04", "2026-04-05"),
    ],
)
async def test_figures_of_a_zones_days_are_the_totals_of_each_journeys_metrics(
    api: ApiSession, settings: Settings, zone: str, first: str, last: str
) -> None:
    await add_journeys(api.pool)
    await sunk(settings, a_spring(800))
    client, days = await api.client(role="viewer"), {"zone": zone, "from": first, "to": last}
    items, page = await walked(client, **days)
    assert (page["zone"], page["from"], page["to"], page["notes"]) == (zone, first, last, [])
    assert {item["journey"]["id"] for item in items} == set(JOURNEYS)
    for item in items:
        metrics = (await client.get(f"{BASE}/{item['journey']['id']}/metrics", params=days)).json()
        assert item["figures"] == {name: metrics["totals"][name] for name in item["figures"]}
        assert item["figures"]["entered"] > 0
        in_utc = (await client.get(f"{ROOT}/overview", params={**days, "zone": "UTC"})).json()["totals"]
    assert page["totals"] == pytest.approx(
        {name: sum(item["figures"][name] for item in items) for name in page["totals"]}
    )
    assert page["totals"] != in_utc
    usual = (await client.get(f"{ROOT}/overview", params={"zone": zone})).json()
    ends = [(await client.get(f"{BASE}/{id_}/metrics", params={"zone": zone})).json()["to"] for id_ in JOURNEYS]
    assert usual["to"] == max(ends)


async def test_days_that_cannot_be_divided_stand_as_they_are_and_a_note_says_so(
    api: ApiSession, settings: Settings
) -> None:
    await add_journeys(api.pool)
    await sunk(settings, a_spring(300))
    insert = (
        'insert into "033_omnichannel_journey_orchestrator_metrics" (config_id, workspace_id, date, metrics) '
        "values ($1, 'acme', $2, $3)"
    )
    await api.pool.execute(insert, JOURNEYS[0], date(2026, 3, 1), {"entered": 7})
    client = await api.client(role="viewer")
    for zone, first, notes in (
        ("Asia/Tokyo", "2026-03-02", 1),
        ("Asia/Tokyo", "2026-02-20", 0),
        ("UTC", "2026-03-01", 0),
    ):
        params = {"zone": zone, "from": first, "to": "2026-03-25"}
        found = (await client.get(f"{ROOT}/overview", params=params)).json()
        assert len(found["notes"]) == notes, (zone, first)
        assert found["totals"]["entered"] == (0 if first == "2026-03-02" else 7)
    assert (
        "the UTC day 2026-03-01"
        in (
            await client.get(
                f"{ROOT}/overview", params={"zone": "Asia/Tokyo", "from": "2026-03-02", "to": "2026-03-25"}
            )
        ).json()["notes"][0]
    )


async def test_pages_and_totals_are_of_the_journeys_that_all_filters_let_through(api: ApiSession) -> None:
    client = await api.client()
    ids = {}
    for name, campaign in (("Win back A", "spring"), ("Winter", "spring"), ("WIN BACK b", None), ("50% off", "autumn")):
        ids[name] = str(await a_journey_with_figures(api))
        change = {"name": name, **({"campaign_id": campaign} if campaign else {})}
        assert (await client.patch(f"{BASE}/{ids[name]}", json=change)).status_code == 200
    assert (await client.patch(f"{BASE}/{ids['Winter']}", json={"status": "PAUSED"})).status_code == 200
    for filters, names in (
        ({"name": "win"}, ["WIN BACK b", "Winter", "Win back A"]),
        ({"name": "back"}, ["WIN BACK b", "Win back A"]),
        ({"campaign_id": "spring"}, ["Winter", "Win back A"]),
        ({"campaign_id": "spring", "name": "back"}, ["Win back A"]),
        ({"campaign_id": "spring", "name": "win", "status": "PAUSED"}, ["Winter"]),
        ({"campaign_id": "sprin"}, []),
        ({"name": "%"}, ["50% off"]),
        ({"name": "_"}, []),
    ):
        items, page = await walked(client, **SPAN, **filters)
        assert [item["journey"]["name"] for item in items] == names, filters
        assert page["totals"]["entered"] == 1_000 * len(names), filters
        listed = (await client.get(BASE, params=filters)).json()["items"]
        assert [item["id"] for item in listed] == [ids[name] for name in names]
        export = await client.get(f"{ROOT}/overview/export", params={**SPAN, **filters, "zone": "Asia/Kathmandu"})
        tables = csv_tables(export.text)
        assert [row[0] for row in tables["journeys"][1:]] == names
        about = {row[0]: row[1] for row in tables["about"][1:]}
        assert about["zone"] == "Asia/Kathmandu"
        assert about["campaign_id"] == filters.get("campaign_id", "any")


async def with_sends(api: ApiSession, name: str, sends: int, on: date = date(2026, 1, 5)) -> str:
    """A journey of this name with so many sends on a day, and money that is ranked the other way round."""
    client = await api.client()
    body = {"config": a_journey(), "name": name, "status": "DRAFT"}
    journey_id = str((await client.post(BASE, json=body)).json()["id"])
    figures = {"entered": 100, "send_requested": {"email": sends}, "goals": sends % 3, "customers_converted": 1}
    await set_figures(api, journey_id, {**figures, "value": 1_000 - sends, "cost": 0.5}, on)
    return journey_id


async def set_figures(api: ApiSession, journey_id: str, figures: dict[str, Any], on: date = date(2026, 1, 5)) -> None:
    insert = (
        'insert into "033_omnichannel_journey_orchestrator_metrics" (config_id, workspace_id, date, metrics) '
        "values ($1, 'acme', $2, $3) on conflict (config_id, date) do update set metrics = excluded.metrics"
    )
    await api.pool.execute(insert, UUID(journey_id), on, figures)


@pytest.mark.parametrize("sort", get_args(Order))
async def test_every_order_gives_each_journey_once_also_with_ties(api: ApiSession, sort: Order) -> None:
    names = {
        await with_sends(api, f"Journey {name}", sends): name for name, sends in zip("cab", (5, 9, 5), strict=True)
    }
    client = await api.client()
    names[(await client.post(BASE, json={"config": a_journey(), "name": "z", "status": "DRAFT"})).json()["id"]] = "z"
    items, page = await walked(client, **SPAN, sort=sort)
    assert page["totals"]["sends"] == 19
    order = "".join(names[item["journey"]["id"]] for item in items)
    expected = {"newest": "zbac", "name": "abcz", "under_way": "zbac", "sends": "abcz", "revenue": "bcaz"}
    expected |= {"conversions": "bcza", "entered": "bacz", "customers_converted": "bacz", "cost": "bacz"}
    assert order == expected[sort]
    export = await client.get(f"{ROOT}/overview/export", params={**SPAN, "sort": sort})
    tables = csv_tables(export.text)
    assert [row[0][-1] for row in tables["journeys"][1:]] == list(order)
    assert ["sort", sort] in [row[:2] for row in tables["about"]]
    filtered, _ = await walked(client, **SPAN, sort=sort, name="journey")
    assert "".join(names[item["journey"]["id"]] for item in filtered) == order.replace("z", "")


async def test_a_journey_that_overtakes_others_while_the_list_is_read_comes_once(api: ApiSession) -> None:
    ids = [await with_sends(api, f"Journey {number}", number) for number in range(1, 6)]
    client = await api.client()
    params = {**SPAN, "sort": "sends", "limit": "2"}
    first = (await client.get(f"{ROOT}/overview", params=params)).json()
    assert [item["journey"]["id"] for item in first["items"]] == [ids[4], ids[3]]
    # The last becomes the first, and the first the last.
    await set_figures(api, ids[0], {"send_requested": {"email": 50}})
    await set_figures(api, ids[4], {"send_requested": {"email": 0}})
    second = (await client.get(f"{ROOT}/overview", params={**params, "cursor": first["next_cursor"]})).json()
    assert [item["journey"]["id"] for item in second["items"]] == [ids[0], ids[2]]
    third = (await client.get(f"{ROOT}/overview", params={**params, "cursor": second["next_cursor"]})).json()
    assert ([item["journey"]["id"] for item in third["items"]], third["next_cursor"]) == ([ids[1]], None)


async def test_an_order_is_by_the_days_chosen(api: ApiSession) -> None:
    early = await with_sends(api, "Early", 9, date(2026, 1, 1))
    late = await with_sends(api, "Late", 2, date(2026, 1, 5))
    client = await api.client()
    for days, order in ((SPAN, [late, early]), ({"from": "2026-01-01", "to": "2026-01-06"}, [early, late])):
        items, _ = await walked(client, **days, sort="sends")
        assert [item["journey"]["id"] for item in items] == order


async def test_who_is_under_way_orders_them_too(api: ApiSession) -> None:
    busy = str(await a_journey_with_figures(api))
    await a_journey_with_figures(api)
    insert = (
        'insert into "033_omnichannel_journey_orchestrator_runs" '
        "(run_id, config_id, workspace_id, customer_id, version, step, arm, status, entered_at, moved_at) "
        "values (gen_random_uuid(), $1, 'acme', 'c', 1, 'hello', 'treatment', 'under_way', now(), now())"
    )
    await api.pool.execute(insert, UUID(busy))
    items, _ = await walked(await api.client(), **SPAN, sort="under_way")
    assert [item["under_way"] for item in items] == [1, 0]
    assert items[0]["journey"]["id"] == busy


async def test_journeys_alone_are_listed_by_name_as_well(api: ApiSession) -> None:
    client = await api.client()
    for name in ("winter", "Autumn", "Spring"):
        body = {"config": a_journey(), "name": name, "status": "DRAFT"}
        assert (await client.post(BASE, json=body)).status_code == 201
    for sort, names in (("name", ["Autumn", "Spring", "winter"]), ("newest", ["Spring", "Autumn", "winter"])):
        first = (await client.get(BASE, params={"sort": sort, "limit": "2"})).json()
        rest = (await client.get(BASE, params={"sort": sort, "limit": "2", "cursor": first["next_cursor"]})).json()
        assert [item["name"] for page in (first, rest) for item in page["items"]] == names
        assert rest["next_cursor"] is None
        other = {"sort": "newest" if sort == "name" else "name", "cursor": first["next_cursor"]}
        for path in (BASE, f"{ROOT}/overview"):
            refused = await client.get(path, params=other)
            assert (refused.status_code, "leave it out to start" in refused.text) == (400, True), refused.text
    assert (await client.get(BASE, params={"sort": "revenue"})).status_code == 422


@pytest.mark.parametrize("sort", ["newest", "name", "revenue"])
async def test_the_number_of_statements_does_not_depend_on_the_number_of_journeys(
    api: ApiSession, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    statements: list[str] = []
    fetch = Tenant.fetch

    async def counting(self: Tenant, sql: str, *arguments: object) -> object:
        statements.append(sql)
        return await fetch(self, sql, *arguments)

    monkeypatch.setattr(Tenant, "fetch", counting)
    client = await api.client()
    await client.get(f"{ROOT}/overview")  # what is remembered afterwards is asked once
    counts = []
    for _ in range(3):
        journey: UUID = await a_journey_with_figures(api)
        assert journey
        statements.clear()
        await client.get(f"{ROOT}/overview", params={"sort": sort})
        # Who is under way is counted by the clock, not by the look.
        counts.append(sum("_runs" not in sql for sql in statements))
    assert counts[0] == counts[-1] <= MOST_STATEMENTS
    assert not any("_activities" in sql for sql in statements)


async def test_what_makes_no_sense_is_refused(api: ApiSession) -> None:
    client = await api.client()
    for params, status in (
        ({"cursor": "x"}, 422),
        ({"from": "2026-02-01", "to": "2026-01-01"}, 400),
        ({"since": "2026-01-01"}, 400),
        ({"status": "GONE"}, 422),
        ({"limit": "0"}, 422),
        ({"sort": "verdict"}, 422),
        ({"sort": "name", "cursor": "name.x"}, 422),
        ({"zone": "Mars/Olympus"}, 422),
        ({"zone": ""}, 422),
        ({"name": ""}, 422),
        ({"name": "x" * 201}, 422),
        ({"campaign_id": "x" * 256}, 422),
    ):
        assert (await client.get(f"{ROOT}/overview", params=params)).status_code == status, params
    assert (await api.client_with({}).get(f"{ROOT}/overview")).status_code == 401
