"""The processes of the demo and what they need before history begins."""

import asyncio
from dataclasses import dataclass

from orchestrator.catalog import Catalog
from orchestrator.demo.control import create_journey, is_ready, metrics
from orchestrator.demo.outcome import Journeys
from orchestrator.demo.premises import Ports, environment_for
from orchestrator.demo.processes import Processes
from orchestrator.demo.scenario import TRIAL_OFFER, WIN_BACK, WORKSPACE
from orchestrator.demo.settle import eventually
from orchestrator.journeys.directory import Directory
from orchestrator.kafka.tail import Tail
from orchestrator.messages.codec import decode_config
from orchestrator.settings import Settings
from orchestrator.simulator.personas import TRIAL_STARTED
from orchestrator.simulator.purchases import ORDER_PLACED
from orchestrator.store.audit import COMMAND_LINE
from orchestrator.store.keys import create_key
from orchestrator.store.pool import Pool
from orchestrator.store.tenant import Tenant

READY_S = 90.0  # for the processes to do their work
KNOWN_S = 30.0  # for the worker to know a published journey


@dataclass(frozen=True, slots=True)
class House:
    """The settings of everything, where it listens, and its database."""

    settings: Settings
    ports: Ports
    pool: Pool

    async def make_key(self) -> str:
        """An API key for the demo's workspace."""
        return (await create_key(Tenant(self.pool, WORKSPACE), "demo", "admin", COMMAND_LINE)).secret

    def start(self, processes: Processes) -> None:
        """Starts worker, sink and API.

        Raises:
            StackError: one of them cannot be executed.
        """
        processes.start("worker", environment_for(self.settings, self.ports.worker_metrics))
        processes.start("sink", environment_for(self.settings, self.ports.sink_metrics))
        processes.start("api", environment_for(self.settings))

    async def go_by_the_clock(self, processes: Processes) -> None:
        """The worker begins again in wall time: history is over, and what people make on the page is to happen now.

        Raises:
            StackError: it cannot be executed.
            Unavailable: it cannot do its work within ``READY_S``.
        """
        now = self.settings.model_copy(update={"time": "wall"})
        await asyncio.to_thread(processes.start_again, "worker", environment_for(now, self.ports.worker_metrics))
        await self.is_open()

    async def is_open(self) -> None:
        """Returns when all three can do their work.

        Raises:
            Unavailable: one of them cannot within ``READY_S``.
        """

        async def all_ready() -> bool:
            owned = (await self._worker()).get("orchestrator_partitions_owned")
            sink = await asyncio.to_thread(metrics, self.ports.sink_metrics)
            is_api_ready = await asyncio.to_thread(is_ready, self.ports.api)
            return owned == self.settings.partitions and "orchestrator_sink_lag_records" in sink and is_api_ready

        await eventually(all_ready, "worker, sink and API are ready", READY_S)

    async def publish_journeys(self, api_key: str) -> Journeys:
        """Creates both journeys through the API; returns when the worker lets customers enter them.

        Raises:
            Unavailable: the API refuses, or the worker does not learn of them within ``KNOWN_S``.
        """
        win_back = await asyncio.to_thread(create_journey, self.ports.api, api_key, WIN_BACK)
        trial_offer = await asyncio.to_thread(create_journey, self.ports.api, api_key, TRIAL_OFFER)
        topic = Catalog(self.settings).configs
        async with await Tail.open(self.settings, "demo-configs", [(topic, 1)]) as tail:
            directory, revision = Directory.empty(), -1

            async def are_known() -> bool:
                nonlocal directory, revision
                for record in await tail.read():
                    directory, revision = directory.with_record(decode_config(record.value)), record.offset
                are_published = all(directory.entered_by(WORKSPACE, event) for event in (ORDER_PLACED, TRIAL_STARTED))
                known = (await self._worker()).get("orchestrator_config_revision", -1)
                return are_published and known >= revision

            await eventually(are_known, "the worker knows both journeys", KNOWN_S)
        return Journeys(win_back, trial_offer)

    async def _worker(self) -> dict[str, float]:
        return await asyncio.to_thread(metrics, self.ports.worker_metrics)
