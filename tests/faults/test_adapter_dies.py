"""Adapters that die without cleaning up after every step of their protocol; a file and a mailbox are the witnesses."""

from collections import Counter

import pytest

from orchestrator.adapters.crash import POINTS
from orchestrator.adapters.decision import UNKNOWN_OUTCOME
from orchestrator.catalog import Catalog
from orchestrator.crash import EXIT_CODE, VARIABLE
from orchestrator.settings import Settings
from tests.adapter_process import a_command, an_adapter, answered, command, reports, times_written
from tests.conftest import PARTITIONS
from tests.mail_server import Mailbox, serving

pytestmark = [pytest.mark.integration, pytest.mark.faults]

EACH = 60
CONCURRENCY = 4
MAIL = {"email": "ana@example.org"}


async def test_whatever_step_it_dies_after_each_command_goes_out_once_and_is_answered_once(
    settings: Settings, topics: Catalog
) -> None:
    folder, mailbox = settings.data_dir / "out", Mailbox()
    for part in ("subject", "txt"):
        (settings.data_dir / f"welcome.{part}.liquid").write_text("Hello")
    async with serving(mailbox) as port:
        adapters = {
            "push": an_adapter(settings, "file", "--channel", "push", slot="push", adapter_file_dir=str(folder)),
            "email": an_adapter(
                settings,
                "smtp",
                slot="email",
                smtp_port=str(port),
                smtp_security="none",
                smtp_from="news@shop.example",
                adapter_templates_dir=str(settings.data_dir),
                adapter_concurrency=str(CONCURRENCY),
            ),
        }
        total = 0
        try:
            for point in POINTS:
                numbers, total = range(total, total + EACH), total + EACH
                await command(
                    settings, [a_command(n, channel, variables=MAIL) for channel in adapters for n in numbers]
                )
                for adapter in adapters.values():
                    adapter.start(**{VARIABLE: f"{point}:2"})
                assert [await adapter.ended() for adapter in adapters.values()] == [EXIT_CODE, EXIT_CODE], point
            for adapter in adapters.values():
                adapter.start()
            await answered(settings, 2 * total)
            assert [await adapter.stop() for adapter in adapters.values()] == [0, 0]
        finally:
            for adapter in adapters.values():
                adapter.close()
    everything = {f"command-{number}" for number in range(total)}
    told = await reports(settings)
    assert Counter((report.channel, report.command_id) for report in told) == Counter(
        (channel, id_) for channel in adapters for id_ in everything
    )
    # A file can be looked into: what was written is found, and what was not is written.
    assert times_written(folder) == dict.fromkeys(everything, 1)
    assert {report.outcome for report in told if report.channel == "push"} == {"sent"}
    # A mailbox cannot: what was in hand when the process died is given up, so that nothing arrives twice.
    arrived = Counter(mail["Message-ID"].removeprefix("<").partition("@")[0] for mail in mailbox.mails)
    assert set(arrived.values()) == {1}
    of_mails = {report.command_id: (report.outcome, report.reason) for report in told if report.channel == "email"}
    doubtful = {id_ for id_, said in of_mails.items() if said == ("failed", UNKNOWN_OUTCOME)}
    assert {id_ for id_, said in of_mails.items() if said == ("sent", "")} == everything - doubtful <= arrived.keys()
    assert 0 < len(doubtful) <= len(POINTS) * CONCURRENCY * PARTITIONS
