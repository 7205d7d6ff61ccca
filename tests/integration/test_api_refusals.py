"""What the API refuses, and in which words; all errors have one shape."""

import asyncio
import json
from collections.abc import AsyncIterator
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest

from orchestrator.api import body as body_module
from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from orchestrator.store.audit import COMMAND_LINE
from orchestrator.store.keys import list_keys, revoke_key
from orchestrator.store.tenant import Tenant
from tests.api_session import BASE, ApiSession, listening, relayed, serving, until
from tests.builders import a_journey

pytestmark = pytest.mark.integration
JSON = {"Content-Type": "application/json"}


@pytest.fixture
async def api(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(settings) as session:
        yield session


def refused(answer: httpx.Response, status: int, kind: str) -> dict[str, object]:
    """The problem document of an answer, after checks that hold for every one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, object] = answer.json()
    assert problem["type"] == f"urn:orchestrator:problem:{kind}"
    assert problem["status"] == status
    assert problem["instance"] == answer.request.url.path
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    return problem


async def test_every_problem_of_a_journey_is_reported_at_once_with_its_path(api: ApiSession) -> None:
    client = await api.client()
    broken = a_journey(holdout={"percent": 120}, colour="red")
    broken["steps"]["pause"]["duration"] = 3
    answer = await client.post(BASE, json={"config": broken, "status": "PAUSED", "workspace_id": "globex"})
    problem = refused(answer, 422, "validation")
    found = {(item["path"], item["rule"]) for item in problem["errors"]}  # type: ignore[attr-defined]
    assert {path for path, _ in found} == {
        "$.config.holdout.percent",
        "$.config.colour",
        "$.config.steps.pause.duration",
        "$.status",
        "$.workspace_id",
    }
    assert ("$.workspace_id", "extra_forbidden") in found


async def test_journey_whose_graph_does_not_hold_together_is_refused_with_the_step_at_fault(api: ApiSession) -> None:
    client = await api.client()
    broken = a_journey()
    broken["steps"]["hello"]["next"] = "nowhere"
    url = f"{BASE}/{(await client.post(BASE, json={'config': a_journey()})).json()['id']}"
    for answer in (await client.post(BASE, json={"config": broken}), await client.patch(url, json={"config": broken})):
        paths = [item["path"] for item in refused(answer, 422, "validation")["errors"]]  # type: ignore[attr-defined]
        assert "$.config.steps.hello.next" in paths
    assert (await client.get(url)).json()["version"] == 1
    assert len(await relayed(api.settings)) == 2


async def test_body_that_is_not_plain_json_is_refused_before_anything_is_written(api: ApiSession) -> None:
    client = await api.client()
    for body, words in ((b"", "not JSON"), (b'{"status": 1, "status": 2}', "twice"), (b"[" * 200_000, "deeper")):
        answer = await client.post(BASE, content=body, headers=JSON)
        assert words in str(refused(answer, 400, "bad-request")["detail"])
    assert (await client.get(BASE)).json()["items"] == []


async def test_body_is_limited_in_size_and_must_be_declared_as_json(api: ApiSession) -> None:
    client = await api.client()
    large = json.dumps({"name": "x" * (1 << 20), "config": {}}).encode()
    refused(await client.post(BASE, content=large, headers=JSON), 413, "too-large")
    for headers in ({"Content-Type": "text/plain"}, {}):
        answer = await client.post(BASE, content=json.dumps({"config": a_journey()}), headers=headers)
        refused(answer, 415, "unsupported-media-type")
    merge = {"Content-Type": "application/merge-patch+json; charset=utf-8"}
    assert (await client.post(BASE, content=json.dumps({"config": a_journey()}), headers=merge)).status_code == 201


async def test_definition_too_large_for_kafka_is_refused_before_it_could_hold_up_the_relay(api: ApiSession) -> None:
    client = await api.client()
    send = {"kind": "send", "channel": "email", "template": "x" * 200}
    variables = {f"v{number}": {"kind": "literal", "value": "y" * 60} for number in range(40)}
    steps = {f"s{number}": {**send, "variables": variables, "next": f"s{number + 1}"} for number in range(199)}
    answer = await client.post(BASE, json={"config": a_journey(start="s0", steps={**steps, "s199": {"kind": "exit"}})})
    (item,) = refused(answer, 422, "validation")["errors"]  # type: ignore[misc]
    assert item["rule"] == "too_large"


async def test_a_body_that_does_not_come_in_is_not_waited_for(api: ApiSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_module, "BODY_S", 0.2)
    head = f"POST {BASE} HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {await api.key()}\r\n"
    async with listening(api) as address:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        writer.write(f"{head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{".encode())
        answer = await reader.read()  # to the end: the API closes the connection
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"urn:orchestrator:problem:too-slow" in answer


BEYOND = ("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00")  # in UTC the calendar does not have them


@pytest.mark.parametrize("moment", BEYOND)
async def test_a_moment_that_could_not_be_told_again_is_refused_wherever_one_may_be_written(
    api: ApiSession, moment: str
) -> None:
    client = await api.client()
    url = f"{BASE}/{(await client.post(BASE, json={'config': a_journey()})).json()['id']}"
    drained = {"config": a_journey(name="Other"), "in_flight": {"policy": "drain", "until": moment}}
    opening = {"config": a_journey(entry={"kind": "api", "opens_at": moment})}
    refused(await client.post("/api/v1/keys", json={"name": "Ana", "expires_at": moment}), 422, "validation")
    refused(await client.patch(url, json=drained), 422, "validation")
    refused(await client.post(BASE, json=opening), 422, "validation")
    for path in (f"{url}/activities", f"{url}/activities/export", "/api/v1/audit"):
        for name in ("from", "to"):
            refused(await client.get(path, params={name: moment}), 422, "validation")
    for path in ("/api/v1/keys", f"{url}/versions", f"{url}/export?format=xlsx"):
        assert (await client.get(path)).status_code == 200


async def test_the_last_moment_of_the_calendar_can_be_told_again(api: ApiSession) -> None:
    client = await api.client()
    last = "9999-12-31T23:59:59.999999Z"
    url = f"{BASE}/{(await client.post(BASE, json={'config': a_journey()})).json()['id']}"
    change = {"config": a_journey(name="Other"), "in_flight": {"policy": "drain", "until": last}}
    assert (await client.post(f"{url}/versions/preview", json=change)).status_code == 200
    assert (await client.patch(url, json=change)).status_code == 200
    assert (await client.get(f"{url}/versions")).json()["items"][0]["until"].startswith("9999-12-31T23:59:59")


async def test_patch_that_makes_no_sense_is_refused_and_changes_nothing(api: ApiSession) -> None:
    client = await api.client()
    url = f"{BASE}/{(await client.post(BASE, json={'config': a_journey()})).json()['id']}"
    before = (await client.get(url)).json()
    for body in ({}, [], {"drain": True}, {"status": None}, {"name": None}, {"config": None}, {"id": "x"}):
        refused(await client.patch(url, json=body), 422, "validation")
    assert (await client.get(url)).json() == before


async def test_what_is_not_there_or_not_meant_is_told_as_a_problem(api: ApiSession) -> None:
    client = await api.client()
    refused(await client.get("/nothing"), 404, "not-found")
    refused(await client.get(f"{BASE}/"), 404, "not-found")
    refused(await client.get(f"{BASE}/not-a-uuid"), 404, "not-found")
    put = await client.put(BASE, json={})
    refused(put, 405, "method-not-allowed")
    assert put.headers["allow"] == "GET, HEAD, POST"
    preview = await client.put(f"{BASE}/{uuid4()}/versions/preview", json={})
    assert preview.headers["allow"] == "POST"  # though a version's address would fit as well
    refused(await client.get("/dashboard/../app.py"), 404, "not-found")
    refused(await client.get("/dashboard/%2e%2e/app.py"), 404, "not-found")


async def test_what_may_be_read_may_be_asked_for_by_head_and_is_answered_without_its_body(api: ApiSession) -> None:
    async with listening(api) as address, httpx.AsyncClient(base_url=address) as client:
        headers = {"Authorization": f"Bearer {await api.key(role='viewer')}"}
        for path in ("/", "/livez", "/dashboard/index.html", BASE, "/api/v1/overview"):
            read, head = await client.get(path, headers=headers), await client.head(path, headers=headers)
            assert (head.status_code, head.content) == (200, b"")
            for name in ("content-type", "content-length"):
                assert head.headers.get(name) == read.headers.get(name), path
        assert (await client.head(BASE)).status_code == 401
        assert (await client.head(f"{BASE}/{uuid4()}/pause", headers=headers)).status_code == 405


async def test_what_needs_no_words_needs_no_body(api: ApiSession) -> None:
    client = await api.client()
    url = f"{BASE}/{(await client.post(BASE, json={'config': a_journey()})).json()['id']}"
    stopped = await client.post(f"{url}/stop")
    assert (stopped.status_code, stopped.json()["status"], stopped.json()["drain"]) == (200, "STOPPED", False)
    refused(await client.post(f"{url}/stop", content=b"drain=true"), 415, "unsupported-media-type")
    assert refused(await client.post(f"{url}/resume"), 409, "conflict")["allowed"] == ["ARCHIVED"]


async def test_a_customer_is_asked_about_by_any_id_they_may_have(api: ApiSession) -> None:
    client = await api.client()
    url = f"{BASE}/{(await client.post(BASE, json={'config': a_journey()})).json()['id']}"
    for id_ in ("a/b", "a%2Fb", "a\nb", "é 💩", "?#", "/explain/"):
        answer = await client.get(f"{url}/customers/{quote(id_, safe='')}/explain")
        assert repr(id_) in str(refused(answer, 404, "not-found")["detail"])


async def test_without_a_key_in_force_nothing_is_told(api: ApiSession) -> None:
    unknown = f"Bearer jo_{'a' * 43}"
    for header in (None, "", "Bearer", "Bearer jo_short", "Basic am86", unknown, unknown + "a"):
        stranger = api.client_with({} if header is None else {"Authorization": header})
        for path, item in api.app.openapi()["paths"].items():
            for method in item if path.startswith(BASE) else ():
                answer = await stranger.request(method, path.replace("{id}", "00000000-0000-0000-0000-000000000000"))
                refused(answer, 401, "unauthorised")
                assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_revoked_key_is_refused_as_soon_as_the_few_seconds_of_memory_are_over(api: ApiSession) -> None:
    client = await api.client()
    assert (await client.get(BASE)).status_code == 200
    (key,) = await list_keys(Tenant(api.pool, "acme"))
    assert key.last_used_at is not None
    assert not await revoke_key(Tenant(api.pool, "globex"), key.key_id, COMMAND_LINE)
    assert await revoke_key(Tenant(api.pool, "acme"), key.key_id, COMMAND_LINE)
    assert not await revoke_key(Tenant(api.pool, "acme"), key.key_id, COMMAND_LINE)
    api.app.state.access._known.clear()  # as time does
    refused(await client.get(BASE), 401, "unauthorised")


async def test_key_is_neither_stored_nor_logged(api: ApiSession, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    client = await api.client()
    key = client.headers["authorization"].removeprefix("Bearer ")
    await client.get(BASE)
    await client.get(f"{BASE}/nothing")
    assert key not in caplog.text
    rows = await api.pool.fetch('select * from "033_omnichannel_journey_orchestrator_api_keys"')
    assert key not in repr(rows)


async def test_failure_of_our_own_is_logged_under_its_id_and_told_without_its_words(
    api: ApiSession, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the password is swordfish")

    client = await api.client()
    monkeypatch.setattr("orchestrator.api.journeys.list_journeys", fail)
    answer = await client.get(BASE)
    problem = refused(answer, 500, "internal")
    assert "swordfish" not in answer.text
    (record,) = [record for record in caplog.records if getattr(record, "action", "") == "request_failed"]
    assert record.request_id == problem["request_id"]  # type: ignore[attr-defined]
    assert record.exc_info is not None


async def test_page_is_served_under_a_strict_policy_and_answers_are_not_kept_by_caches(api: ApiSession) -> None:
    stranger = api.client_with({})
    page = await stranger.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert (await stranger.get("/dashboard/dashboard.js")).headers["content-type"].split(";")[0].endswith("/javascript")
    answer = await (await api.client()).get(BASE)
    assert answer.headers["cache-control"] == "no-store"
    for response in (page, answer):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["x-frame-options"] == "DENY"


async def test_database_without_its_tables_is_waited_for(settings: Settings) -> None:
    async with serving(settings, migrated=False) as bare:
        database = bare.app.state.services.database

        async def lacks_tables() -> bool:
            return "migration" in await database.fault()

        await until(lacks_tables)
        client = bare.client_with({"Authorization": f"Bearer jo_{'a' * 43}"})
        answer = await client.get(BASE)
        problem = refused(answer, 503, "unavailable")
        assert "0001_initial.sql" in str(problem["detail"])
        assert answer.headers["retry-after"]
        ready = await client.get("/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "not_ready")
        assert (await client.get("/livez")).json() == {"status": "alive"}
