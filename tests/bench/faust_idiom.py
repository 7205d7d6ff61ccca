"""The counter as one writes it with Faust: an agent, a table on RocksDB, a topic to send to. Run as a process.

Decoding and encoding are those of the product, which are faster than Faust's own; at_least_once, and the settings that
a good user would choose. Names come from the same settings as the worker's.
"""

import sys

import faust
from mode.loop import use

from orchestrator.catalog import Catalog
from orchestrator.messages.codec import decode_engagement, encode_command
from orchestrator.settings import Settings, load_settings
from tests.bench.command import command_for

TABLE = "counts"


def build(settings: Settings) -> faust.App:
    """The application."""
    catalog = Catalog(settings)
    app = faust.App(
        settings.group,
        broker=f"aiokafka://{settings.kafka}",
        store="rocksdb://",
        datadir=str(settings.data_dir / settings.slot),
        processing_guarantee="at_least_once",
        topic_partitions=catalog.customer_partitions,
        topic_replication_factor=1,
        topic_disable_leader=True,
        web_enabled=False,
        broker_max_poll_records=2_000,
        stream_buffer_maxsize=16_384,
        consumer_auto_offset_reset="earliest",
        producer_acks=-1,
    )
    raw = {"key_type": bytes, "key_serializer": "raw", "value_type": bytes, "value_serializer": "raw"}
    events = app.topic(catalog.events, **raw)
    commands = app.topic(catalog.commands("email"), **raw)
    counts = app.Table(TABLE, default=int, key_type=bytes, value_type=int, options={"driver": "rocksdict"})

    @app.agent(events)
    async def count(stream: faust.StreamT[bytes]) -> None:
        async for event in stream.events():
            headers = list(event.headers.items()) if isinstance(event.headers, dict) else event.headers
            signal = decode_engagement(event.key, event.value, headers, 0)
            number = counts[event.key] + 1
            counts[event.key] = number
            if number % 2 == 0:
                record = encode_command(command_for(signal.workspace_id, signal.customer_id, number, signal.time_ms))
                await commands.send(key=record.key, value=record.value, headers=record.headers)

    return app


if __name__ == "__main__":
    use("uvloop")
    sys.exit(faust.Worker(build(load_settings()), loglevel="WARNING").execute_from_commandline())
