"""One batch into PostgreSQL: all of it or nothing, once however often it comes, and nothing lost that is no use."""

import dataclasses
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256

import msgspec
import pytest

from orchestrator.errors import DecodeError
from orchestrator.messages.activity import Activity
from orchestrator.messages.ids import derived_id
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings
from orchestrator.sink.commit import Written, commit
from orchestrator.sink.decode import Decoded, RawRecord, decode
from orchestrator.store import reports
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import Connection, Pool, connect, open_pool
from orchestrator.store.tenant import Tenant
from orchestrator.store.writer import ActivityWriter
from tests.sink_story import (
    HOUR_MS,
    JOURNEYS,
    PARTITIONS,
    START_MS,
    TOPIC,
    a_story,
    add_journeys,
    contents,
    metrics,
    metrics_of,
    raw_records,
)

pytestmark = pytest.mark.integration

GROUP = "sink"
STEPS = [
    "last_erasures",
    "workspaces",
    "insert_activities",
    "participants",
    "save_positions",
    "save_experiments",
    "save_deliveries",
    "save_participants",
    "days",
    "save_days",
    "quarters",
    "save_quarters",
    "save_refusals",
    "save_offsets",
]


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[Pool]:
    """A migrated database with the story's journeys."""
    pool = await open_pool(settings, patience_s=30)
    await migrate(pool)
    await add_journeys(pool)
    yield pool
    await pool.close()


@pytest.fixture
async def connection(settings: Settings, pool: Pool) -> AsyncIterator[Connection]:
    connection = await connect(settings, application="test", patience_s=30)
    yield connection
    await connection.close()


def decoded(records: Iterable[RawRecord]) -> list[Decoded]:
    return [decode(raw) for raw in records]


async def write(connection: Connection, *batches: Sequence[RawRecord]) -> list[Written]:
    writer = ActivityWriter(connection, GROUP)
    return [await commit(connection, writer, TOPIC, decoded(batch)) for batch in batches]


async def test_an_activity_becomes_a_row_with_all_it_says(connection: Connection, pool: Pool) -> None:
    [activity] = a_story(1)
    assert [written.new for written in await write(connection, raw_records([activity]))] == [1]
    [item] = (await reports.activities_page(Tenant(pool, "acme"), activity.journey_id)).items
    assert dataclasses.asdict(item) == {
        "id": item.id,
        "activity_type": activity.type,
        "created_at": datetime.fromtimestamp(START_MS / 1000, UTC),
        "customer_id": activity.customer_id,
        "run_id": item.run_id,
        "version": 1,
        "step": activity.step,
        "arm": activity.arm,
        "details": activity.details,
        "cause": activity.cause,
        "sequence": item.sequence,
    }
    assert (str(item.id), str(item.run_id)) == (activity.id, activity.run_id)


async def test_figures_are_those_of_the_activities(connection: Connection, pool: Pool) -> None:
    story = a_story(400)
    records = raw_records(story)
    await write(connection, records[:150], records[150:151], records[151:])
    assert await metrics(pool) == metrics_of(story)
    for journey in JOURNEYS:
        arms = {arm.arm: arm for arm in await reports.arms(Tenant(pool, "acme"), journey)}
        rows = await pool.fetch(
            "select arm, count(*) filter (where entries > 0) as customers, count(*) filter (where conversions > 0) as "
            "converted, sum(conversions) as conversions, sum(value) as value, sum(value * value) as value_squares, "
            "count(past) as known, coalesce(sum(past), 0) as events, coalesce(sum(past * past), 0) as squares "
            'from "033_omnichannel_journey_orchestrator_participants" where config_id = $1 group by arm',
            journey,
        )
        assert {row["arm"] for row in rows} == set(arms) == {"treatment", "holdout"}
        for row in rows:
            arm = arms[row["arm"]]
            assert (arm.customers, arm.converted, arm.conversions) == tuple(row.values())[1:4]
            assert (arm.value, arm.value_squares) == pytest.approx((float(row["value"]), float(row["value_squares"])))
            past = arm.past
            assert (past.customers, past.x, past.xx) == (row["known"], row["events"], row["squares"])
            assert past.customers == arm.customers
            assert past.y == arm.converted


async def test_a_batch_that_comes_again_changes_nothing(connection: Connection, pool: Pool) -> None:
    records = raw_records(a_story(200))
    await write(connection, records)
    before = await contents(pool)
    [again] = await write(connection, records)
    assert (again.new, again.duplicate) == (0, 200)
    assert await contents(pool) == before


async def test_overlapping_batches_give_the_same_tables_as_one(connection: Connection, pool: Pool) -> None:
    story = a_story(200)
    records = raw_records(story)
    # The offsets go back and forth, as when they were set back by hand and everything was read again.
    await write(connection, records[:120], records[60:150], records[:30], records[100:])
    await write(connection, records)
    assert await metrics(pool) == metrics_of(story)
    assert len((await contents(pool))["activities"]) == 200


async def test_one_activity_twice_in_a_batch_counts_once(connection: Connection, pool: Pool) -> None:
    story = a_story(50)
    [written] = await write(connection, raw_records([*story, *story]))
    assert (written.new, written.duplicate) == (50, 50)
    assert await metrics(pool) == metrics_of(story)


class PowerCutError(Exception):
    """The process stops here."""


class StoppingWriter(ActivityWriter):
    """A writer that stops dead before, or right after, one of its steps."""

    def __init__(self, connection: Connection, step: str, *, after: bool) -> None:
        super().__init__(connection, GROUP)
        original = getattr(self, step)

        async def stop(*arguments: object) -> object:
            if after:
                await original(*arguments)
            raise PowerCutError

        setattr(self, step, stop)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_stop_at_any_step_leaves_nothing_and_the_next_try_all(
    step: str, after: bool, connection: Connection, pool: Pool
) -> None:
    story = a_story(120)
    records = [*raw_records(story[:100]), RawRecord(TOPIC, 0, 1_000, None, b"poison")]
    await write(connection, records)
    before = await contents(pool)
    rest = [*raw_records(story)[100:], RawRecord(TOPIC, 1, 1_000, None, b"more poison")]
    with pytest.raises(PowerCutError):
        await commit(connection, StoppingWriter(connection, step, after=after), TOPIC, decoded(rest))
    assert await contents(pool) == before
    await write(connection, rest)
    assert await metrics(pool) == metrics_of(story)
    assert len((await contents(pool))["refusals"]) == 2


def a_batch_with_misfits() -> tuple[list[Activity], list[RawRecord]]:
    """Good activities, and among them one of each kind that cannot be used."""
    good = a_story(6)
    records = raw_records(good)
    unknown = msgspec.structs.replace(good[0], id=derived_id("x", "1"), journey_id=derived_id("journey", "gone"))
    unnamed = msgspec.structs.replace(good[0], id=derived_id("x", "2"), journey_id="win-back")
    foreign = msgspec.structs.replace(good[0], id=derived_id("x", "3"), workspace_id="other")
    misfits: list[bytes | None] = [msgspec.json.encode(each) for each in (unknown, unnamed, foreign)]
    misfits += [b"\x00\xff", b'{"id": 1}', None]
    for number, value in enumerate(misfits):
        records.insert(number * 2, RawRecord(TOPIC, 3, 100 + number, b"acme:x\x00", value))
    return good, records


async def test_records_that_cannot_be_used_are_kept_and_the_others_go_on(connection: Connection, pool: Pool) -> None:
    good, records = a_batch_with_misfits()
    [written] = await write(connection, records)
    assert written.new == len(good)
    assert dict(written.refused) == {"no_such_journey": 2, "other_workspace": 1, "malformed": 3}
    kept = {row[3]: row[4:] for row in (await contents(pool))["refusals"]}
    assert kept == {
        record.offset: (kept[record.offset][0], record.key, record.value) for record in records if record.offset >= 100
    }
    assert {row[2]: row[3] for row in (await contents(pool))["sink_offsets"]}[3] == 106
    assert await metrics(pool) == metrics_of(good)
    assert await reports.refusals(Tenant(pool, "acme"), derived_id("journey", "gone")) == {"no_such_journey": 1}


async def test_a_refused_record_that_comes_again_is_refused_once(connection: Connection, pool: Pool) -> None:
    _, records = a_batch_with_misfits()
    await write(connection, records)
    before = await contents(pool)
    [again] = await write(connection, records)
    assert again.refused.total() == 0
    assert await contents(pool) == before


async def test_an_activity_refused_for_want_of_its_journey_is_written_when_it_is_read_again(
    connection: Connection, pool: Pool
) -> None:
    story = a_story(20)
    late = msgspec.structs.replace(story[7], journey_id=derived_id("journey", "late"))
    records = raw_records([*story[:7], late, *story[8:]])
    await write(connection, records)
    await pool.execute(
        'insert into "033_omnichannel_journey_orchestrator_configs" (id, workspace_id, config) '
        "values ($1, 'acme', '{}')",
        late.journey_id,
    )
    [again] = await write(connection, records)
    assert (again.new, again.duplicate) == (1, 19)
    assert await metrics(pool) == metrics_of([*story[:7], late, *story[8:]])


class PickyWriter(ActivityWriter):
    """A database that does not take one of the activities."""

    unwanted = ""

    async def insert_activities(self, activities: Sequence[Activity]) -> set[str]:
        if any(activity.id == self.unwanted for activity in activities):
            raise DecodeError("unstorable", "writing activities: PostgreSQL does not accept a value")
        return await super().insert_activities(activities)


@pytest.mark.parametrize("position", [0, 41, 99])
async def test_a_value_postgresql_does_not_take_is_found_and_refused_alone(
    position: int, connection: Connection, pool: Pool
) -> None:
    story = a_story(100)
    writer = PickyWriter(connection, GROUP)
    writer.unwanted = story[position].id
    written = await commit(connection, writer, TOPIC, decoded(raw_records(story)))
    assert (written.new, dict(written.refused)) == (99, {"unstorable": 1})
    assert await metrics(pool) == metrics_of([*story[:position], *story[position + 1 :]])


async def test_text_of_every_kind_is_kept(connection: Connection, pool: Pool) -> None:
    [activity] = a_story(1)
    odd = {"text": "quotes \" ' \\ { } \n \u2028 🦉", "{key}": [None, {"": -0.0}], "big": 2**63}
    activity = msgspec.structs.replace(activity, customer_id='a,"b"\\{}NULL', step="NULL", details=odd)
    await write(connection, raw_records([activity]))
    [item] = (await reports.activities_page(Tenant(pool, "acme"), activity.journey_id)).items
    assert (item.customer_id, item.step, item.details) == (activity.customer_id, "NULL", odd)


async def rows(pool: Pool, table: str, customer: str) -> int:
    name = f'"033_omnichannel_journey_orchestrator_{table}"'
    return int(await pool.fetchval(f"select count(*) from {name} where customer_id = $1", customer))


def an_erasure(customer: str, number: int = 1) -> Activity:
    receipt = derived_id("erasure", customer, str(number))
    return Activity(
        id=derived_id("activity", receipt),
        workspace_id="acme",
        customer_id=customer,
        journey_id="",
        version=0,
        run_id="",
        type="customer_erased",
        at_ms=START_MS + 1_000 * HOUR_MS,
        details={"receipt": receipt, "requested_at_ms": START_MS - 5},
    )


PERSONAL = ("activities", "runs", "participants", "exposures")


async def receipts(pool: Pool) -> list[dict[str, int]]:
    found = await pool.fetch('select rows from "033_omnichannel_journey_orchestrator_erasures" order by erased_at')
    return [row["rows"] for row in found]


async def test_an_erased_customer_has_no_rows_left_but_a_receipt_and_the_figures_stay(
    connection: Connection, pool: Pool
) -> None:
    story = a_story(300)
    before = await _counts(connection, pool, story, "customer-3")
    [written] = await write(connection, raw_records([*story, an_erasure("customer-3")])[-1:])
    assert (written.new, written.refused.total()) == (1, 0)
    assert [await rows(pool, table, "customer-3") for table in PERSONAL] == [0, 0, 0, 0]
    assert await metrics(pool) == metrics_of(story)
    assert await receipts(pool) == [before | {"refusals": 1}]
    refused = await pool.fetchval('select count(*) from "033_omnichannel_journey_orchestrator_refusals"')
    assert refused == 1
    stored = await pool.fetchval('select customer_sha256 from "033_omnichannel_journey_orchestrator_erasures"')
    assert stored == sha256(b"acme:customer-3").digest()


async def _counts(connection: Connection, pool: Pool, story: Sequence[Activity], customer: str) -> dict[str, int]:
    """Writes the story and two records that are no use; returns the customer's rows by table."""
    poison = [
        RawRecord(TOPIC, 0, 1_000 + place, f"acme:{name}".encode(), b"?") for place, name in enumerate((customer, "x"))
    ]
    await write(connection, raw_records(story), poison)
    return {table: await rows(pool, table, customer) for table in PERSONAL}


async def test_what_comes_after_an_erasure_is_that_of_a_new_customer(connection: Connection, pool: Pool) -> None:
    story = a_story(100)
    after = msgspec.structs.replace(story[0], id=derived_id("activity", "after"), customer_id="customer-3")
    [written] = await write(connection, raw_records([*story, an_erasure("customer-3"), after]))
    assert written.new == 102
    assert await rows(pool, "activities", "customer-3") == 1


async def test_an_erased_customer_does_not_come_back_when_the_topic_is_read_again(
    connection: Connection, pool: Pool
) -> None:
    story = a_story(100)
    after = msgspec.structs.replace(
        story[0], id=derived_id("activity", "after"), customer_id="customer-3", at_ms=START_MS + 2_000 * HOUR_MS
    )
    poison = RawRecord(TOPIC, partition_of(b"acme:customer-3", PARTITIONS), 0, b"acme:customer-3", b"?")
    records = [poison, *raw_records([*story, an_erasure("customer-3"), after])]
    await write(connection, records)
    before = await contents(pool)
    _, _, again = await write(connection, records[:30], records[:-2], records)
    assert (again.new, again.duplicate, again.refused.total()) == (0, 103, 0)
    assert await contents(pool) == before
    assert await rows(pool, "activities", "customer-3") == 1


async def test_a_topic_made_anew_is_not_taken_for_what_was_erased(connection: Connection, pool: Pool) -> None:
    story = a_story(100)
    await write(connection, raw_records([*story, an_erasure("customer-3")]))
    later = msgspec.structs.replace(
        story[0], id=derived_id("activity", "later"), customer_id="customer-3", at_ms=START_MS + 2_000 * HOUR_MS
    )
    [written] = await write(connection, raw_records([later]))  # at offset 0
    assert written.new == 1


async def test_whoever_was_merged_into_an_erased_customer_is_erased_too(connection: Connection, pool: Pool) -> None:
    story = a_story(100)
    adopted = msgspec.structs.replace(
        story[0],
        id=derived_id("activity", "adopted"),
        customer_id="customer-3",
        type="run_adopted",
        details={"from_customer_id": "customer-4"},
    )
    await write(connection, raw_records([*story, adopted, an_erasure("customer-3")]))
    for name in ("customer-3", "customer-4"):
        assert [await rows(pool, table, name) for table in PERSONAL] == [0, 0, 0, 0]
    assert await rows(pool, "activities", "customer-5") > 0


async def test_an_erasure_that_comes_again_deletes_nothing_more(connection: Connection, pool: Pool) -> None:
    story = a_story(100)
    erasure = raw_records([an_erasure("customer-3")])
    await write(connection, raw_records(story), erasure)
    again = msgspec.structs.replace(story[0], id=derived_id("activity", "again"), customer_id="customer-3")
    await write(connection, raw_records([again]))
    [written] = await write(connection, erasure)
    assert (written.new, written.duplicate) == (0, 1)
    assert await rows(pool, "activities", "customer-3") == 1


async def test_an_arm_counts_a_customer_once_and_a_conversion_by_the_run_that_saw_it(
    connection: Connection, pool: Pool
) -> None:
    exposed, goal = (
        msgspec.structs.replace(
            a_story(1)[0], type=kind, step="choice", details={"kind": "experiment", "path": "short", "next": "x"}
        )
        for kind in ("step_passed", "goal_reached")
    )

    def of(activity: Activity, name: str, customer: str, run: str) -> Activity:
        identity = {"id": derived_id("activity", name), "customer_id": customer, "run_id": derived_id("run", run)}
        return msgspec.structs.replace(activity, **identity)

    first = [of(exposed, "1", "anna", "anna-1"), of(exposed, "2", "anna", "anna-2"), of(exposed, "3", "bert", "bert-1")]
    then = [of(goal, "4", "anna", "anna-2"), of(exposed, "5", "carl", "carl-1"), of(goal, "6", "carl", "carl-1")]
    last = [of(goal, "7", "bert", "bert-1"), of(goal, "8", "dora", "dora-1"), of(exposed, "9", "dora", "dora-1")]
    await write(connection, *map(raw_records, (first, then, last, first, last)))
    table = '"033_omnichannel_journey_orchestrator_exposures"'
    row = await pool.fetchrow(f"select arm, count(*), count(converted_at) from {table} group by arm")
    # Anna's goal came in another run than the one that first saw the arm; Dora's before she saw it.
    assert row is not None
    assert tuple(row.values()) == ("short", 4, 2)


async def test_runs_stand_where_their_activities_left_them(connection: Connection, pool: Pool) -> None:
    kinds = [("journey_entered", "", {}), ("wait_started", "pause", {}), ("run_exited", "pause", {"reason": "left"})]
    first = a_story(1)[0]
    moves = [
        msgspec.structs.replace(
            first, id=derived_id("activity", kind), type=kind, step=step, details=details, at_ms=START_MS + place
        )
        for place, (kind, step, details) in enumerate(kinds)
    ]
    table = '"033_omnichannel_journey_orchestrator_runs"'
    await write(connection, raw_records(moves[:2]))
    assert dict(await pool.fetchrow(f"select step, status, reason from {table}")) == {
        "step": "pause",
        "status": "under_way",
        "reason": "",
    }
    await write(connection, raw_records(moves[2:]), raw_records(moves[:2]))
    assert dict(await pool.fetchrow(f"select step, status, reason from {table}")) == {
        "step": "",
        "status": "ended",
        "reason": "left",
    }
