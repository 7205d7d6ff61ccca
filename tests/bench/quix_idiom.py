"""The counter as one writes it with Quix Streams: a dataframe with state on RocksDB and a changelog. Run as a process.

It runs in the peers' own virtual environment. Decoding and encoding are those of the product; everything else is as
Quix Streams has it by default, a checkpoint every 5 s among it. Arguments: brokers, group, topic of events, topic of
commands, state folder, guarantee.
"""

import sys
from typing import Any

from quixstreams import Application, State

from orchestrator.messages.cloudevents import Encoded, Headers
from orchestrator.messages.codec import decode_engagement, encode_command
from tests.bench.command import PER_COMMAND, command_for

COUNT = "count"


def count(value: bytes, key: bytes, timestamp_ms: int, headers: Headers, state: State) -> Encoded | None:
    """The command, for every second event of the key."""
    event = decode_engagement(key, value, headers, timestamp_ms)
    number = state.get(COUNT, 0) + 1
    state.set(COUNT, number)
    if number % PER_COMMAND:
        return None
    return encode_command(command_for(event.workspace_id, event.customer_id, number, event.time_ms))


def build(brokers: str, group: str, events: str, commands: str, folder: str, guarantee: Any) -> Application:
    """The application."""
    app = Application(
        broker_address=brokers,
        consumer_group=group,
        auto_offset_reset="earliest",
        state_dir=folder,
        processing_guarantee=guarantee,
        loglevel="WARNING",
    )
    output = app.topic(commands, key_serializer="bytes", value_serializer="bytes")
    frame = app.dataframe(app.topic(events, key_deserializer="bytes", value_deserializer="bytes"))
    frame = frame.apply(count, stateful=True, metadata=True)
    frame = frame.filter(lambda record: record is not None)
    frame = frame.set_headers(lambda record, *_: record.headers)
    frame = frame.apply(lambda record: record.value)
    frame.to_topic(output)
    return app


if __name__ == "__main__":
    build(*sys.argv[1:]).run()
