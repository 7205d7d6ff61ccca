"""When a take-over fails, the worker ends with an error; unless it is being stopped, and the take-over with it."""

from collections.abc import Iterable

import faust
import pytest

from orchestrator.streams.faust_recovery import BatchRecovery


class CutShortRecovery(BatchRecovery):
    """A take-over in the middle of which the consumer's thread has ended."""

    async def _recover(self, generation: int) -> None:
        raise RuntimeError("Event loop is closed")


async def nothing(_: object) -> None:
    return


def ignored(_: Iterable[object] = ()) -> None:
    return


@pytest.mark.parametrize("is_stopping", [False, True])
async def test_a_take_over_that_fails_ends_the_worker_but_not_one_that_is_being_stopped(is_stopping: bool) -> None:
    app = faust.App("test", broker="aiokafka://nobody", store="memory://")
    failures: list[Exception] = []
    recovery = CutShortRecovery(app, app.tables, nothing, ignored, ignored, failures.append)
    recovery.signal_recovery_start.set()
    if is_stopping:
        app._stopped.set()
    await BatchRecovery._restart_recovery(recovery)
    assert [str(failure) for failure in failures] == ([] if is_stopping else ["Event loop is closed"])
