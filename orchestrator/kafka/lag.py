"""How far a consumer group is behind."""

import asyncio
import time
from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError, KafkaError

from orchestrator.errors import Unavailable

PATIENCE_S = 15.0
PAUSE_S = 0.2


async def group_lag(admin: AIOKafkaAdminClient, group: str, ends: Mapping[tuple[str, int], int]) -> int:
    """How many records before ``ends``, by (topic, partition), the group has not acknowledged.

    Markers of transactions count as records.

    Raises:
        Unavailable: the broker does not answer.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            offsets = await admin.list_consumer_group_offsets(group)
            break
        except KafkaError as error:
            # A cluster that never had a group makes what it needs for one when it is asked for the first time.
            is_making = isinstance(error, GroupCoordinatorNotAvailableError)
            if not is_making or time.monotonic() > deadline:
                raise Unavailable(f"asking how far the group {group} has come: {error!r}") from error
        await asyncio.sleep(PAUSE_S)
    done = {(place.topic, place.partition): max(0, known.offset) for place, known in offsets.items()}
    return sum(max(0, end - done.get(place, 0)) for place, end in ends.items())
