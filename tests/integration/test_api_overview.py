"""All journeys at once: a page at a time, with the sums of all, in a handful of statements."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from orchestrator.api.paths import ROOT
from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from orchestrator.store.tenant import Tenant
from tests.api_session import BASE, ApiSession, serving
from tests.builders import a_journey
from tests.integration.test_api_reports import a_journey_with_figures

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


async def test_the_number_of_statements_does_not_depend_on_the_number_of_journeys(
    api: ApiSession, monkeypatch: pytest.MonkeyPatch
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
        await client.get(f"{ROOT}/overview")
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
    ):
        assert (await client.get(f"{ROOT}/overview", params=params)).status_code == status, params
    assert (await api.client_with({}).get(f"{ROOT}/overview")).status_code == 401
