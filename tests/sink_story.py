"""A seeded story of activities, and the tables that must follow from it: shared by the tests of the sink."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import get_args

import msgspec

from orchestrator.messages.activity import Activity, ActivityType
from orchestrator.messages.ids import derived_id
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.settings import Settings
from orchestrator.sink.commit import commit
from orchestrator.sink.decode import RawRecord, decode
from orchestrator.sink.fold import fold
from orchestrator.store.pool import Pool, connect
from orchestrator.store.quarters import start_of
from orchestrator.store.rows import Figures
from orchestrator.store.writer import ActivityWriter

WORKSPACE = "acme"
JOURNEYS = (derived_id("journey", "win-back"), derived_id("journey", "welcome"))
TOPIC = "journeys.activities.v1"
PARTITIONS = 4
START_MS = 1_767_571_200_000  # 2026-01-05, a Monday
HOUR_MS = 3_600_000

_KINDS: tuple[ActivityType, ...] = tuple(kind for kind in get_args(ActivityType) if kind != "customer_erased")
_TABLE = '"033_omnichannel_journey_orchestrator_{}"'
_CONTENTS = {
    "activities": "select id, config_id, workspace_id, activity_type, details::text, created_at, customer_id, run_id, "
    "version, step, arm, cause from {} order by id",
    "participants": "select * from {} order by config_id, customer_id",
    "runs": "select * from {} order by run_id",
    "exposures": "select * from {} order by config_id, customer_id, step",
    "deliveries": "select * from {} order by config_id, minute, outcome",
    "metrics": "select config_id, workspace_id, date, metrics::text from {} order by config_id, date",
    "quarters": "select config_id, quarter, metrics::text from {} order by config_id, quarter",
    "variants": "select * from {} order by config_id, quarter, step, arm",
    "sink_offsets": 'select "group", topic, partition, next_offset from {} order by topic, partition',
    "refusals": 'select id, topic, partition, "offset", reason, key, value from {} order by id',
}


def a_story(count: int, seed: int = 1) -> list[Activity]:
    """``count`` activities of twenty customers in two journeys over some days; the same for the same seed."""
    random = Random(seed)
    activities = []
    for number in range(count):
        customer = f"customer-{random.randrange(20)}"
        activities.append(
            Activity(
                id=derived_id("activity", str(seed), str(number)),
                workspace_id=WORKSPACE,
                customer_id=customer,
                journey_id=random.choice(JOURNEYS),
                version=1,
                run_id=derived_id("run", customer),
                type=random.choice(_KINDS),
                at_ms=START_MS + number * HOUR_MS,
                step=random.choice(["offer", "reminder"]),
                arm="holdout" if customer.endswith("0") else "treatment",
                details={
                    "channel": random.choice(["email", "push"]),
                    "rule": "frequency_cap",
                    "reason": "goal",
                    "outcome": "bounced",
                    "kind": "experiment",
                    "path": "short",
                    "cost": random.randrange(100) / 1_000,
                    "value": random.randrange(10_000) / 100,
                    "before": number % 17,
                    "was_active": number % 3 == 0,
                },
                cause=f"engagement.events.v1/0/{number}",
            )
        )
    return activities


def raw_records(activities: Iterable[Activity]) -> list[RawRecord]:
    """The activities as they would lie in Kafka."""
    ends = [0] * PARTITIONS
    records = []
    for activity in activities:
        key = customer_key(activity.workspace_id, activity.customer_id)
        partition = partition_of(key, PARTITIONS)
        records.append(RawRecord(TOPIC, partition, ends[partition], key, msgspec.json.encode(activity)))
        ends[partition] += 1
    return records


async def sunk(settings: Settings, activities: Iterable[Activity]) -> None:
    """Writes the activities as the sink would."""
    connection = await connect(settings, application="test", patience_s=30)
    try:
        await commit(
            connection, ActivityWriter(connection, "test"), TOPIC, [decode(raw) for raw in raw_records(activities)]
        )
    finally:
        await connection.close()


async def add_journeys(pool: Pool) -> None:
    """Puts the story's journeys into the database."""
    table = _TABLE.format("configs")
    for journey in JOURNEYS:
        await pool.execute(
            f"insert into {table} (id, workspace_id, config) values ($1, $2, '{{}}')", journey, WORKSPACE
        )


async def contents(pool: Pool) -> dict[str, list[tuple[object, ...]]]:
    """All that the sink has written, but for the times of writing and the ids that chance gives."""
    return {
        name: [tuple(row.values()) for row in await pool.fetch(query.format(_TABLE.format(name)))]
        for name, query in _CONTENTS.items()
    }


async def metrics(pool: Pool) -> dict[tuple[str, str], Figures]:
    """The figures on record, by journey and day."""
    rows = await pool.fetch(f"select config_id::text, date::text, metrics::text from {_TABLE.format('metrics')}")
    return {(row["config_id"], row["date"]): _exact(row["metrics"]) for row in rows}


def metrics_of(activities: Sequence[Activity]) -> dict[tuple[str, str], Figures]:
    """The figures that these activities make when they are folded in one go."""
    encoder = msgspec.json.Encoder(decimal_format="number")
    days = fold(activities, {}).days
    return {(journey, day.isoformat()): _exact(encoder.encode(figures)) for (journey, day), figures in days.items()}


async def quarters(pool: Pool) -> dict[tuple[str, datetime], Figures]:
    """The figures on record by the quarter of an hour."""
    rows = await pool.fetch(f"select config_id::text, quarter, metrics::text from {_TABLE.format('quarters')}")
    return {(row["config_id"], row["quarter"]): _exact(row["metrics"]) for row in rows}


def quarters_of(activities: Sequence[Activity]) -> dict[tuple[str, datetime], Figures]:
    """The same, folded in one go."""
    encoder = msgspec.json.Encoder(decimal_format="number")
    return {
        (journey, start_of(quarter)): _exact(encoder.encode(figures))
        for (journey, quarter), figures in fold(activities, {}).quarters.items()
    }


def _exact(document: str | bytes) -> Figures:
    """Numbers as they are written, so that 0.1 + 0.2 is 0.3."""
    figures: Figures = msgspec.json.Decoder(float_hook=lambda text: Decimal(text).normalize()).decode(document)
    return figures
