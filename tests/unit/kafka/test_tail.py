"""What a reader of topics says when the cluster does not tell it what it asks."""

from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaTimeoutError

from orchestrator.errors import Unavailable
from orchestrator.kafka.tail import Tail


class Nowhere:
    """A consumer of a topic that is not there, as aiokafka tells of it."""

    async def end_offsets(self, places: object) -> Any:
        raise KafkaTimeoutError("Failed to get offsets by times in 15000 ms")


async def test_of_a_topic_that_may_not_be_there_it_is_said_how_to_see_that() -> None:
    tail = Tail(cast(AIOKafkaConsumer, Nowhere()), [TopicPartition("acme.events", 0)])
    with pytest.raises(Unavailable, match=r"acme\.events ends: no answer .* `orchestrator topics plan` tells"):
        await tail.end_offsets()
