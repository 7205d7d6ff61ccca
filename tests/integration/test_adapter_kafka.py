"""What the adapters ask of Kafka: a former owner writes nothing any more, and the ledger is read to its true end."""

import asyncio

import pytest

from orchestrator.catalog import Catalog
from orchestrator.errors import Fenced
from orchestrator.kafka.clients import closing, open_transactional_producer
from orchestrator.kafka.outgoing import Outgoing, Source, Writer
from orchestrator.kafka.settled import read_settled
from orchestrator.settings import Settings
from tests.worker_process import read_all

pytestmark = pytest.mark.integration


async def a_writer(settings: Settings, catalog: Catalog) -> Writer:
    source = Source(f"{settings.group}-adapter", catalog.commands("push"), 0)
    return await Writer.take_over(settings, "test", f"{settings.group}-adapter-0", source, [(catalog.ledger, 0)])


async def test_a_former_owner_is_refused_and_nothing_of_what_it_wanted_to_write_is_seen(
    settings: Settings, topics: Catalog
) -> None:
    former = await a_writer(settings, topics)
    await former.write([Outgoing(topics.ledger, 0, b"push:a", b"1")], 1)
    owner = await a_writer(settings, topics)
    with pytest.raises(Fenced, match="another process owns it now"):
        await former.write([Outgoing(topics.ledger, 0, b"push:b", b"2")], 2)
    await owner.write([Outgoing(topics.ledger, 0, b"push:c", b"3")], None)
    await asyncio.gather(former.stop(), owner.stop())
    assert [each.key for each in await read_all(settings, topics.ledger)] == [b"push:a", b"push:c"]


async def test_what_was_committed_behind_another_channels_open_transaction_is_read(
    settings: Settings, topics: Catalog
) -> None:
    other = await open_transactional_producer(settings, "test", f"{settings.group}-other")
    async with closing(other):
        await other.begin_transaction()
        await other.send_and_wait(topics.ledger, key=b"email:x", value=b"0", partition=0)
        writer = await a_writer(settings, topics)
        await writer.write([Outgoing(topics.ledger, 0, b"push:a", b"1")], None)
        await writer.stop()
        found: list[bytes | None] = []

        async def read() -> None:
            async for records in read_settled(settings, "test", topics.ledger, 0):
                found.extend(each.key for each in records)

        reading = asyncio.create_task(read())
        done, _ = await asyncio.wait({reading}, timeout=3)
        assert not done  # the end that readers of committed records are told lies before both
        await other.commit_transaction()
        await reading
    assert found == [b"email:x", b"push:a"]
