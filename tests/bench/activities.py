"""Activities as workers record them: of the demo's journey over its real purchases, of many times the customers."""

from collections.abc import Iterator
from itertools import islice

from msgspec.structs import replace

from orchestrator.demo.scenario import LONGEST_RUN_MS, WIN_BACK, WORKSPACE
from orchestrator.journeys.replay import replay
from orchestrator.messages.activity import Activity
from orchestrator.messages.ids import derived_id
from tests.bench.backlog import purchases
from tests.bench.published import directory_of

PURCHASES = 12_000


def activities(most: int, journey_id: str) -> list[Activity]:
    """The first ``most`` of them, in the order of time; each clone has customers and ids of its own."""
    history = purchases(PURCHASES)
    effects = replay(directory_of(WIN_BACK, WORKSPACE), history, history[-1].time_ms + LONGEST_RUN_MS).effects
    recorded = [effect for effect in effects if isinstance(effect, Activity)]
    return list(islice(_cloned(recorded, journey_id, -(-most // len(recorded))), most))


def _cloned(recorded: list[Activity], journey_id: str, copies: int) -> Iterator[Activity]:
    for activity in sorted(recorded, key=lambda each: each.at_ms):
        for copy in range(copies):
            yield replace(
                activity,
                id=derived_id("activity", activity.id, str(copy)),
                run_id=derived_id("run", activity.run_id, str(copy)) if activity.run_id else "",
                customer_id=f"{activity.customer_id}.{copy}",
                journey_id=journey_id,
            )
