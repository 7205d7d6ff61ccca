"""What the API tells of a journey: figures, comparison, activities; and of itself: readiness and request metrics."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY

from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from tests.api_session import BASE, ApiSession, serving
from tests.builders import a_journey

pytestmark = pytest.mark.integration

_METRICS = 'insert into "033_omnichannel_journey_orchestrator_metrics" (config_id, workspace_id, date, metrics) '
_ACTIVITIES = (
    'insert into "033_omnichannel_journey_orchestrator_activities" '
    "(id, config_id, workspace_id, activity_type, details, created_at, customer_id, run_id, version, step, arm, cause) "
)
START = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
async def api(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(settings) as session:
        yield session


async def a_journey_with_figures(api: ApiSession, workspace_id: str = "acme") -> UUID:
    """A journey with a tenth held out, and figures of two days with a day between them."""
    client = await api.client(workspace_id)
    goal = {"event": "order.placed", "window": "P30D"}
    answer = await client.post(BASE, json={"config": a_journey(holdout={"percent": 10}, goal=goal)})
    assert answer.status_code == 201, answer.text
    journey_id = UUID(answer.json()["id"])
    day = {
        "entered": 1_000,
        "customers_entered": 1_000,
        "goals": 190,
        "customers_converted": 190,
        "value": 1_900.5,
        "value_squares": 19_000.0,
        "cost": 10.0,
        "send_requested": {"email": 900},
        "cost_by_channel": {"email": 10.0},
        "send_suppressed": {"frequency_cap": 7},
        "suppressed_by_channel": {"email": 7},
        "message_reported": {"email": {"delivered": 880, "opened": 300}},
        "exited": {"goal": 190},
        "arms": {
            "treatment": {
                "entered": 900,
                "customers_entered": 900,
                "customers_converted": 180,
                "goals": 180,
                "value": 1_800.5,
                "value_squares": 18_000.0,
                "cost": 10.0,
            },
            "holdout": {
                "entered": 100,
                "customers_entered": 100,
                "customers_converted": 10,
                "goals": 10,
                "value": 100.0,
                "value_squares": 1_000.0,
            },
        },
    }
    for when in (date(2026, 1, 5), date(2026, 1, 7)):
        await api.pool.execute(_METRICS + "values ($1, $2, $3, $4)", journey_id, workspace_id, when, day)
    return journey_id


async def test_metrics_have_every_day_the_totals_and_the_comparison_of_the_whole_life(api: ApiSession) -> None:
    journey_id = await a_journey_with_figures(api)
    client = await api.client(role="viewer")
    url = f"{BASE}/{journey_id}/metrics"
    report = (await client.get(url, params={"from": "2026-01-05", "to": "2026-01-06"})).json()
    assert [(day["date"], day["entered"]) for day in report["days"]] == [("2026-01-05", 1_000), ("2026-01-06", 0)]
    totals = report["totals"]
    assert (totals["sends"], totals["revenue"], totals["exits_by_reason"]) == (900, 1_900.5, {"goal": 190})
    assert totals["channels"]["email"]["opened"] == 300
    assert totals["arms"]["holdout"]["conversions"] == 10
    assert report["generated_at"].endswith("Z")

    comparison = report["comparison"]
    assert (comparison["first_day"], comparison["last_day"]) == ("2026-01-05", "2026-01-07")
    assert (comparison["treatment"]["customers"], comparison["holdout"]["customers"]) == (1_800, 200)
    assert comparison["conversion"]["relative"] == pytest.approx(1.0)
    assert comparison["conversion"]["absolute_low"] < 0.1 < comparison["conversion"]["absolute_high"]
    assert comparison["incremental"]["conversions"] == pytest.approx(180)
    assert comparison["sample_ratio"]["is_suspect"] is False
    assert comparison["finding"] == "better"

    usual = (await client.get(url)).json()
    assert (usual["from"], usual["to"], len(usual["days"])) == ("2025-12-09", "2026-01-07", 30)
    assert usual["totals"]["entered"] == 2_000
    assert usual["comparison"] == comparison


async def test_result_of_a_stopped_journey_says_from_when_on_it_is_final(api: ApiSession) -> None:
    journey_id = await a_journey_with_figures(api)
    client = await api.client()

    async def settled_on() -> str | None:
        comparison = (await client.get(f"{BASE}/{journey_id}/metrics")).json()["comparison"]
        return None if comparison["settled_on"] is None else str(comparison["settled_on"])

    for status in ("ACTIVE", "PAUSED"):
        assert (await client.patch(f"{BASE}/{journey_id}", json={"status": status})).status_code == 200
        assert await settled_on() is None  # customers may enter, or may again
    for status in ("STOPPED", "ARCHIVED"):
        assert (await client.patch(f"{BASE}/{journey_id}", json={"status": status})).status_code == 200
        assert await settled_on() == "2026-02-07"  # 30 days after the end of the last day with figures


async def test_metrics_of_a_journey_that_nobody_has_entered_are_zero(api: ApiSession) -> None:
    client = await api.client()
    journey = (await client.post(BASE, json={"config": a_journey()})).json()
    report = (await client.get(f"{BASE}/{journey['id']}/metrics")).json()
    assert report["comparison"] is None
    assert report["totals"]["entered"] == 0
    assert len(report["days"]) == 30


async def test_period_that_makes_no_sense_is_refused(api: ApiSession) -> None:
    client = await api.client()
    url = f"{BASE}/{(await client.post(BASE, json={'config': a_journey()})).json()['id']}/metrics"
    for period, status in (
        ({"from": "2026-02-01", "to": "2026-01-01"}, 400),
        ({"from": "2020-01-01", "to": "2026-01-01"}, 400),
        ({"to": "0001-01-02"}, 400),
        ({"since": "2026-01-01"}, 400),  # no such parameter
        ({"from": "1767571200"}, 422),
        ({"from": "yesterday"}, 422),
    ):
        answer = await client.get(url, params=period)
        assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["path"] == "query.from"


async def test_activities_are_paged_newest_first_and_filtered(api: ApiSession) -> None:
    journey_id = await a_journey_with_figures(api)
    run = uuid4()
    rows = [
        (
            uuid4(),
            journey_id,
            "acme",
            "send_requested" if number % 2 else "journey_entered",
            {"channel": "email"},
            START + timedelta(hours=number // 2),  # two at a time, so that the id decides between them
            f"customer-{number % 3}",
            run,
            1,
            "hello",
            "treatment",
            f"engagement.events.v1/0/{number}",
        )
        for number in range(11)
    ]
    await api.pool.executemany(_ACTIVITIES + "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)", rows)
    client = await api.client(role="viewer")
    url = f"{BASE}/{journey_id}/activities"

    seen, params = [], {"limit": "3"}
    while True:
        page = (await client.get(url, params=params)).json()
        seen += page["items"]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    newest_first = sorted(rows, key=lambda row: (row[5], row[0]), reverse=True)
    pages = [newest_first[at : at + 3] for at in range(0, len(rows), 3)]  # cut by id, and told as it came about
    told = [row for page in pages for row in sorted(page, key=lambda row: (row[5], rows.index(row)), reverse=True)]
    assert [item["id"] for item in seen] == [str(row[0]) for row in told]
    assert "Entered" in seen[0].pop("sentence")
    assert seen[0] == {
        "id": str(newest_first[0][0]),
        "journey_id": str(journey_id),
        "customer_id": "customer-1",
        "run_id": str(run),
        "version": 1,
        "type": "journey_entered",
        "step": "hello",
        "arm": "treatment",
        "at": "2026-01-05T17:00:00Z",
        "details": {"channel": "email"},
        "cause": "engagement.events.v1/0/10",
    }

    for params, expected in (
        ({"type": "send_requested"}, 5),
        ({"customer_id": "customer-1"}, 4),
        ({"customer_id": "customer-1", "type": "send_requested"}, 2),
        ({"from": "2026-01-05T13:00:00+01:00", "to": "2026-01-05T13:00:00Z"}, 2),
        ({"from": "2030-01-01T00:00:00Z"}, 0),
    ):
        assert len((await client.get(url, params=params)).json()["items"]) == expected, params
    for params, status in (
        ({"cursor": "x"}, 422),
        ({"costumer_id": "customer-1"}, 400),
        ({"customer_id": "\x00"}, 422),
        ({"from": "1767571200"}, 422),
        ({"limit": "501"}, 422),
        ({"type": "nothing"}, 422),
        ({"from": "2026-01-05T13:00:00"}, 422),  # without an offset nobody knows when that is
    ):
        assert (await client.get(url, params=params)).status_code == status, params
    foreign = await (await api.client("globex")).get(url)
    assert foreign.status_code == 404


async def test_readiness_names_what_the_api_needs(api: ApiSession) -> None:
    stranger = api.client_with({})
    assert (await stranger.get("/livez")).json() == {"status": "alive"}
    ready = await stranger.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ready",
        "checks": {"postgres": {"ok": True, "detail": ""}, "relay": {"ok": True, "detail": "this process relays"}},
    }


async def test_requests_are_timed_under_the_template_of_their_route(api: ApiSession) -> None:
    def count(route: str, status: str) -> float:
        labels = {"route": route, "method": "GET", "status": status}
        return REGISTRY.get_sample_value("orchestrator_http_request_seconds_count", labels) or 0.0

    client = await api.client()
    before = count(f"{BASE}/{{id}}/metrics", "404"), count("none", "404")
    await client.get(f"{BASE}/{uuid4()}/metrics")
    await client.get(f"/{uuid4()}")
    assert (count(f"{BASE}/{{id}}/metrics", "404"), count("none", "404")) == (before[0] + 1, before[1] + 1)
