"""The file adapter: a backlog of send commands, each written, reported and remembered. No target: one to plan by."""

import asyncio
import time

from orchestrator.catalog import Catalog
from orchestrator.errors import Unavailable
from orchestrator.kafka.tail import Tail
from tests.adapter_process import a_command, an_adapter, command, times_written
from tests.bench.ground import Ground, installation
from tests.bench.measurement import Measurement
from tests.bench.span import PATIENCE_S
from tests.bench.usage import watched

COMMANDS = 40_000
CUSTOMERS = 5_000


async def measure(ground: Ground) -> list[Measurement]:
    """Commands per second from the first report to the last, as a reader of committed records sees them."""
    count = ground.size(COMMANDS, 2_000)
    async with installation(ground, "adapters") as settings:
        ground.say(f"adapters: {count:,} commands")
        catalog = Catalog(settings)
        folder = settings.data_dir / "out"
        await command(settings, (a_command(number, customers=CUSTOMERS) for number in range(count)))
        adapter = an_adapter(settings, "file", "--channel", "push", adapter_file_dir=str(folder))
        try:
            partitions = catalog.spec(catalog.deliveries).partitions
            async with await Tail.open(settings, "bench", [(catalog.deliveries, partitions)]) as tail:
                adapter.start()
                async with watched(adapter.process.pid) as (usage,):
                    first, last = await _reported(tail, count)
            await adapter.stop()
        finally:
            adapter.close()
        times = times_written(folder)
    if len(times) != count or max(times.values()) != 1:
        raise Unavailable(f"measuring the file adapter: {len(times)} of {count} commands went out, or one went twice")
    (began_s, before), (ended_s, after) = first, last
    cpu_us = 1e6 * usage.between(began_s, ended_s) / (after - before)
    details = {"commands": count, "CPU µs per command": cpu_us, "MiB": usage.rss_bytes / 2**20}
    note = f"one process, 8 partitions; {cpu_us:.0f} µs of its CPU per command; two transactions a command, batched"
    rate = (after - before) / (ended_s - began_s)
    return [Measurement("file adapter", "commands/s", None, rate, note, details=details)]


async def _reported(tail: Tail, count: int) -> tuple[tuple[float, int], tuple[float, int]]:
    """(Unix time, reports so far) at the first and at the last of them."""
    done, first = 0, (0.0, 0)
    deadline = time.monotonic() + PATIENCE_S
    while done < count:
        found = len(await tail.read())
        done += found
        if found and not first[1]:
            first = (time.time(), done)
        if time.monotonic() > deadline:
            raise Unavailable(f"waiting for the file adapter: {done} of {count} commands are reported")
        await asyncio.sleep(0)
    return first, (time.time(), done)
