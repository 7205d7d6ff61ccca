"""What is too old goes, a little at a time; no figure changes, and an erasure still finds everything."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from orchestrator.api import retention as retaining
from orchestrator.api.paths import ROOT
from orchestrator.api.retention import Retention
from orchestrator.catalog import Catalog
from orchestrator.messages.activity import Activity
from orchestrator.messages.ids import derived_id
from orchestrator.settings import Settings
from orchestrator.store.pool import connect
from orchestrator.store.retention import RetentionSession
from orchestrator.store.rows import Erasure
from orchestrator.store.writer import ActivityWriter
from tests.api_session import BASE, ApiSession, serving, until
from tests.builders import a_journey
from tests.sink_story import sunk

pytestmark = pytest.mark.integration

PREFIX = "033_omnichannel_journey_orchestrator_"
DAYS = 30
OLD, RECENT = timedelta(days=40), timedelta(days=3)


@pytest.fixture
async def api(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(settings) as session:
        yield session


class Story:
    """Activities of runs of one journey, some of them old."""

    def __init__(self, journey_id: str, now: datetime) -> None:
        self._journey_id = journey_id
        self._now = now
        self.activities: list[Activity] = []

    def happened(self, customer: str, type_: Any, ago: timedelta, **details: Any) -> str:
        """Adds one; returns its id."""
        self.activities.append(
            Activity(
                id=derived_id("activity", self._journey_id, str(len(self.activities))),
                workspace_id="acme",
                customer_id=customer,
                journey_id=self._journey_id,
                version=1,
                run_id=derived_id("run", self._journey_id, customer),
                type=type_,
                at_ms=int((self._now - ago).timestamp() * 1_000),
                step="hello",
                arm="treatment",
                details=details,
            )
        )
        return self.activities[-1].id


async def a_journey_with_a_past(api: ApiSession, now: datetime) -> tuple[str, set[str]]:
    """A journey with old and recent runs; its id, and the activities that must stay."""
    client = await api.client()
    goal = {"event": "order.placed", "window": "P2D"}
    journey_id = (await client.post(BASE, json={"config": a_journey(goal=goal)})).json()["id"]
    story = Story(journey_id, now)
    for number in range(25):
        story.happened(f"over-{number}", "journey_entered", OLD + timedelta(days=2))
        story.happened(f"over-{number}", "step_passed", OLD + timedelta(days=1), kind="experiment", path="short")
        story.happened(f"over-{number}", "run_completed", OLD, reason="exit")
    kept = {
        story.happened("waits", "journey_entered", OLD),
        story.happened("waits", "wait_started", OLD),
        story.happened("came-back", "journey_entered", OLD),
        story.happened("came-back", "run_completed", RECENT, reason="exit"),
        story.happened("merged", "run_adopted", OLD, from_customer_id="over-1"),
        story.happened("recent", "journey_entered", RECENT),
        story.happened("recent", "goal_reached", RECENT, value=7),
    }
    late = story.happened("told-late", "entry_refused", OLD, rule="re_entry")
    await sunk(api.settings, story.activities)
    table = f'"{PREFIX}activities"'
    await api.pool.execute(f"update {table} set recorded_at = created_at where id <> $1", late)
    return journey_id, kept | {late}


async def swept(settings: Settings, days: int, now: datetime) -> int:
    """Runs one sweep; returns in how many steps."""
    connection = await connect(settings, application="test", patience_s=30)
    steps = 0
    try:
        retention = Retention(RetentionSession(connection), days)
        while await retention.step(now):
            steps += 1
    finally:
        await connection.close()
    return steps


async def ids(api: ApiSession) -> set[str]:
    return {str(row["id"]) for row in await api.pool.fetch(f'select id from "{PREFIX}activities"')}


async def told(api: ApiSession, journey_id: str) -> list[Any]:
    """All figures that people read."""
    client = await api.client()
    answers = [
        (await client.get(url)).json()
        for url in (f"{BASE}/{journey_id}/metrics", f"{BASE}/{journey_id}/experiments", f"{ROOT}/overview")
    ]
    for answer in answers:
        answer.pop("generated_at", None)
    rows = await api.pool.fetch(f'select * from "{PREFIX}participants" order by customer_id')
    exposed = await api.pool.fetch(f'select * from "{PREFIX}exposures" order by customer_id')
    return [*answers, rows, exposed]


def forgotten(table: str) -> float:
    return REGISTRY.get_sample_value("orchestrator_rows_forgotten_total", {"table": table}) or 0.0


async def test_old_activities_of_runs_that_are_over_go_and_no_figure_changes(
    api: ApiSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retaining, "BATCH_ROWS", 10)
    now = datetime.now(UTC)
    journey_id, kept = await a_journey_with_a_past(api, now)
    before, counted = await told(api, journey_id), (forgotten("activities"), forgotten("runs"))
    steps = await swept(api.settings, DAYS, now)
    assert await ids(api) == kept
    runs = await api.pool.fetch(f'select customer_id from "{PREFIX}runs" order by customer_id')
    assert [row["customer_id"] for row in runs] == ["came-back", "merged", "recent", "waits"]
    assert await told(api, journey_id) == before
    assert (forgotten("activities") - counted[0], forgotten("runs") - counted[1]) == (75, 25)
    assert steps > 75 // 10
    await swept(api.settings, DAYS, now + timedelta(days=1))
    assert await ids(api) == kept  # the second time there is nothing to do


async def test_without_the_setting_activities_stay_for_ever(api: ApiSession) -> None:
    now = datetime.now(UTC)
    await a_journey_with_a_past(api, now)
    before = await ids(api)
    await swept(api.settings, 0, now + timedelta(days=10_000))
    assert await ids(api) == before


async def test_answers_kept_for_requests_that_come_again_go_after_a_day(api: ApiSession) -> None:
    client = await api.client()
    for key in ("old", "new"):
        answer = await client.post(
            BASE, json={"config": a_journey(), "status": "DRAFT"}, headers={"Idempotency-Key": key}
        )
        assert answer.status_code == 201
    table = f'"{PREFIX}requests"'
    await api.pool.execute(f"update {table} set began_at = began_at - interval '25 hours' where key = 'old'")
    before = forgotten("requests")
    await swept(api.settings, 0, datetime.now(UTC))
    assert [row["key"] for row in await api.pool.fetch(f"select key from {table}")] == ["new"]
    assert forgotten("requests") - before == 1


async def test_old_records_that_could_not_be_used_go(api: ApiSession) -> None:
    insert = (
        f'insert into "{PREFIX}refusals" (id, topic, partition, "offset", reason, message, created_at) '
        "values (gen_random_uuid(), 't', 0, $1, 'malformed', 'm', $2)"
    )
    now = datetime.now(UTC)
    for number, ago in enumerate((OLD, OLD, RECENT)):
        await api.pool.execute(insert, number, now - ago)
    await swept(api.settings, DAYS, now)
    rows = await api.pool.fetch(f'select "offset" from "{PREFIX}refusals"')
    assert [row["offset"] for row in rows] == [2]


async def test_an_erasure_finds_everything_of_a_customer_whose_old_activities_are_gone(api: ApiSession) -> None:
    now = datetime.now(UTC)
    await a_journey_with_a_past(api, now)
    await swept(api.settings, DAYS, now)
    connection = await connect(api.settings, application="test", patience_s=30)
    try:
        writer = ActivityWriter(connection, "test")
        at_ms = int(now.timestamp() * 1_000)
        for number, customer in enumerate(("waits", "merged", "over-2")):
            erasure = Erasure(derived_id("erasure", customer), "acme", customer, at_ms, at_ms, 0, number)
            async with connection.transaction():
                assert await writer.erase("journeys.activities.v1", erasure)
    finally:
        await connection.close()
    gone = ["waits", "merged", "over-1", "over-2"]  # "merged" was over-1 before
    for table in ("activities", "runs", "participants", "exposures"):
        count = f'select count(*) from "{PREFIX}{table}" where customer_id = any($1)'
        assert await api.pool.fetchval(count, gone) == 0, table


async def test_the_steward_sees_to_it(settings: Settings, topics: Catalog) -> None:
    async with serving(settings) as session:
        _, kept = await a_journey_with_a_past(session, datetime.now(UTC))
        assert len(await ids(session)) > len(kept)
    async with serving(settings.model_copy(update={"activity_retention_days": DAYS})) as session:

        async def are_gone() -> bool:
            return await ids(session) == kept

        await until(are_gone)
