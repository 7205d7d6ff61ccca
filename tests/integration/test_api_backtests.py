"""A backtest over HTTP: the same figures as the command's, of one's own events alone, and none that runs for ever."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from msgspec.structs import replace

from orchestrator.api import backtest_process
from orchestrator.api.backtesting import BROKEN, STOPPED
from orchestrator.api.paths import ROOT
from orchestrator.catalog import Catalog
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_event
from orchestrator.messages.event import EngagementEvent
from orchestrator.settings import Settings
from orchestrator.store.backtests import DIED
from orchestrator.store.migrate import migrate
from orchestrator.store.pool import connect, open_pool
from orchestrator.store.retention import RetentionSession
from tests.api_session import BASE, ApiSession, serving, until
from tests.builders import DAY, HOUR, MONDAY_NOON, a_journey, an_event
from tests.integration.test_cli import orchestrator
from tests.integration.test_worker_language import tell

pytestmark = pytest.mark.integration

PATH = f"{ROOT}/backtests"
TABLE = '"033_omnichannel_journey_orchestrator_backtests"'
SINCE = datetime.fromtimestamp(MONDAY_NOON / 1_000, UTC)
PERIOD = {"from": SINCE.isoformat(), "to": (SINCE + timedelta(days=9)).isoformat()}
JOURNEY = a_journey(
    goal={"event": "order.placed", "window": "P7D", "value": "amount"},
    guardrails={"consent": {"marketing": "opt_out"}},
)


@pytest.fixture
async def api(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(settings) as session:
        yield session


def did(customer: str, type_: str, at_ms: int, workspace_id: str = "acme", **data: Any) -> EngagementEvent:
    event = an_event(type_, at_ms, f"{customer}/{type_}/{at_ms}", **data)
    return replace(event, customer_id=customer, workspace_id=workspace_id)


HISTORY = [
    did("a", "customer.signed_up", MONDAY_NOON - DAY),  # before the period: learnt of, and let in nowhere
    did("b", "consent.revoked", MONDAY_NOON - HOUR, channel="email"),
    did("b", "customer.signed_up", MONDAY_NOON + HOUR),
    did("c", "customer.signed_up", MONDAY_NOON + HOUR),
    did("c", "order.placed", MONDAY_NOON + DAY, amount=30),
    did("d", "customer.signed_up", MONDAY_NOON + DAY),
    did("e", "customer.signed_up", MONDAY_NOON + DAY),
    did("e", "customer.erased", MONDAY_NOON + 8 * DAY),
    did("f", "customer.signed_up", MONDAY_NOON + 20 * DAY),  # after it
    *(did(f"theirs-{number}", "customer.signed_up", MONDAY_NOON + HOUR, "globex") for number in range(9)),
]


async def over(client: httpx.AsyncClient, backtest_id: str) -> dict[str, Any]:
    """The backtest when it is over."""
    found: dict[str, Any] = {}

    async def is_over() -> bool:
        found.update((await client.get(f"{PATH}/{backtest_id}")).json())
        return found["status"] != "RUNNING"

    await until(is_over)
    return found


async def started(client: httpx.AsyncClient, **changes: Any) -> str:
    answer = await client.post(PATH, json={"config": JOURNEY, **PERIOD, **changes})
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"{PATH}/{answer.json()['id']}"
    return str(answer.json()["id"])


def sleeping(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Lets a program that never ends stand for the backtest; where its process id will be."""
    program, pid = folder / "program", folder / "pid"
    program.write_text(f"#!/bin/sh\necho $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 600\n")
    program.chmod(0o700)
    monkeypatch.setattr(backtest_process.sys, "executable", str(program))
    return pid


async def test_the_result_is_that_of_the_command_over_the_callers_own_events_alone(
    api: ApiSession, settings: Settings, topics: Catalog, tmp_path: Path
) -> None:
    broken = [Encoded(b"acme:z", b"no event", []), Encoded(b"globex:z", b"no event", []), Encoded(b"z", b"", [])]
    await tell(settings, *(encode_event(event) for event in HISTORY), *broken)
    client = await api.client()
    found = await over(client, await started(client))
    assert found["status"] == "DONE", found
    result = found["result"]
    assert (result["read"], result["unusable"], result["erased"], result["before"]) == (9, 1, 2, 2)
    assert (result["entered"], result["sent"], result["suppressed"]) == (3, 4, {"consent": 1})
    assert {name: step["sent"] for name, step in result["steps"].items() if step["sent"]} == {
        "hello": {"email": 2},
        "remind": {"push": 2},
    }
    assert result["arms"]["treatment"] == {"entered": 3, "goals": 1, "value": 30.0}
    assert "theirs" not in json.dumps(found)
    assert "never sent" in result["note"]
    (tmp_path / "journey.json").write_text(json.dumps(JOURNEY))
    (tmp_path / "workspace.json").write_text("{}")
    code, said = await asyncio.to_thread(
        orchestrator,
        settings,
        *("backtest", str(tmp_path / "journey.json"), "--events", f"topic:{topics.events}", "--workspace", "acme"),
        *("--from", PERIOD["from"], "--to", PERIOD["to"], "--json"),
        *("--workspace-settings", str(tmp_path / "workspace.json")),
        partitions=topics.customer_partitions,
    )
    assert code == 0, said
    of_command = {**json.loads(said), "difference": None}
    moments = ("from", "to")  # written in two ways
    assert {name: result[name] for name in result if name not in moments} == {
        name: of_command[name] for name in result if name not in moments
    }
    theirs = await api.client("globex")
    assert (await over(theirs, await started(theirs)))["result"]["entered"] == 9
    assert (await theirs.get(f"{PATH}/{found['id']}")).status_code == 404
    assert (await theirs.delete(f"{PATH}/{found['id']}")).status_code == 404


async def test_a_new_definition_is_compared_with_what_is_published_under_the_workspaces_own_limits(
    api: ApiSession, settings: Settings
) -> None:
    await tell(settings, *(encode_event(event) for event in HISTORY))
    client = await api.client()
    journey = (await client.post(BASE, json={"config": JOURNEY})).json()
    guardrails = {"consent": {"marketing": "opt_out"}, "caps": [{"limit": 1, "per": "P30D"}]}
    await client.patch(f"{ROOT}/workspace", json={"guardrails": guardrails, "is_sending": False})
    changed = {**JOURNEY, "steps": {**JOURNEY["steps"], "hello": {**JOURNEY["steps"]["hello"], "cost": 2.0}}}
    mine = {"config": changed, "journey_id": journey["id"]}
    found = await over(client, await started(client, **mine, against_published=True))
    assert found["status"] == "DONE", found
    assert found["against_version"] == 1
    difference = found["result"]["difference"]
    assert difference["figures"]["cost"]["this"] > difference["figures"]["cost"]["other"]
    assert difference["customers_who_differ"] == 0
    assert found["result"]["suppressed"]["frequency_cap"] == 1  # and the kill switch says nothing of the past
    listed = (await client.get(PATH, params={"journey_id": journey["id"]})).json()["items"]
    assert [(item["id"], item["status"]) for item in listed] == [(found["id"], "DONE")]
    assert "result" not in listed[0]
    audit = (await client.get(f"{ROOT}/audit", params={"subject_id": journey["id"]})).json()["items"]
    assert (audit[0]["action"], audit[0]["after"]["backtest"]) == ("backtest_started", found["id"])


async def test_what_cannot_be_run_is_refused_with_its_reason(api: ApiSession) -> None:
    client = await api.client()
    draft = (await client.post(BASE, json={"config": JOURNEY, "status": "DRAFT"})).json()["id"]
    wrong = await client.post(PATH, json={"config": {**JOURNEY, "start": "nowhere"}})
    assert wrong.status_code == 422
    assert [(each["path"], each["rule"]) for each in wrong.json()["errors"]] == [("$.config.start", "unknown_step")]
    refused = [
        (400, {"from": PERIOD["to"], "to": PERIOD["from"]}),
        (404, {"journey_id": "6a1d1b5e-9c0e-4d0c-8f51-0d1f5f1e7a10"}),
        (409, {"journey_id": draft, "against_published": True}),
        (422, {"against_published": True}),
        (422, {"from": "yesterday"}),
    ]
    for code, changes in refused:
        answer = await client.post(PATH, json={"config": JOURNEY, **changes})
        assert answer.status_code == code, answer.text
    assert (await client.get(PATH)).json()["items"] == []


async def test_a_second_one_is_refused_until_the_first_is_cancelled_which_ends_its_process(
    api: ApiSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pid = sleeping(monkeypatch, tmp_path)
    client = await api.client()
    first = await started(client)
    second = await client.post(PATH, json={"config": JOURNEY})
    assert second.status_code == 409
    assert "started by test; wait for it, or cancel it" in second.json()["detail"]
    await until(pid.exists)
    process = psutil.Process(int(pid.read_text()))
    assert (await client.delete(f"{PATH}/{first}")).status_code == 204
    assert (await client.delete(f"{PATH}/{first}")).status_code == 204
    await until(lambda: not psutil.pid_exists(process.pid))
    found = (await client.get(f"{PATH}/{first}")).json()
    assert (found["status"], found["failure"], found["result"]) == ("CANCELLED", "test has cancelled it", None)
    monkeypatch.undo()
    done = await over(client, await started(client))
    assert (await client.delete(f"{PATH}/{done['id']}")).status_code == 409


async def test_another_process_of_the_api_can_cancel_it(
    api: ApiSession, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pid = sleeping(monkeypatch, tmp_path)
    client = await api.client()
    backtest_id = await started(client)
    await until(pid.exists)
    process = psutil.Process(int(pid.read_text()))
    async with serving(settings) as other, await other.client() as elsewhere:
        assert (await elsewhere.delete(f"{PATH}/{backtest_id}")).status_code == 204
    await until(lambda: not psutil.pid_exists(process.pid))


async def test_one_that_takes_too_long_fails(
    settings: Settings, topics: Catalog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pid = sleeping(monkeypatch, tmp_path)
    async with serving(settings.model_copy(update={"backtest_timeout_s": 1.0})) as api:
        client = await api.client()
        found = await over(client, await started(client))
        assert found["status"] == "FAILED"
        assert "longer than 1 s" in found["failure"]
    assert not pid.exists() or not psutil.pid_exists(int(pid.read_text()))


async def test_one_that_takes_too_much_memory_fails(settings: Settings, topics: Catalog) -> None:
    heavy = (did(f"c{number}", "viewed", MONDAY_NOON, page="x" * 2_000) for number in range(20_000))
    await tell(settings, *(encode_event(event) for event in heavy))
    async with serving(settings.model_copy(update={"backtest_memory_mib": 64})) as api:
        client = await api.client()
        found = await over(client, await started(client))
        assert found["status"] == "FAILED"
        assert "more than the 64 MiB of memory" in found["failure"]
        assert (await client.get(BASE)).status_code == 200  # and the API goes on


async def test_one_whose_process_of_the_api_has_died_is_told_as_failed_and_bars_nobody(
    api: ApiSession, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    client = await api.client()
    sleeping(monkeypatch, tmp_path)
    first = await started(client)
    await api.app.state.backtesting.close()
    # As a process leaves it that was killed: running, and silent for long.
    await api.pool.execute(
        f"update {TABLE} set status = 'RUNNING', failure = '', ended_at = null, "
        "heartbeat_at = clock_timestamp() - interval '1 minute'"
    )
    found = (await client.get(f"{PATH}/{first}")).json()
    assert (found["status"], found["failure"]) == ("FAILED", DIED)
    monkeypatch.undo()
    assert (await over(client, await started(client)))["status"] == "DONE"


async def test_a_mistake_of_the_api_is_told_at_once_and_bars_nobody(
    api: ApiSession, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def mistaken(*_: object) -> None:
        raise ZeroDivisionError

    client = await api.client()
    monkeypatch.setattr(backtest_process, "_attended", mistaken)
    found = await over(client, await started(client))
    assert (found["status"], found["failure"]) == ("FAILED", BROKEN)
    monkeypatch.undo()
    assert (await over(client, await started(client)))["status"] == "DONE"
    assert "backtest_broke_off" in [getattr(record, "action", "") for record in caplog.records]


async def test_those_that_run_when_the_api_is_stopped_are_cancelled(
    settings: Settings, topics: Catalog, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pid = sleeping(monkeypatch, tmp_path)
    async with serving(settings) as api:
        backtest_id = await started(await api.client())
        await until(pid.exists)
    assert not psutil.pid_exists(int(pid.read_text()))
    async with serving(settings) as api:
        found = (await (await api.client()).get(f"{PATH}/{backtest_id}")).json()
    assert (found["status"], found["failure"]) == ("CANCELLED", STOPPED)


async def test_the_same_request_sent_again_begins_one_backtest(api: ApiSession, settings: Settings) -> None:
    client = await api.client()
    answers = [
        await client.post(PATH, json={"config": JOURNEY, **PERIOD}, headers={"Idempotency-Key": "once"})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    result = (await over(client, answers[0].json()["id"]))["result"]
    assert (result["read"], result["entered"], result["from"]) == (0, 0, None)


async def test_old_ones_and_all_but_the_newest_of_a_workspace_are_let_go_a_few_at_a_time(settings: Settings) -> None:
    insert = (
        f"insert into {TABLE} (id, workspace_id, definition, options, author_id, author_name, status, created_at, "
        "ended_at) select gen_random_uuid(), $1, '{}', '{}', 'a', 'a', $2::text, clock_timestamp() - $3::interval, "
        "case when $2 = 'RUNNING' then null else clock_timestamp() end from generate_series(1, $4::int)"
    )
    day = timedelta(days=1)
    # Without an API, whose own retention would let go of some meanwhile.
    pool = await open_pool(settings, patience_s=30)
    await migrate(pool)
    for workspace_id, status, age, count in (
        ("acme", "DONE", 31 * day, 3),
        ("acme", "FAILED", day, 4),
        ("acme", "RUNNING", 40 * day, 1),
        ("globex", "CANCELLED", 2 * day, 2),
    ):
        await pool.execute(insert, workspace_id, status, age, count)
    connection = await connect(settings, application="test")
    try:
        session, before = RetentionSession(connection), datetime.now(UTC) - 30 * day
        gone = [await session.forget_backtests(before, 2, 4) for _ in range(3)]
    finally:
        await connection.close()
    assert gone == [4, 1, 0]
    left = await pool.fetch(f"select workspace_id, status, count(*) from {TABLE} group by 1, 2 order by 1, 2")
    assert [tuple(row) for row in left] == [("acme", "FAILED", 2), ("acme", "RUNNING", 1), ("globex", "CANCELLED", 2)]
    await pool.close()
