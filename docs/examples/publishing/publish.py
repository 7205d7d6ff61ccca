"""Publishes an order for each customer named: python publish.py CUSTOMER... (pip install aiokafka)."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime

from aiokafka import AIOKafkaProducer

KAFKA = os.environ.get("KAFKA", "127.0.0.1:9092")
TOPIC = os.environ.get("TOPIC", "engagement.events.v1")
WORKSPACE = os.environ.get("WORKSPACE", "acme")


async def main(customers: list[str]) -> None:
    # aiokafka's own partitioner is murmur2, as the orchestrator expects. Idempotence includes acks=all.
    async with AIOKafkaProducer(bootstrap_servers=KAFKA, enable_idempotence=True) as producer:
        for customer in customers:
            headers = {
                "ce_specversion": "1.0",
                "ce_id": f"order-of-{customer}",  # from what happened: a second try has the same id
                "ce_source": "shop/python",
                "ce_type": "order.placed",
                "ce_time": datetime.now(UTC).isoformat(),  # when it happened, not when it is sent
                "content-type": "application/json",
            }
            written = await producer.send_and_wait(
                TOPIC,
                key=f"{WORKSPACE}:{customer}".encode(),
                value=json.dumps({"amount": 12.5, "items": 3}).encode(),
                headers=[(name, value.encode()) for name, value in headers.items()],
            )
            print(f"{customer}: partition {written.partition}, offset {written.offset}")


asyncio.run(main(sys.argv[1:]))
