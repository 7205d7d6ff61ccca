"""Commands about journeys that need a Kafka or a PostgreSQL: a history from a topic, a customer explained."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from orchestrator.catalog import Catalog
from orchestrator.messages.codec import encode_activity, encode_event
from orchestrator.messages.ids import derived_id
from orchestrator.settings import Settings
from orchestrator.store.audit import COMMAND_LINE
from orchestrator.store.journeys import Change, Journey, create_journey
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import open_pool
from orchestrator.store.tenant import Tenant
from tests.builders import DAY, MONDAY_NOON, Customer, a_directory, a_journey, an_event
from tests.integration.test_cli import orchestrator
from tests.integration.test_worker_language import tell
from tests.sink_story import sunk

pytestmark = pytest.mark.integration


def on_disk(folder: Path, document: object, name: str = "journey.json") -> str:
    path = folder / name
    path.write_text(json.dumps(document))
    return str(path)


async def test_a_draft_runs_over_the_events_of_a_topic_and_against_what_really_happened(
    settings: Settings, topics: Catalog, tmp_path: Path
) -> None:
    events = [an_event("customer.signed_up", MONDAY_NOON), an_event("viewed", MONDAY_NOON + 5 * DAY)]
    await tell(settings, *(encode_event(event) for event in events))
    customer = Customer(a_directory(a_journey()), "stream")
    customer.does("customer.signed_up", MONDAY_NOON)
    customer.waits_until(MONDAY_NOON + 3 * DAY)
    await tell(settings, *(encode_activity(activity) for activity in customer.activities), topic=topics.activities)
    file = on_disk(tmp_path, a_journey())
    source = ("--events", f"topic:{topics.events}", "--against-activities", "topic:", "--json")
    code, said = orchestrator(settings, "backtest", file, *source, partitions=topics.customer_partitions)
    assert code == 0, said
    document = json.loads(said)
    assert (document["signals"], document["entered"], document["sent"]) == (2, 1, 2)
    assert document["difference"]["figures"] == {}
    assert "never sent" in document["note"]
    code, said = orchestrator(settings, "backtest", file, "--events", "topic:nonsense")
    assert code == 2
    assert "the topics of events" in said


async def test_a_customer_is_explained_on_the_command_line(settings: Settings) -> None:
    pool = await open_pool(settings)
    await migrate(pool)
    journey_id, now = derived_id("journey", "explained"), datetime.now(UTC)
    journey = Journey(UUID(journey_id), "acme", "J", None, {}, "ACTIVE", False, 1, created_at=now, updated_at=now)
    await create_journey(Tenant(pool, journey.workspace_id), Change(journey, ()), COMMAND_LINE)
    await pool.close()
    customer = Customer(a_directory(None, **{journey_id: a_journey()}))
    customer.does("customer.signed_up", MONDAY_NOON)
    story = [activity for activity in customer.activities if activity.journey_id == journey_id]
    await sunk(settings, story)
    code, said = orchestrator(settings, "explain", journey_id, "c1", "--workspace", "acme")
    assert code == 0, said
    assert "welcome was asked for over e-mail" in said
    code, said = orchestrator(settings, "explain", journey_id, "nobody", "--workspace", "acme")
    assert code == 1
    assert "nothing was decided" in said
