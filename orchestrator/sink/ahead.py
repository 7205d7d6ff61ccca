"""The next batch, read and decoded while PostgreSQL writes the one before."""

import asyncio

from orchestrator.sink.decode import Decoded, decode
from orchestrator.sink.erasures import partition_and_offset
from orchestrator.sink.source import ActivitySource


class ReadAhead:
    """Reads one batch ahead of its owner. What was read and not handed over is read again by the next sink."""

    def __init__(self, source: ActivitySource) -> None:
        self._source = source
        self._reading = asyncio.create_task(self._read())

    async def next(self) -> list[Decoded]:
        """The next records in order; none when there are none for a quarter of a second.

        Raises:
            Unavailable: the broker refuses; open the source again.
        """
        records = await self._reading
        self._reading = asyncio.create_task(self._read())
        return records

    def held(self) -> dict[int, int]:
        """The offset of the first record, by partition, of what was read and not handed over."""
        if not self._reading.done() or self._reading.cancelled() or self._reading.exception() is not None:
            return {}
        # The first of each partition wins.
        return dict(partition_and_offset(record) for record in reversed(self._reading.result()))

    async def close(self) -> None:
        """Ends the reading."""
        self._reading.cancel()
        # Its fault, if it had one, is no longer anybody's: whoever would have read on does not.
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> list[Decoded]:
        return [decode(raw) for raw in await self._source.read()]
