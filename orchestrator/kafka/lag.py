"""How far a consumer group is behind."""

from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from orchestrator.errors import Unavailable


async def group_lag(admin: AIOKafkaAdminClient, group: str, ends: Mapping[tuple[str, int], int]) -> int:
    """How many records before ``ends``, by (topic, partition), the group has not acknowledged.

    Markers of transactions count as records.

    Raises:
        Unavailable: the broker does not answer.
    """
    try:
        offsets = await admin.list_consumer_group_offsets(group)
    except KafkaError as error:
        raise Unavailable(f"asking how far the group {group} has come: {error!r}") from error
    done = {(place.topic, place.partition): max(0, known.offset) for place, known in offsets.items()}
    return sum(max(0, end - done.get(place, 0)) for place, end in ends.items())
