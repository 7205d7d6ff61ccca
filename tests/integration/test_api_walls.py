"""Nobody reaches what belongs to another workspace, through no operation and with no query that forgets to ask."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from orchestrator.api.access import COMPUTING
from orchestrator.api.paths import ROOT, SIGN_IN
from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.messages.codec import encode_event
from orchestrator.settings import Settings
from orchestrator.store.audit import COMMAND_LINE
from orchestrator.store.keys import Role, create_key
from orchestrator.store.subscriptions import NewSubscription, create_subscription
from orchestrator.store.tenant import Tenant
from tests.api_session import BASE, ApiSession, serving
from tests.builders import a_journey, an_event

pytestmark = pytest.mark.integration

PREFIX = "033_omnichannel_journey_orchestrator_"
# Rows that belong to nobody: what was migrated, and how far the sink has read.
OF_NOBODY = {"migrations", "sink_offsets"}
# Bodies that would be taken, so that nothing but the wall keeps the request out.
BODIES: dict[str, Any] = {
    "changeJourney": {"status": "PAUSED"},
    "endJourney": {"drain": False},
    "previewVersion": {"config": a_journey()},
    "requestEntry": {"customer_id": "c1"},
    "approveProposal": {},
    "rejectProposal": {},
    "changeHook": {"is_enabled": False},
}
# Signed by the other system, instead of asked for with a key: tests/integration/test_hooks.py says who is let in.
SIGNED = {"receiveHook"}


@pytest.fixture
async def api(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(settings) as session:
        yield session


async def test_no_operation_reaches_into_another_workspace(api: ApiSession) -> None:
    ours, theirs = await api.client("acme"), await api.client("globex")
    journey = (await ours.post(BASE, json={"config": a_journey(), "status": "DRAFT"})).json()
    await ours.patch(f"{ROOT}/workspace", json={"needs_approval": True})
    proposal = (await ours.post(f"{BASE}/{journey['id']}/publish")).json()["proposal_id"]
    key = (await create_key(Tenant(api.pool, "acme"), "ours", "viewer", COMMAND_LINE)).key
    subscription = str(await a_subscription(api))
    before = [await ours.get(f"{BASE}/{journey['id']}"), await ours.get(f"{ROOT}/proposals/{proposal}")]

    tried = 0
    for path, item in api.app.openapi()["paths"].items():
        for method, operation in item.items():
            if "{" not in path or operation["operationId"] in SIGNED:
                continue
            subjects = {"keys": str(key.key_id), "proposals": proposal, "subscriptions": subscription}
            subject = subjects.get(path.split("/")[3], journey["id"])
            url = path.replace("{id}", subject).replace("{receipt}", str(uuid4()))
            url = url.replace("{version}", "1").replace("{customer_id}", "c1")
            body = BODIES.get(operation["operationId"])
            answer = await theirs.request(method, url, **({} if body is None else {"json": body}))
            assert answer.status_code == 404, (method, path, answer.status_code, answer.text)
            assert "acme" not in answer.text
            # It is told as what is nowhere.
            missing = await theirs.request(
                method, url.replace(subject, str(uuid4())), **({} if body is None else {"json": body})
            )
            assert (missing.status_code, missing.json()["title"]) == (404, answer.json()["title"]), (method, path)
            tried += 1
    assert tried > 20
    after = [await ours.get(f"{BASE}/{journey['id']}"), await ours.get(f"{ROOT}/proposals/{proposal}")]
    assert [each.json() for each in after] == [each.json() for each in before]


async def a_subscription(api: ApiSession) -> UUID:
    """One of acme, as if the installation allowed some host."""
    due = datetime.now(UTC) + timedelta(days=1)
    new = NewSubscription("https://hooks.example.com/", "07:00", "UTC", None, b"sealed", due)
    return (await create_subscription(Tenant(api.pool, "acme"), new, "hooks.example.com", COMMAND_LINE)).id


async def test_who_may_only_look_changes_nothing(api: ApiSession) -> None:
    admin, viewer = await api.client(), await api.client(role="viewer")
    await admin.post(BASE, json={"config": a_journey()})
    before = (await admin.get(f"{ROOT}/audit")).json()
    refused = 0
    for path, item in api.app.openapi()["paths"].items():
        for method, operation in item.items():
            if method == "get" or not path.startswith(ROOT) or path.startswith(SIGN_IN) or path in COMPUTING:
                continue
            if operation["operationId"] in SIGNED:
                continue
            url = path.replace("{id}", str(uuid4()))
            answer = await viewer.request(method, url, json=BODIES.get(operation["operationId"], {}))
            assert answer.status_code == 403, (method, path, answer.text)
            assert "viewer" in answer.json()["detail"]
            refused += 1
    assert refused > 15
    assert (await admin.get(f"{ROOT}/audit")).json() == before


@pytest.mark.parametrize("role", ["editor", "approver"])
async def test_what_needs_an_admin_is_refused_to_all_others(api: ApiSession, role: Role) -> None:
    client = await api.client(role=role)
    requests: tuple[tuple[str, str, Any], ...] = (
        ("GET", "/keys", None),
        ("POST", "/keys", {"name": "mine", "role": "admin"}),
        ("DELETE", f"/keys/{uuid4()}", None),
        ("PUT", "/workspace", {"is_sending": True}),
        ("PATCH", "/workspace", {"is_sending": True}),
        ("PATCH", "/workspace", {"is_sending": False, "needs_approval": False}),
        ("POST", "/erasures", {"customer_id": "c1"}),
        ("POST", "/hooks", {"mapping": {}, "secret": "a secret of ours"}),
        ("PATCH", f"/hooks/{uuid4()}", {"is_enabled": False}),
        ("DELETE", f"/hooks/{uuid4()}", None),
        ("GET", "/subscriptions", None),
        ("POST", "/subscriptions", {"url": "https://hooks.example.com/"}),
        ("DELETE", f"/subscriptions/{uuid4()}", None),
        ("POST", f"/subscriptions/{uuid4()}/test", None),
    )
    for method, path, body in requests:
        answer = await client.request(method, f"{ROOT}{path}", **({} if body is None else {"json": body}))
        assert answer.status_code == 403, (method, path, answer.text)
    assert (await client.patch(f"{ROOT}/workspace", json={"is_sending": False})).status_code == 200


async def test_the_audit_can_be_added_to_and_not_changed(api: ApiSession) -> None:
    client = await api.client("acme")
    await client.post(BASE, json={"config": a_journey()})
    table = f'"{PREFIX}audit"'
    async with Tenant(api.app.state.services.database.pool, "acme").connection() as connection:
        for statement in (f"update {table} set author_name = 'nobody'", f"delete from {table}", f"truncate {table}"):
            with pytest.raises(Exception, match="permission denied"):
                await connection.execute(statement)


async def test_lists_have_only_what_is_ones_own(api: ApiSession) -> None:
    ours, theirs = await api.client("acme"), await api.client("globex")
    await ours.post(BASE, json={"config": a_journey(segments={"new": {"kind": "customer", "ids": ["c1"]}})})
    record = encode_event(an_event("secret.plan"))  # of acme
    async with closing(await open_producer(api.settings, "test")) as producer:
        await producer.send_and_wait(Catalog(api.settings).events, record.value, record.key, headers=record.headers)
    for path in ("", "/proposals", "/audit", "/schedules", "/segments", "/event-types"):
        items = (await theirs.get(f"{ROOT}{path}" if path else BASE)).json()["items"]
        assert [item for item in items if item.get("action") != "key_created"] == []
    assert [item["type"] for item in (await ours.get(f"{ROOT}/event-types")).json()["items"]] == ["secret.plan"]
    assert [item["name"] for item in (await theirs.get(f"{ROOT}/keys")).json()["items"]] == ["test"]


async def test_a_query_that_forgets_the_workspace_finds_nothing_of_others(api: ApiSession) -> None:
    ours = await api.client("acme")
    await ours.post(BASE, json={"config": a_journey()})
    await ours.patch(f"{ROOT}/workspace", json={"holdout_percent": 5})
    tables = [row["tablename"] for row in await api.pool.fetch("select tablename from pg_tables") if PREFIX in row[0]]
    assert len(tables) > 15
    pool = api.app.state.services.database.pool
    seen = {}
    for table in tables:
        async with Tenant(pool, "globex").connection() as connection:
            seen[table.removeprefix(PREFIX)] = await connection.fetchval(f'select count(*) from "{table}"')
        async with pool.acquire() as connection:  # who has entered no workspace sees none
            of_none = await connection.fetchval(f'select count(*) from "{table}"')
            assert of_none == 0 or table.removeprefix(PREFIX) in OF_NOBODY, table
    assert {table for table, rows in seen.items() if rows} <= OF_NOBODY
    async with Tenant(pool, "acme").connection() as connection:
        for table in ("configs", "config_versions", "workspaces", "api_keys", "audit"):
            assert await connection.fetchval(f'select count(*) from "{PREFIX}{table}"'), table


async def test_every_table_has_its_wall_also_for_its_owner(api: ApiSession) -> None:
    rows = await api.pool.fetch(
        "select relname, relrowsecurity and relforcerowsecurity as is_walled from pg_class "
        "where relkind = 'r' and starts_with(relname, $1)",
        PREFIX,
    )
    bare = {row["relname"].removeprefix(PREFIX) for row in rows if not row["is_walled"]}
    assert bare == OF_NOBODY


async def test_rows_cannot_be_written_for_another_workspace(api: ApiSession) -> None:
    pool = api.app.state.services.database.pool
    insert = f'insert into "{PREFIX}workspaces" (workspace_id) values ($1)'
    async with Tenant(pool, "globex").connection() as connection:
        await connection.execute(insert, "globex")
        with pytest.raises(Exception, match="row-level security"):
            await connection.execute(insert, "acme")
