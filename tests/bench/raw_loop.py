"""Consume, decode, produce, commit, with aiokafka alone and no state: what a Python process can reach at best.

Every second record of a partition makes a command. Run as a process; names come from the same settings as the worker's.
"""

import asyncio
import signal
import sys
import time
from collections import Counter

import uvloop
from aiokafka import TopicPartition

from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_group_consumer, open_producer
from orchestrator.messages.codec import decode_engagement, encode_command
from orchestrator.settings import Settings, load_settings
from orchestrator.streams.producers import acknowledged, submit
from tests.bench.command import PER_COMMAND, command_for

MAX_RECORDS = 2_000
WAIT_MS = 200


async def main(settings: Settings) -> None:
    """Runs until SIGTERM."""
    catalog = Catalog(settings)
    output = catalog.commands("email")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    seen: Counter[int] = Counter()
    async with (
        closing(await open_producer(settings, "raw")) as producer,
        closing(await open_group_consumer(settings, "raw", settings.group, (catalog.events,))) as consumer,
    ):
        while not stop.is_set():
            fetched = await consumer.getmany(timeout_ms=WAIT_MS, max_records=MAX_RECORDS)
            submitting = []
            for place, records in fetched.items():
                commands = []
                for record in records:
                    event = decode_engagement(record.key, record.value, record.headers, record.timestamp)
                    seen[place.partition] += 1
                    if seen[place.partition] % PER_COMMAND == 0:
                        number = seen[place.partition]
                        command = command_for(event.workspace_id, event.customer_id, number, event.time_ms)
                        commands.append(encode_command(command))
                submitting.append(submit(producer, output, place.partition, commands, int(time.time() * 1_000)))
            for submitted in await asyncio.gather(*submitting):
                await acknowledged(submitted)
            if fetched:
                await consumer.commit(
                    {TopicPartition(*place): records[-1].offset + 1 for place, records in fetched.items()}
                )


if __name__ == "__main__":
    uvloop.run(main(load_settings()))
    sys.exit(0)
