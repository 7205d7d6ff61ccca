"""Waiting ends when nothing moves, not before, and not never."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

import pytest

from orchestrator.demo import settle
from orchestrator.demo.settle import Look, eventually, settled
from orchestrator.errors import Unavailable

QUIET = Look(worker_lag=0, timers=0, adapter_is_idle=True, sink_lag=0, inputs=10, rows=100)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "LOOK_S", 0)
    monkeypatch.setattr(settle, "POLL_S", 0)


def seeing(looks: Iterable[Look]) -> Callable[[], Awaitable[Look]]:
    """Shows these one after the other, and the last one for ever."""
    left = list(looks)

    async def look() -> Look:
        return left.pop(0) if len(left) > 1 else left[0]

    return look


async def test_quiet_once_is_not_yet_the_end() -> None:
    more = replace(QUIET, rows=150)

    assert await settled(seeing([QUIET, replace(QUIET, worker_lag=3), more, more])) == more


@pytest.mark.parametrize(
    "busy",
    [
        {"worker_lag": 1},
        {"timers": 1},
        {"timers": None},
        {"adapter_is_idle": False},
        {"sink_lag": 2},
        {"sink_lag": None},
    ],
)
async def test_what_is_still_under_way_is_waited_for_and_told_when_it_gets_stuck(busy: dict[str, object]) -> None:
    with pytest.raises(Unavailable, match="nothing has moved for 0 s"):
        await settled(seeing([replace(QUIET, **busy)]), stuck_s=0)


async def test_a_condition_is_waited_for() -> None:
    answers = [False, False, True]

    async def holds() -> bool:
        return answers.pop(0)

    await eventually(holds, "it holds", 60)
    assert answers == []


async def test_a_condition_that_never_holds_is_named() -> None:
    async def never() -> bool:
        return False

    with pytest.raises(Unavailable, match="waiting until pigs fly: not so after 0 s"):
        await eventually(never, "pigs fly", 0)
