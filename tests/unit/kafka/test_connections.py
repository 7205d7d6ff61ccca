"""A connection that was cut is a broken connection, whatever moment one writes to it."""

import asyncio

import pytest
import uvloop
from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import KafkaConnectionError

from orchestrator.kafka.connections import bear_closed_transports


class Request:
    """As much of a request as a connection asks for."""

    def prepare(self, versions: object) -> "Request":
        return self

    def build_request_header(self, **_: object) -> "Request":
        return self

    def encode(self) -> bytes:
        return b"request"


async def _write_to_a_cut_connection() -> None:
    """Writes after the connection is gone and before anybody was told, which is when uvloop raises."""

    async def be_there(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(be_there, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        connection = AIOKafkaConnection("127.0.0.1", port)
        connection._writer = writer
        writer.transport.abort()
        await asyncio.sleep(0)
        await connection.send(Request())
    finally:
        server.close()


def test_writing_to_a_connection_that_was_cut_is_a_lost_connection() -> None:
    bear_closed_transports()
    bear_closed_transports()  # a second time changes nothing
    with pytest.raises(KafkaConnectionError, match=r"127\.0\.0\.1"):
        uvloop.run(_write_to_a_cut_connection())
