"""Which events come in, over HTTP: those in Kafka of one's own workspace, and a clear word where it is away."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from msgspec.structs import replace

from orchestrator.api.lookout import Lookout
from orchestrator.api.paths import ROOT
from orchestrator.catalog import Catalog
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_event
from orchestrator.settings import Settings
from tests.api_session import ApiSession, serving
from tests.builders import MONDAY_NOON, an_event
from tests.integration.test_cli_api import Desk, desk, session
from tests.integration.test_worker_language import tell

pytestmark = pytest.mark.integration

PATH = f"{ROOT}/event-types"
__all__ = ["desk", "session"]  # fixtures


@pytest.fixture
async def api(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(settings) as session:
        yield session


def an_event_of(workspace_id: str, customer: str, type_: str, **data: Any) -> Encoded:
    event = an_event(type_, MONDAY_NOON, f"{customer}/{type_}", **data)
    return encode_event(replace(event, workspace_id=workspace_id, customer_id=customer))


async def test_a_workspace_is_told_what_came_in_for_it_and_nothing_of_others(
    api: ApiSession, settings: Settings
) -> None:
    await tell(
        settings,
        *(an_event_of("acme", f"c{number}", "cart.abandoned", cart={"total": number}) for number in range(20)),
        an_event_of("acme", "c1", "order.placed", code="HUSH"),
        *(an_event_of("globex", f"g{number}", "secret.plan", codename="HUSH") for number in range(30)),
        Encoded(b"acme:c1", b"no event", []),
    )
    ours = await (await api.client(role="viewer")).get(PATH)
    assert ours.status_code == 200, ours.text
    found = ours.json()
    assert [(item["type"], item["events"]) for item in found["items"]] == [("cart.abandoned", 20), ("order.placed", 1)]
    assert found["items"][0]["fields"] == [{"name": "cart.total", "kinds": ["number"], "events": 20}]
    assert (found["events"], found["is_all"], found["types_left_out"]) == (21, True, 0)
    assert found["since"] <= found["items"][1]["first_at"] <= found["looked_at"]
    assert found["since"] > "2026"  # when it came in, not what the events say
    for hushed in ("HUSH", "secret", "globex", "codename", "c1"):
        assert hushed not in ours.text
    theirs = (await (await api.client("globex")).get(PATH)).json()
    assert [(item["type"], item["events"]) for item in theirs["items"]] == [("secret.plan", 30)]
    nobodys = (await (await api.client("initech")).get(PATH)).json()
    assert (nobodys["items"], nobodys["events"], nobodys["since"]) == ([], 0, None)


async def test_the_command_line_tells_the_same(desk: Desk, session: ApiSession, settings: Settings) -> None:
    assert (await desk.gets("event-types"))["items"] == []
    await tell(settings, an_event_of("acme", "c1", "order.placed", amount=5, order={"id": "o1"}))
    session.app.state.lookout = Lookout.at_events(settings)  # or else the answer before is told again
    (item,) = cast(list[dict[str, Any]], (await desk.gets("event-types"))["items"])
    assert item["type"] == "order.placed"
    shown = (await desk.types("event-types")).out.splitlines()
    assert shown[0] == "type\tevents\tfirst\tlast\tfields"
    assert shown[1].split("\t") == ["order.placed", "1", item["first_at"], item["last_at"], "amount, order.id"]


async def test_it_is_said_when_kafka_does_not_answer_and_everything_else_goes_on(
    api: ApiSession, settings: Settings
) -> None:
    api.app.state.lookout = Lookout.at_events(settings.model_copy(update={"kafka": "127.0.0.1:9"}))
    client = await api.client()
    answer = await client.get(PATH)
    assert answer.status_code == 503
    assert "Kafka" in answer.json()["detail"]
    assert answer.headers["Retry-After"]
    assert (await client.get(f"{ROOT}/workspace")).status_code == 200
