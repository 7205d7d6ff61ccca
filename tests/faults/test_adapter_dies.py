"""An adapter that dies without cleaning up after every step of its protocol; its file is the witness of what went."""

import pytest

from orchestrator.adapters.crash import POINTS
from orchestrator.catalog import Catalog
from orchestrator.crash import EXIT_CODE, VARIABLE
from orchestrator.settings import Settings
from tests.adapter_process import a_command, an_adapter, answered, command, reports, times_written

pytestmark = [pytest.mark.integration, pytest.mark.faults]

EACH = 60


async def test_whatever_step_it_dies_after_each_command_goes_out_once_and_is_answered_once(
    settings: Settings, topics: Catalog
) -> None:
    folder = settings.data_dir / "out"
    adapter = an_adapter(settings, "file", "--channel", "push", adapter_file_dir=str(folder))
    total = 0
    try:
        for point in POINTS:
            await command(settings, [a_command(number) for number in range(total, total + EACH)])
            total += EACH
            adapter.start(**{VARIABLE: f"{point}:2"})
            assert await adapter.ended() == EXIT_CODE, point
        adapter.start()
        await answered(settings, total)
        assert await adapter.stop() == 0
    finally:
        adapter.close()
    assert times_written(folder) == {f"command-{number}": 1 for number in range(total)}
    told = await reports(settings)
    assert len(told) == len({report.command_id for report in told}) == total
    assert {report.outcome for report in told} == {"sent"}
