"""The API dies while it publishes and pauses: what it had confirmed arrives, in order, and a pause is a pause."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import httpx
import pytest

from orchestrator.catalog import Catalog
from orchestrator.local.ports import free_ports
from orchestrator.messages.config import JourneyStanding, JourneyVersion
from orchestrator.settings import Settings
from orchestrator.store.audit import COMMAND_LINE
from orchestrator.store.keys import create_key
from orchestrator.store.pool import Pool
from orchestrator.store.tenant import Tenant
from tests.api_session import BASE, relayed
from tests.builders import a_journey, steps
from tests.faults.conftest import MakeWorker
from tests.faults.load import load
from tests.faults.patience import caught_up, comes_true
from tests.faults.seed import chance
from tests.worker_process import WorkerProcess, produce_events, read_all

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.endurance]

API = ("-m", "orchestrator", "api")
JOURNEYS = ("-m", "orchestrator", "worker")
OFFER = {"kind": "send", "channel": "email", "template": "offer", "next": "done"}
LIVES = 4


def a_sending_journey(name: str) -> dict[str, object]:
    """One that sends at every event."""
    return a_journey(
        name=name,
        entry={"kind": "event", "type": "cart.added", "re_entry": {"kind": "always"}},
        start="offer",
        steps=steps(offer=OFFER),
        guardrails={"consent": {"marketing": "opt_out"}},
    )


class Control:
    """An API process, to be killed and started again, and a client that goes on asking."""

    def __init__(self, process: WorkerProcess, client: httpx.AsyncClient) -> None:
        self.process = process
        self.client = client

    async def starts(self) -> None:
        """Starts it, and waits until it takes requests."""
        self.process.start()

        async def is_ready() -> bool:
            try:
                return (await self.client.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await comes_true(is_ready, "the API is ready", self.process)

    async def asks(self, method: str, path: str, body: dict[str, object]) -> httpx.Response | None:
        """The answer; None when the process died over it: whether it did what was asked is open then."""
        try:
            return await self.client.request(method, path, json=body)
        except httpx.TransportError:
            return None


@pytest.fixture
async def control(settings: Settings, topics: Catalog, pool: Pool, make_worker: MakeWorker) -> AsyncIterator[Control]:
    (port,) = free_ports(1)
    key = (await create_key(Tenant(pool, "acme"), "test", "admin", COMMAND_LINE)).secret
    client = httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {key}"}, timeout=30
    )
    async with client:
        control = Control(make_worker("api-0", API, ORCHESTRATOR_API_PORT=str(port)), client)
        await control.starts()
        yield control


async def test_what_an_api_confirmed_before_its_death_reaches_the_workers_in_order(
    control: Control, settings: Settings
) -> None:
    moments = chance("deaths of the API")
    created = await control.asks("POST", BASE, {"config": a_sending_journey("Version 0")})
    assert created is not None
    url = f"{BASE}/{created.json()['id']}"
    numbers = count(1)
    confirmed: list[int] = []

    async def keep_editing() -> None:
        while True:
            answer = await control.asks("PATCH", url, {"config": a_sending_journey(f"Version {next(numbers)}")})
            if answer is not None and answer.status_code == 200:
                confirmed.append(answer.json()["version"])
            await asyncio.sleep(0.01)

    for _ in range(LIVES):
        before = len(confirmed)
        editing = asyncio.create_task(keep_editing())

        async def is_confirmed(before: int = before) -> bool:
            return len(confirmed) > before

        await comes_true(is_confirmed, "a change is confirmed", control.process)
        await asyncio.sleep(moments.random())  # not a wait for anything: the moment of death is left to chance
        control.process.kill()
        editing.cancel()
        await asyncio.wait([editing])
        await control.starts()

    async def is_published() -> bool:
        return bool((await control.client.get(url)).json()["published"])

    await comes_true(is_published, "the last change reaches Kafka", control.process)
    standing = (await control.client.get(url)).json()
    assert await control.process.stop() == 0
    records = await relayed(settings)
    versions = [record.version for record in records if isinstance(record, JourneyVersion)]
    firsts = list(dict.fromkeys(versions))
    assert firsts == list(range(1, standing["version"] + 1)), "each version, in the order in which they were made"
    assert set(confirmed) <= set(versions)
    assert [record.version for record in records if isinstance(record, JourneyStanding)][-1] == standing["version"]


async def test_nothing_is_sent_after_a_pause_was_confirmed_whoever_dies_then(
    control: Control, settings: Settings, topics: Catalog, make_worker: MakeWorker
) -> None:
    worker = make_worker(command=JOURNEYS)
    created = await control.asks("POST", BASE, {"config": a_sending_journey("Offer"), "status": "ACTIVE"})
    assert created is not None
    url = f"{BASE}/{created.json()['id']}"
    if created.json()["status"] != "ACTIVE":
        assert (await control.client.patch(url, json={"status": "ACTIVE"})).status_code == 200
    worker.start()

    async def sends() -> bool:
        return len(await read_all(settings, topics.commands("email"))) > 100

    async with load(settings) as running:
        await comes_true(sends, "the journey sends", worker)
        paused = await control.client.patch(url, json={"status": "PAUSED"})
        assert (paused.status_code, paused.json()["published"]) == (200, True)
        control.process.kill()
        worker.kill()  # with whatever it had in hand: its transactions are aborted, or had happened
        worker.start()
        await worker.takes_over(2)
        sent = len(await read_all(settings, topics.commands("email")))
        await running.reaches(running.sent + 500)
    await caught_up(settings, worker)
    assert len(await read_all(settings, topics.commands("email"))) == sent
    await control.starts()
    assert (await control.client.patch(url, json={"status": "ACTIVE"})).json()["published"] is True
    await produce_events(settings, 40, customers=40, first=running.sent)

    async def sends_again() -> bool:
        return len(await read_all(settings, topics.commands("email"))) > sent

    await comes_true(sends_again, "the journey sends again", worker)
    assert await worker.stop() == 0
    assert await control.process.stop() == 0
