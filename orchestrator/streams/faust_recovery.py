"""Faust's table recovery, replaced. Overrides private parts of Faust 0.15.3.

Stock recovery loses input under backlog (4 of 24 starts: it lets partitions flow before it has put the reader back to
the committed offsets, and drops what came in between), and never completes on a changelog that ends in a transaction
marker. So at every assignment: our own recovery (``recovery.py``), then seek, then release the flow, then partitions.
"""

from collections.abc import Awaitable, Callable
from typing import cast

from faust.tables.manager import TableManager
from faust.tables.recovery import RebalanceAgain, Recovery, ServiceStopped
from faust.types import AppT
from faust.types.tables import TableManagerT
from mode import Service

from orchestrator.streams.faust_consumer import FAUST_LOG, BatchConsumer


class PromptTables(TableManager):  # type: ignore[misc]  # Faust is untyped here
    """Without the second for which Faust's own waits at every start, in case more tables are declared: there is one.

    Nothing is decided during that second: it was a third of the pause that a restart takes.
    """

    logger = FAUST_LOG

    async def on_start(self) -> None:
        if not self.should_stop:
            await self._update_channels()
            await self.recovery.start()


class BatchRecovery(Recovery):  # type: ignore[misc]  # Faust is untyped here
    """Takes the assigned partitions over by ``take_over``, checks positions by ``on_positions``, and starts the flow.

    ``take_over`` gets the numbers of the partitions; it is cancelled when another rebalance begins meanwhile.
    ``stand_by`` gets, after everything else, the numbers of those that others own and this worker keeps a copy of.
    """

    logger = FAUST_LOG

    def __init__(
        self,
        app: AppT,
        tables: TableManagerT,
        take_over: Callable[[set[int]], Awaitable[None]],
        on_positions: Callable[[], None],
        stand_by: Callable[[set[int]], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        super().__init__(app, tables, beacon=tables.beacon, loop=tables.loop)
        self._take_over = take_over
        self._on_positions = on_positions
        self._stand_by = stand_by
        self._on_failure = on_failure

    @Service.task  # type: ignore[untyped-decorator]
    async def _restart_recovery(self) -> None:
        while not self.should_stop:
            if await self.wait_for_stopped(self.signal_recovery_start):
                break
            self.signal_recovery_start.clear()
            generation = self._generation_id
            try:
                await self._recover(generation)
            except RebalanceAgain:
                continue
            except ServiceStopped:
                break
            except Exception as error:  # whatever it is: without the state nothing may be processed
                if self.app.should_stop:  # the consumer is stopped before us, and what was asked of it fails with it
                    self.log.info("Stopped while taking over: %r", error)
                else:
                    self._on_failure(error)
                break

    async def _recover(self, generation: int) -> None:
        consumer = cast(BatchConsumer, self.app.consumer)
        self._set_recovery_started()
        # The changelogs for good, the rest until its positions are set: what is asked for those stands in line behind a
        # fetch, which waits for records a quarter of a second.
        await self._wait(consumer.stop_fetching(consumer.assignment()))
        await self._wait(self._take_over({tp.partition for tp in self.active_tps}))
        self._set_recovery_ended()
        await self.app.on_rebalance_complete.send()
        if self.app.consumer_generation_id != generation:
            return
        inputs = {tp for tp in consumer.assignment() if not self._is_changelog_tp(tp)}
        await self._wait(consumer.go_on(inputs, self._on_positions), timeout=self.app.conf.broker_request_timeout)
        self.completed.set()
        await self.app._fetcher.maybe_start()
        self._stand_by({tp.partition for tp in self.standby_tps})
        self.tables.on_actives_ready()
        self.tables.on_standbys_ready()
        self.app.on_rebalance_end()

    @Service.task  # type: ignore[untyped-decorator]
    async def _slurp_changelogs(self) -> None:
        """Nothing: changelogs are read by our own recovery."""

    @Service.task  # type: ignore[untyped-decorator]
    async def _publish_stats(self) -> None:
        """Nothing: our own recovery says how far it is."""

    def flush_buffers(self) -> None:
        """Nothing is buffered."""
