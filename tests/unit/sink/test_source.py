"""Where the sink reads on, whatever has become of the topic meanwhile."""

import logging

import pytest
from aiokafka import TopicPartition

from orchestrator.sink.source import ActivitySource, starting_offset

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


class QuietConsumer:
    """A consumer whose broker last answered at ``heard_ms``, and had no records."""

    heard_ms: float | None = None

    async def getmany(self, **_: int) -> dict[TopicPartition, list[object]]:
        return {}

    def last_poll_timestamp(self, place: TopicPartition) -> float | None:
        return self.heard_ms


async def test_a_broker_that_falls_silent_is_reported_once_and_so_is_its_return(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "orchestrator.sink.source")
    consumer = QuietConsumer()
    source = ActivitySource(consumer, PLACE.topic, [PLACE])
    source.report_silence(0)  # nothing was asked yet
    consumer.heard_ms = 1_000
    source.report_silence(99_000)  # busy with what was read before
    for _ in range(30):
        await source.read()
    for now_ms in (1_500, 6_000, 6_001, 9_000):
        source.report_silence(now_ms)
    consumer.heard_ms = 9_500
    for now_ms in (9_600, 9_700):
        source.report_silence(now_ms)
    assert [record.action for record in caplog.records] == ["kafka_silent", "kafka_answers"]  # type: ignore[attr-defined]
