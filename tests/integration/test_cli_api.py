"""The command line as a process of its own, against the real API on a real Kafka and a real PostgreSQL."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from orchestrator.catalog import Catalog
from orchestrator.messages.ids import derived_id
from orchestrator.settings import Settings
from tests.api_session import ApiSession, listening, serving
from tests.builders import CUSTOMER, DAY, MONDAY_NOON, WORKSPACE, Customer, a_directory, a_journey
from tests.command_line import PATIENCE_S, Ended, run_command
from tests.sink_story import sunk
from tests.worker_process import unconfigured

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Desk:
    """Somebody at a command line, in a folder, with a key."""

    address: str
    key: str
    folder: Path

    async def types(self, *words: str, address: str | None = None) -> Ended:
        """Runs a command to its end; nobody answers what it asks."""
        environment = {
            **unconfigured(),
            "ORCHESTRATOR_API_URL": address or self.address,
            "ORCHESTRATOR_API_KEY": self.key,
        }
        return await asyncio.to_thread(run_command, words, environment, self.folder)

    async def gets(self, *words: str) -> dict[str, object]:
        """The document of a command that ends well."""
        ended = await self.types(*words, "--json")
        assert ended.code == 0, ended.err
        document = json.loads(ended.out)
        assert isinstance(document, dict)
        return document


@pytest_asyncio.fixture
async def session(settings: Settings, topics: Catalog) -> AsyncIterator[ApiSession]:
    async with serving(settings) as session:
        yield session


@pytest_asyncio.fixture
async def desk(session: ApiSession, tmp_path: Path) -> AsyncIterator[Desk]:
    """An admin's."""
    (tmp_path / "welcome.json").write_text(json.dumps(a_journey()))
    async with listening(session) as address:
        yield Desk(address, await session.key(WORKSPACE), tmp_path)


async def test_a_journey_lives_from_a_file_to_the_archive(desk: Desk) -> None:
    assert (await desk.types("status")).out == "ready\npostgres: ok\nrelay: ok\n"
    assert (await desk.types("journeys", "check", "welcome.json", "--online")).code == 0
    journey = str((await desk.gets("journeys", "create", "welcome.json", "--name", "Hello"))["id"])
    assert (await desk.gets("journeys", "publish", journey))["status"] == "ACTIVE"
    assert (await desk.gets("journeys", "pause", journey))["status"] == "PAUSED"

    listed = (await desk.types("journeys", "list", "--status", "PAUSED")).out.splitlines()
    assert listed[0].split("\t")[:3] == ["id", "name", "status"]
    assert listed[1].split("\t")[:3] == [journey, "Hello", "PAUSED"]

    definition = (await desk.types("journeys", "show", journey, "--definition")).out
    changed = json.loads(definition)
    changed["steps"]["hello"]["template"] = "welcome-2"
    (desk.folder / "next.json").write_text(json.dumps(changed))
    asked = await desk.types("journeys", "update", journey, "next.json")
    assert (asked.code, "changed steps: hello" in asked.err) == (1, True)
    assert (await desk.gets("journeys", "update", journey, "next.json", "--yes"))["version"] == 2
    versions = await desk.types("journeys", "versions", journey)
    assert [line.split("\t")[0] for line in versions.out.splitlines()] == ["version", "2", "1"]
    first = json.loads((await desk.types("journeys", "version", journey, "1", "--definition")).out)
    assert first == json.loads(definition)

    assert (await desk.gets("journeys", "resume", journey))["status"] == "ACTIVE"
    assert (await desk.types("journeys", "stop", journey)).code == 1  # nobody agreed
    assert (await desk.gets("journeys", "stop", journey, "--yes"))["status"] == "STOPPED"
    refused = await desk.types("journeys", "pause", journey)
    assert refused.code == 6
    assert refused.err.startswith("orchestrator: the journey is STOPPED")
    assert (await desk.gets("journeys", "archive", journey, "--yes"))["status"] == "ARCHIVED"
    assert (await desk.types("journeys", "show", derived_id("no", "journey"))).code == 5

    actions = [line.split("\t")[2] for line in (await desk.types("audit", "--subject", journey)).out.splitlines()]
    assert actions == ["what", *["journey_changed"] * 6, "journey_created"]


async def test_everything_wrong_with_a_file_is_told_at_once(desk: Desk) -> None:
    (desk.folder / "wrong.json").write_text(json.dumps(a_journey(colour="red", start="nowhere")))
    refused = await desk.types("journeys", "create", "wrong.json")
    assert refused.code == 4
    assert "  $.config.colour: " in refused.err
    assert "  $.config.start: " in refused.err
    assert (await desk.types("journeys", "check", "wrong.json", "--online")).code == 1
    assert (await desk.gets("journeys", "list"))["items"] == []


async def test_a_change_that_needs_two_is_made_when_the_second_agrees(desk: Desk, session: ApiSession) -> None:
    assert (await desk.gets("workspace", "set", "--approval"))["needs_approval"] is True
    waiting = await desk.types("journeys", "create", "welcome.json", "--publish", "--json")
    proposal = json.loads(waiting.out)["proposal_id"]
    assert f"proposals approve {proposal}" in waiting.err
    alone = await desk.types("proposals", "approve", proposal)
    assert (alone.code, "somebody else" in alone.err) == (8, True)
    second = Desk(desk.address, await session.key(WORKSPACE, "approver"), desk.folder)
    approved = await second.gets("proposals", "approve", proposal, "--reason", "reviewed")
    assert approved["status"] == "ACTIVE"
    assert (await desk.gets("proposals", "show", proposal))["status"] == "approved"

    waiting = await desk.types("workspace", "set", "--no-approval")
    (listed,) = (await desk.gets("proposals", "list", "--status", "open"))["items"]
    assert f"proposals approve {listed['id']}" in waiting.err
    shown = await desk.types("proposals", "show", listed["id"])
    assert "proposed: What is published or saved holds at once" in shown.out
    assert "no second person is asked" in (await second.types("proposals", "approve", listed["id"])).out
    assert (await desk.gets("workspace", "show"))["needs_approval"] is False


async def test_keys_are_made_and_ended_by_an_admin(desk: Desk) -> None:
    made = await desk.types("keys", "create", "--name", "Ana", "--role", "viewer")
    ana = Desk(desk.address, made.out.strip(), desk.folder)
    assert (await ana.gets("workspace", "show"))["role"] == "viewer"
    assert (await ana.types("keys", "list")).code == 8
    listed = (await desk.types("keys", "list")).out.splitlines()
    [key] = [line.split("\t")[0] for line in listed if "\tAna\t" in line]
    assert (await desk.types("keys", "revoke", key, "--yes")).out == f"{key} is revoked\n"
    async with asyncio.timeout(PATIENCE_S):
        while (ended := await ana.types("workspace", "show")).code == 0:
            pass
    assert ended.code == 8


async def test_the_kill_switch_is_one_word_and_settings_go_out_and_in(desk: Desk) -> None:
    assert (await desk.gets("workspace", "stop-sending"))["is_sending"] is False
    assert (await desk.types("workspace", "resume-sending")).code == 1
    assert (await desk.gets("workspace", "resume-sending", "--yes"))["is_sending"] is True
    await desk.gets("workspace", "set", "--holdout", "5", "--cost", "sms=0.04")
    (desk.folder / "settings.json").write_text((await desk.types("workspace", "show", "--settings")).out)
    before = await desk.gets("workspace", "show")
    after = await desk.gets("workspace", "replace", "settings.json", "--yes")
    assert {**before, "updated_at": None} == {**after, "updated_at": None}
    assert (after["holdout_percent"], after["costs"]) == (5.0, {"sms": 0.04})


async def test_what_was_decided_is_read_page_by_page_and_explained(desk: Desk, settings: Settings) -> None:
    journey = str((await desk.gets("journeys", "create", "welcome.json", "--publish"))["id"])
    customer = Customer(a_directory(None, **{journey: a_journey()}))
    customer.does("customer.signed_up", MONDAY_NOON)
    customer.waits_until(MONDAY_NOON + 10 * DAY)
    story = [activity for activity in customer.activities if activity.journey_id == journey]
    await sunk(settings, story)
    everything = await desk.gets("journeys", "activities", journey, "--all", "--limit", "2")
    assert everything["next_cursor"] is None
    items = everything["items"]
    assert isinstance(items, list)
    assert {item["id"] for item in items} == {activity.id for activity in story}
    page = await desk.types("journeys", "activities", journey, "--limit", "2", "--type", "send_requested")
    assert [line.split("\t")[1] for line in page.out.splitlines()[1:]] == ["send_requested"] * 2
    explained = await desk.types("journeys", "explain", journey, CUSTOMER)
    assert "welcome was asked for over e-mail" in explained.out
    assert "entered\t1" in (await desk.types("journeys", "metrics", journey)).out


async def test_a_journey_is_created_once_though_the_answer_is_lost(desk: Desk) -> None:
    async with losing_first_answer(desk.address) as (address, connections):
        ended = await desk.types("journeys", "create", "welcome.json", "--json", address=address)
    assert ended.code == 0, ended.err
    assert "trying again in 0.5 s" in ended.err
    assert len(connections) == 2
    items = (await desk.gets("journeys", "list"))["items"]
    assert isinstance(items, list)
    assert [item["id"] for item in items] == [json.loads(ended.out)["id"]]


@asynccontextmanager
async def losing_first_answer(address: str) -> AsyncIterator[tuple[str, list[None]]]:
    """A way to ``address`` on which the first answer is lost: the API has given it, and the caller never sees it."""
    target = urlsplit(address)
    connections: list[None] = []

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(None)
        is_first = len(connections) == 1
        inner_reader, inner_writer = await asyncio.open_connection(target.hostname, target.port)
        pump = asyncio.create_task(carry(reader, inner_writer))
        try:
            if is_first:
                await inner_reader.readuntil(b"\r\n\r\n")
            else:
                await carry(inner_reader, writer)
        finally:
            pump.cancel()
            inner_writer.close()
            writer.close()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", connections
