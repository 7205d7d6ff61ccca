"""The channel adapters' part: commands in, delivery reports out, and what the customers do about it."""

from orchestrator.catalog import Catalog
from orchestrator.demo.publication import encode_in_some_form
from orchestrator.demo.scenario import CHANNELS
from orchestrator.demo.sender import Sender
from orchestrator.errors import DecodeError
from orchestrator.kafka.tail import Tail, TailRecord
from orchestrator.messages.codec import decode_command, encode_delivery
from orchestrator.messages.command import SendCommand
from orchestrator.settings import Settings
from orchestrator.simulator.adapter import Adapter, was_delivered
from orchestrator.simulator.personas import CUSTOMER_PREFIX, answer, persona


class Channel:
    """Carries out every command of the demo's channels while ``run`` runs.

    ``reports`` and ``answers`` count what it has published: delivery events, and purchases of personas.
    """

    def __init__(self, catalog: Catalog, tail: Tail, sender: Sender) -> None:
        self._catalog = catalog
        self._tail = tail
        self._sender = sender
        self._busy = False
        self.adapter = Adapter()
        self.reports = 0
        self.answers = 0

    @staticmethod
    async def listen(settings: Settings, catalog: Catalog) -> Tail:
        """The command topics, from their beginning."""
        topics = [catalog.commands(channel) for channel in CHANNELS]
        return await Tail.open(settings, "adapter", [(topic, catalog.spec(topic).partitions) for topic in topics])

    async def run(self) -> None:
        """Runs until cancelled."""
        while True:
            records = await self._tail.read()
            if records:
                self._busy = True
                for record in records:
                    await self._take(record)
                await self._sender.flush()
                self._busy = False

    async def is_idle(self) -> bool:
        """Whether every command so far has been carried out and its reports are published."""
        return not self._busy and await self._tail.is_at_end() and not self._busy

    async def _take(self, record: TailRecord) -> None:
        command = _command(record)
        # In a replay there is no clock but the commands': each is taken up at the moment it was decided.
        reports = self.adapter.carry_out(command, command.decided_at_ms)
        for report in reports:
            await self._sender.send(self._catalog.deliveries, encode_delivery(report))
            self.reports += 1
        if command.customer_id.startswith(CUSTOMER_PREFIX) and was_delivered(reports):
            bought = answer(command.workspace_id, persona(command.customer_id), command.decided_at_ms)
            if bought is not None:
                await self._sender.send(self._catalog.events, encode_in_some_form(bought))
                self.answers += 1


def _command(record: TailRecord) -> SendCommand:
    try:
        return decode_command(record.value)
    except DecodeError as error:
        raise AssertionError(f"the worker published a command that cannot be read: {error}") from error
