"""The conformance kit on a real broker: our three adapters keep the contract, and one that does not is found."""

import asyncio
import base64
import contextlib

import pytest

from orchestrator.adapters.checking import Check, check
from orchestrator.adapters.conformance.exercise import Wish
from orchestrator.adapters.conformance.judgement import RULES, Verdict
from orchestrator.catalog import Catalog
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.kafka.tail import Tail
from orchestrator.messages.codec import decode_command, encode_delivery
from orchestrator.messages.report import report_of
from orchestrator.settings import Settings
from tests import http_server, mail_server
from tests.adapter_process import an_adapter
from tests.conftest import PARTITIONS
from tests.worker_process import WorkerProcess

pytestmark = pytest.mark.integration

PATIENCE_S = 60.0
RATE_PER_S = 25.0
SECRET = "whsec_" + base64.b64encode(b"0" * 32).decode()


async def checked(
    settings: Settings, channel: str, template: str, adapter: WorkerProcess, rate: float
) -> list[Verdict]:
    """What is said of an adapter that is started, and stopped and started again in between."""

    async def restart() -> None:
        assert await adapter.stop() == 0
        adapter.start()

    variables = {"email": "ana@example.org", "name": "Ana"}
    wish = Wish(channel, f"check-{channel}", template, variables, PARTITIONS, burst=40)
    adapter.start()
    try:
        return await check(settings, Check(wish, PATIENCE_S, rate, restart))
    finally:
        adapter.close()


async def test_our_adapters_keep_the_contract_and_send_each_command_once(settings: Settings, topics: Catalog) -> None:
    folder = settings.data_dir
    (folder / "conformance.subject.liquid").write_text("Hello {{ name }}")
    (folder / "conformance.txt.liquid").write_text("Dear {{ name }}")
    mailbox, server = mail_server.Mailbox(), http_server.Server()
    async with mail_server.serving(mailbox) as mail_port, http_server.serving(server) as http_port:
        endpoints = folder / "endpoints.yaml"
        endpoints.write_text(f"crm: {{url: 'http://127.0.0.1:{http_port}/', secret: {SECRET}}}\n")
        of_file = an_adapter(settings, "file", "--channel", "push", slot="push", adapter_file_dir=str(folder / "out"))
        of_mail = an_adapter(
            settings,
            "smtp",
            slot="email",
            smtp_port=str(mail_port),
            smtp_security="none",
            smtp_from="news@shop.example",
            adapter_templates_dir=str(folder),
            adapter_rate_per_s=str(RATE_PER_S),
        )
        of_calls = an_adapter(settings, "webhook", slot="webhook", webhook_endpoints_file=str(endpoints))
        found = await asyncio.gather(
            checked(settings, "push", "conformance", of_file, 0),
            checked(settings, "email", "conformance", of_mail, RATE_PER_S),
            checked(settings, "webhook", "crm", of_calls, 0),
        )
    for verdicts in found:
        assert {each.rule: (each.state, each.seen) for each in verdicts if each.state != "passed"} == {}
        assert [each.rule for each in verdicts] == list(RULES)
    # What reports cannot tell: how often each really went out.
    message_ids = [mail["Message-ID"] for mail in mailbox.mails]
    call_ids = [headers["webhook-id"] for _, headers, _ in server.requests]
    assert len(set(message_ids)) == len(message_ids) == len(set(call_ids)) == len(call_ids) == 63


async def test_an_adapter_without_a_memory_and_without_an_eye_on_expiry_is_found(
    settings: Settings, topics: Catalog
) -> None:
    async def careless() -> None:
        """Sends whatever it can read, and makes up an id for each report."""
        number = 0
        async with (
            await Tail.open(settings, "careless", [(topics.commands("sms"), PARTITIONS)]) as tail,
            closing(await open_producer(settings, "careless")) as producer,
        ):
            while True:
                for record in await tail.read():
                    with contextlib.suppress(Exception):
                        command = decode_command(record.value)
                        number += 1
                        told = report_of(command, "sent", record.timestamp, id=f"report-{number}", source="/careless")
                        sent = encode_delivery(told)
                        await producer.send_and_wait(
                            topics.deliveries, key=sent.key, value=sent.value, headers=sent.headers
                        )

    running = asyncio.create_task(careless())
    try:
        wish = Wish("sms", "careless", "conformance", {}, PARTITIONS, burst=10)
        verdicts = await check(settings, Check(wish, PATIENCE_S))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    said = {each.rule: each.state for each in verdicts}
    assert {rule for rule, state in said.items() if state == "failed"} == {"once", "expired"}
    assert said["remembers"] == "not seen"
