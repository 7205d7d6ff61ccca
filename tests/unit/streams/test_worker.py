"""What a worker compares when partitions are its own, before it reads on."""

from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.errors import ProcessingHalted
from orchestrator.settings import Settings
from orchestrator.streams.guard import jumps
from orchestrator.streams.recovery import Changelog
from orchestrator.streams.stored import PartitionRecord
from orchestrator.streams.worker import Worker
from tests.input_records import event

EVENTS, DELIVERIES = "events", "deliveries"


def a_worker(**next_offsets: int) -> tuple[Worker[Any, Any], SimpleNamespace]:
    """A worker that owns partition 3, whose states contain everything below ``next_offsets``."""
    tools: Any = SimpleNamespace(settings=Settings())
    worker: Worker[Any, Any] = Worker(tools, Changelog("changelog", 0), [], lambda error: None)
    owned = SimpleNamespace(record=PartitionRecord(next_offsets=next_offsets), expected=dict(next_offsets))
    pipeline: Any = SimpleNamespace(owned=owned)
    worker._pipelines = {3: pipeline}
    return worker, owned


def test_what_is_committed_must_be_in_the_states() -> None:
    worker, _ = a_worker(events=40)
    worker.check_positions({(EVENTS, 3): (40, 40), (DELIVERIES, 3): (None, 0), (EVENTS, 4): (99, 99)})
    with pytest.raises(ProcessingHalted, match="below 41 are committed as processed"):
        worker.check_positions({(EVENTS, 3): (41, 41)})


def test_a_topic_nobody_has_read_yet_must_begin_where_reading_begins() -> None:
    worker, owned = a_worker(events=40)
    worker.check_positions({(EVENTS, 3): (38, 38), (DELIVERIES, 3): (None, 7)})
    assert owned.expected == {EVENTS: 40, DELIVERIES: 7}
    # So a fetch that skipped the first records is looked into, as it is anywhere else.
    assert jumps(owned.expected[DELIVERIES], [event(9, "c1")]) == [(7, 9)]
