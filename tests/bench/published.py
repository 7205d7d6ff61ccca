"""A journey as workers and the database know it."""

from datetime import UTC, datetime
from uuid import UUID

from orchestrator.catalog import Catalog
from orchestrator.journeys.directory import Directory
from orchestrator.messages.codec import encode_config
from orchestrator.messages.config import ConfigRecord, JourneyStanding, JourneyVersion
from orchestrator.messages.ids import derived_id
from orchestrator.settings import Settings
from orchestrator.store.audit import COMMAND_LINE
from orchestrator.store.journeys import Change, Journey, create_journey
from orchestrator.store.pool import Pool
from orchestrator.store.tenant import Tenant
from tests.worker_process import produce

JOURNEY_ID = derived_id("journey", "bench")


def records_of(document: dict[str, object], workspace_id: str) -> tuple[ConfigRecord, ...]:
    """The config records of this journey, active."""
    return (
        JourneyVersion(workspace_id=workspace_id, journey_id=JOURNEY_ID, version=1, config=document),
        JourneyStanding(workspace_id=workspace_id, journey_id=JOURNEY_ID, version=1, status="ACTIVE"),
    )


def directory_of(document: dict[str, object], workspace_id: str) -> Directory:
    """What a worker makes of them."""
    directory = Directory.empty()
    for record in records_of(document, workspace_id):
        directory = directory.with_record(record)
    return directory


async def publish(settings: Settings, document: dict[str, object], workspace_id: str) -> None:
    """Tells the workers."""
    records = [encode_config(record) for record in records_of(document, workspace_id)]
    await produce(settings, Catalog(settings).configs, {0: records})


async def enter_in_database(pool: Pool, document: dict[str, object], workspace_id: str) -> None:
    """Puts the journey where the sink looks for it."""
    now = datetime.now(UTC)
    id_, name = UUID(JOURNEY_ID), str(document["name"])
    journey = Journey(id_, workspace_id, name, None, document, "ACTIVE", False, 1, created_at=now, updated_at=now)
    await create_journey(Tenant(pool, workspace_id), Change(journey, records_of(document, workspace_id)), COMMAND_LINE)
