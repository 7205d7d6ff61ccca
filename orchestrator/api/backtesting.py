"""The backtests that this API process runs: how many at once, for how long, and what is written of them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Depends
from starlette.requests import Request

from orchestrator.api.backtest_documents import BacktestProgress, BacktestResult
from orchestrator.api.backtest_process import Heard, NotCarriedOut, Order, carry_out
from orchestrator.api.quota import TooManyRequests
from orchestrator.errors import Forbidden, Unavailable
from orchestrator.settings import Settings
from orchestrator.store.backtests import BacktestStatus, beat, end_backtest
from orchestrator.store.tenant import Tenant
from orchestrator.telemetry.metrics import BACKTESTS

log = logging.getLogger(__name__)

HEARTBEAT_S = 1.0  # well below the silence after which it is taken for dead
RETRY_AFTER_S = 30
STOPPED = "the API was stopped while it ran; start it again"
BROKEN = (
    "the API made a mistake while it ran, which its log tells; start it again, and if that does not help, report it"
)

CarryOut = Callable[[Order, Settings, Heard], Awaitable[BacktestResult]]


class Backtesting:
    """One for each API process; ``close`` it before the database."""

    def __init__(self, settings: Settings, carry_out: CarryOut = carry_out) -> None:
        self._settings = settings
        self._carry_out = carry_out
        self._coming = 0
        self._running: dict[UUID, tuple[Tenant, asyncio.Task[None]]] = {}

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for one more, kept while the block lasts; ``start`` it within.

        Raises:
            Forbidden: this installation runs none.
            TooManyRequests: there is none left.
        """
        most = self._settings.backtests_at_once
        if most == 0:
            raise Forbidden("this installation runs no backtests on request: ORCHESTRATOR_BACKTESTS_AT_ONCE is 0")
        if self._coming + len(self._running) >= most:
            raise TooManyRequests(
                f"{most} backtests are running at this moment, as many as may at once; try again when one is over",
                RETRY_AFTER_S,
            )
        self._coming += 1
        try:
            yield
        finally:
            self._coming -= 1

    def start(self, tenant: Tenant, backtest_id: UUID, order: Order) -> None:
        """Runs it from now on; what comes of it stands in the database."""
        task = asyncio.create_task(self._run(tenant, backtest_id, order), name=f"backtest-{backtest_id}")
        self._running[backtest_id] = (tenant, task)
        task.add_done_callback(partial(self._over, backtest_id))

    def stop(self, backtest_id: UUID) -> None:
        """Ends it if it runs here; elsewhere it is seen at the next heartbeat that it is not wanted any more."""
        if backtest_id in self._running:
            self._running[backtest_id][1].cancel()

    async def close(self) -> None:
        """Ends all, and says so."""
        running = dict(self._running)
        for _, task in running.values():
            task.cancel()
        if running:
            await asyncio.wait([task for _, task in running.values()])
        for backtest_id, (tenant, _) in running.items():
            await self._end(tenant, backtest_id, "CANCELLED", failure=STOPPED)

    async def _run(self, tenant: Tenant, backtest_id: UUID, order: Order) -> None:
        known: list[BacktestProgress] = []  # the last one heard

        def heard(progress: BacktestProgress) -> None:
            known[:] = [progress]

        work = asyncio.ensure_future(self._carry_out(order, self._settings, heard))
        beating = asyncio.create_task(self._beat(tenant, backtest_id, known))
        try:
            limit_s = self._settings.backtest_timeout_s
            await asyncio.wait({work, beating}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                await self._conclude(tenant, backtest_id, work)
            elif beating.done():
                beating.result()  # somebody has cancelled it at another API process
                BACKTESTS.labels("cancelled").inc()
            else:
                failure = f"it took longer than {limit_s:g} s, the most that is allowed; choose an earlier end"
                await self._fail(tenant, backtest_id, failure)
        except Exception:  # whatever it was: whoever waits is told at once, and the log by whoever ends the task
            await self._fail(tenant, backtest_id, BROKEN)
            raise
        finally:
            work.cancel()
            beating.cancel()
            await asyncio.wait({work, beating})

    async def _conclude(self, tenant: Tenant, backtest_id: UUID, work: "asyncio.Future[BacktestResult]") -> None:
        try:
            result = work.result()
        except NotCarriedOut as error:
            await self._fail(tenant, backtest_id, str(error))
        else:
            BACKTESTS.labels("done").inc()
            await self._end(tenant, backtest_id, "DONE", result.model_dump(mode="json"))

    async def _fail(self, tenant: Tenant, backtest_id: UUID, failure: str) -> None:
        BACKTESTS.labels("failed").inc()
        await self._end(tenant, backtest_id, "FAILED", failure=failure)

    async def _beat(self, tenant: Tenant, backtest_id: UUID, known: list[BacktestProgress]) -> None:
        """Says that it runs, until nobody waits for it any more."""
        while True:
            progress = known[0].model_dump() if known else None
            try:
                if not await beat(tenant, backtest_id, progress):
                    return
            except Unavailable as error:
                extra = {"action": "backtest_not_told", "backtest_id": str(backtest_id)}
                log.warning("How far a backtest is could not be written: %s", error, extra=extra)
            await asyncio.sleep(HEARTBEAT_S)

    async def _end(
        self,
        tenant: Tenant,
        backtest_id: UUID,
        status: BacktestStatus,
        result: dict[str, Any] | None = None,
        failure: str = "",
    ) -> None:
        try:
            await end_backtest(tenant, backtest_id, status, result, failure)
        except Unavailable as error:
            extra = {"action": "backtest_end_not_written", "backtest_id": str(backtest_id)}
            log.warning("What came of a backtest could not be written: %s", error, extra=extra)

    def _over(self, backtest_id: UUID, task: "asyncio.Task[None]") -> None:
        del self._running[backtest_id]
        if task.cancelled():
            BACKTESTS.labels("cancelled").inc()
            return
        error = task.exception()
        if error is not None:
            extra = {"action": "backtest_broke_off", "backtest_id": str(backtest_id)}
            log.error("A backtest has broken off", exc_info=error, extra=extra)


def _backtesting(request: Request) -> Backtesting:
    return cast(Backtesting, request.app.state.backtesting)


BacktestingOfApp = Annotated[Backtesting, Depends(_backtesting)]
