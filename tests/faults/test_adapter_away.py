"""A channel adapter that was away for days, and then reports in any order, twice, and of what nobody asked for."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence

import pytest
from msgspec.structs import replace

from orchestrator.catalog import Catalog
from orchestrator.demo.scenario import DAY_MS
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_delivery
from orchestrator.messages.event import DeliveryEvent
from orchestrator.messages.ids import derived_id
from orchestrator.messages.key import partition_of
from orchestrator.settings import Settings
from orchestrator.simulator.adapter import MINUTE_MS, Adapter
from tests.faults.patience import caught_up
from tests.faults.seed import chance
from tests.faults.verifier import find
from tests.faults.win_back import House, a_house
from tests.worker_process import produce

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.endurance]

NOBODYS_RUN = derived_id("run", "nobody")


@pytest.fixture
async def house(settings: Settings, topics: Catalog) -> AsyncIterator[House]:
    async with a_house(settings, chance("history"), customers=120) as house:
        yield house


async def test_commands_expire_while_the_adapter_is_away_and_each_report_counts_once(house: House) -> None:
    luck = chance("an adapter away")
    house.worker.start()
    house.sink.start()
    await house.feed(house.history)
    await caught_up(house.settings, house.worker)
    commands = (await find(house.settings)).commands
    push = [command for command in commands if command.channel == "push"]
    assert push
    assert all(0 < (command.expires_at_ms or 0) - command.decided_at_ms <= 2 * DAY_MS for command in push)
    adapter, reports = Adapter(), []
    for command in luck.sample(commands, len(commands)):
        away_ms = luck.choice((MINUTE_MS, 3 * DAY_MS))
        reports += adapter.carry_out(command, command.decided_at_ms + away_ms)
        assert adapter.carry_out(command, command.decided_at_ms + away_ms) == []
    assert 0 < adapter.expired < len(push)
    unknown = [
        replace(report, id=f"unknown-{report.id}", command_id=derived_id("command", report.id), run_id=NOBODYS_RUN)
        for report in luck.sample(reports, 20)
    ]
    again = [report for report in reports if luck.random() < 0.3]
    everything = [*reports, *unknown, *again]
    luck.shuffle(everything)
    await report_all(house.settings, everything)
    await caught_up(house.settings, house.worker)
    await house.finish()
    house.expected += len(reports) + len(unknown)
    found = await house.verify()
    told = Counter(
        (str(each.details["command_id"]), str(each.details["outcome"]))
        for each in found.activities
        if each.type == "message_reported"
    )
    assert told == Counter((report.command_id, report.outcome) for report in [*reports, *unknown])
    assert max(told.values()) == 1


async def report_all(settings: Settings, reports: Sequence[DeliveryEvent]) -> None:
    by_partition: defaultdict[int, list[Encoded]] = defaultdict(list)
    for report in reports:
        record = encode_delivery(report)
        by_partition[partition_of(record.key, 4)].append(record)
    await produce(settings, Catalog(settings).deliveries, by_partition)
