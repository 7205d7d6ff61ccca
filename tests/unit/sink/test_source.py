"""Where the sink reads on, whatever has become of the topic meanwhile."""

import logging

import pytest
from aiokafka import TopicPartition

from orchestrator.sink.source import starting_offset

PLACE = TopicPartition("journeys.activities.v1", 2)


@pytest.mark.parametrize("stored", [10, 15, 20])
def test_reading_goes_on_where_it_stopped(stored: int, caplog: pytest.LogCaptureFixture) -> None:
    assert starting_offset(PLACE, stored, oldest=10, newest=20) == stored
    assert not caplog.records


def test_records_deleted_before_they_were_read_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    assert starting_offset(PLACE, 4, oldest=10, newest=20) == 10
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert record.message.startswith("6 activities of journeys.activities.v1/2 were deleted")


def test_a_topic_made_anew_is_read_from_its_start(caplog: pytest.LogCaptureFixture) -> None:
    assert starting_offset(PLACE, 100, oldest=0, newest=20) == 0
    assert [record.action for record in caplog.records] == ["sink_topic_replaced"]  # type: ignore[attr-defined]
