"""An adapter that starts with a full ledger: a week of commands in one partition, as they stand before compaction."""

import time
from typing import NamedTuple

from orchestrator.adapters.ledger import DONE, LedgerEntry, encode_entry, ledger_key
from orchestrator.catalog import Catalog
from orchestrator.kafka.outgoing import Outgoing
from orchestrator.kafka.publisher import Publisher
from orchestrator.local.ports import free_ports
from orchestrator.messages.ids import derived_id
from orchestrator.settings import Settings
from tests.adapter_process import an_adapter
from tests.bench.ground import Ground, installation
from tests.bench.measurement import Measurement
from tests.bench.usage import watched
from tests.probing import Watched

IDS = 1_000_000
AT_ONCE = 20_000
STATES = [encode_entry(LedgerEntry(state="attempting")), encode_entry(DONE)]


class Start(NamedTuple):
    """What it took until an adapter was ready: wall clock, CPU, and the most memory."""

    seconds: float
    cpu_s: float
    mib: float


async def measure(ground: Ground) -> list[Measurement]:
    """CPU seconds from the start of a process until its partitions are taken over, and the most memory until then."""
    count = ground.size(IDS, 2_000)
    async with installation(ground, "ledger") as settings:
        ground.say(f"ledger: {count:,} ids")
        await _filled(settings, count)
        empty = await _started(settings, "sms")
        full = await _started(settings, "push")
    details: dict[str, float | str] = {"ids": count}
    for name, start in (("a full one", full), ("an empty one", empty)):
        details[f"{name}: s, CPU s, MiB"] = f"{start.seconds:.1f}, {start.cpu_s:.1f}, {start.mib:.0f}"
    more_s, more_mib = full.cpu_s - empty.cpu_s, full.mib - empty.mib
    note = f"CPU, beyond a start with an empty one; two records an id, in one partition; {more_mib:.0f} MiB more"
    return [Measurement(f"file adapter: reading a ledger of {count:,} ids", "s", None, more_s, note, False, details)]


async def _filled(settings: Settings, count: int) -> None:
    ledger = Catalog(settings).ledger
    publisher = await Publisher.open(settings, "bench")
    try:
        for first in range(0, count, AT_ONCE):
            ids = (derived_id("command", str(number)) for number in range(first, min(first + AT_ONCE, count)))
            keys = [ledger_key("push", id_) for id_ in ids]
            await publisher.publish([Outgoing(ledger, 0, key, value) for key in keys for value in STATES])
    finally:
        await publisher.close()


async def _started(settings: Settings, channel: str) -> Start:
    (port,) = free_ports(1)
    words = ("file", "--channel", channel)
    out = str(settings.data_dir / "out")
    adapter = an_adapter(settings, *words, slot=channel, adapter_file_dir=out, metrics_port=str(port))
    try:
        began = time.time()
        adapter.start()
        async with watched(adapter.process.pid) as (usage,):
            await Watched(adapter, port).becomes_ready()
            ended = time.time()
        await adapter.stop()
    finally:
        adapter.close()
    return Start(ended - began, usage.between(began, ended), usage.rss_bytes / 2**20)
