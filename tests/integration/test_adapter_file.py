"""The file adapter on a real broker: what goes out, what is reported, and what a second process finds."""

from collections import defaultdict

import pytest

from orchestrator.catalog import Catalog
from orchestrator.local.ports import free_ports
from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.dead_letter import parse_dead_letter
from orchestrator.settings import Settings
from tests.adapter_process import a_command, an_adapter, answered, command, reports, times_written, written
from tests.probing import Watched
from tests.worker_process import produce, read_all

pytestmark = pytest.mark.integration

PAST_MS = 1_767_614_400_001


async def test_each_command_goes_out_once_in_its_customers_order_and_another_process_goes_on(
    settings: Settings, topics: Catalog
) -> None:
    folder = settings.data_dir / "out"
    (port,) = free_ports(1)
    out = {"adapter_file_dir": str(folder)}
    first = an_adapter(settings, "file", "--channel", "push", **out, metrics_port=str(port))
    second = an_adapter(settings, "file", "--channel", "push", slot="second", **out)
    await command(settings, [a_command(number) for number in range(100)])
    await command(settings, [a_command(100, expires_at_ms=PAST_MS)])
    await produce(settings, topics.commands("push"), {0: [_nonsense()]})
    try:
        first.start()
        await answered(settings, 101)
        watched = Watched(first, port)
        await watched.becomes_ready()
        assert await watched.metric("orchestrator_build_info", role="adapter") == 1
        second.start()
        await command(settings, [a_command(number) for number in (*range(90, 100), *range(101, 200))])
        await answered(settings, 200)
        first.kill()
        await command(settings, [a_command(number) for number in range(150, 260)])
        await answered(settings, 260)
        assert await second.stop() == 0
    finally:
        first.close()
        second.close()
    assert times_written(folder) == {f"command-{number}": 1 for number in range(260) if number != 100}
    told = await reports(settings)
    assert len({report.id for report in told}) == len(told) == 260
    assert [report.reason for report in told if report.outcome == "failed"] == ["expired"]
    of_customer: defaultdict[str, list[int]] = defaultdict(list)
    for line in written(folder):
        of_customer[line["customer_id"]].append(line["variables"]["number"])
    assert all(numbers == sorted(numbers) for numbers in of_customer.values())
    letters = await read_all(settings, topics.dead_letters)
    (letter,) = [parse_dead_letter(each.key, each.value, list(each.headers.items())) for each in letters]
    assert (letter.topic, letter.value, letter.reason) == (topics.commands("push"), b"nonsense", "malformed")


def _nonsense() -> Encoded:
    return Encoded(b"acme:c1", b"nonsense", [])
