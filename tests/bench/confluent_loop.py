"""Consume, decode, produce, commit, with confluent-kafka (librdkafka) and no state: as ``raw_loop`` does with aiokafka.

Every second record of a partition makes a command. Run as a process in the peers' own virtual environment. Arguments:
brokers, group, topic of events, topic of commands.
"""

import signal
import sys
from collections import Counter

from confluent_kafka import Consumer, KafkaException, Producer

from orchestrator.messages.codec import decode_engagement, encode_command
from tests.bench.command import PER_COMMAND, command_for

MAX_RECORDS = 2_000
WAIT_S = 0.2
FLUSH_S = 30.0


def main(brokers: str, group: str, events: str, commands: str) -> None:
    """Runs until SIGTERM."""
    running = [True]
    signal.signal(signal.SIGTERM, lambda *_: running.clear())
    seen: Counter[int] = Counter()
    producer = Producer({"bootstrap.servers": brokers, "acks": "all", "enable.idempotence": True})
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": group,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([events])
    while running:
        records = consumer.consume(MAX_RECORDS, WAIT_S)
        for record in records:
            if record.error():
                raise KafkaException(record.error())
            event = decode_engagement(record.key(), record.value(), record.headers(), record.timestamp()[1])
            partition = record.partition()
            seen[partition] += 1
            if seen[partition] % PER_COMMAND == 0:
                command = encode_command(
                    command_for(event.workspace_id, event.customer_id, seen[partition], event.time_ms)
                )
                producer.produce(
                    commands, command.value, command.key, partition, headers=command.headers, on_delivery=_delivered
                )
        if records:
            if producer.flush(FLUSH_S):
                raise TimeoutError(f"commands are not acknowledged within {FLUSH_S:.0f} s")
            consumer.commit(asynchronous=False)
    consumer.close()


def _delivered(error: object, _: object) -> None:
    if error is not None:
        raise RuntimeError(f"a command was not delivered: {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.exit(0)
