"""What becomes of records is counted from 0, so that Prometheus sees the first of each kind."""

from collections import Counter

from prometheus_client import REGISTRY

from orchestrator.streams.batch import Outcome
from orchestrator.streams.report import declare, report
from orchestrator.streams.stored import PartitionRecord

NAME = "orchestrator_records_consumed_total"


def count(topic: str, result: str) -> float | None:
    return REGISTRY.get_sample_value(NAME, {"topic": topic, "result": result})


def test_the_first_dead_letter_is_an_increase() -> None:
    assert count("first.v1", "dead_letter") is None
    declare(("first.v1",))
    assert count("first.v1", "dead_letter") == 0
    outcome: Outcome[int] = Outcome(0, PartitionRecord(), results=Counter({("first.v1", "dead_letter"): 1}))
    report(outcome, 0)
    assert count("first.v1", "dead_letter") == 1
