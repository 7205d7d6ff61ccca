"""A channel adapter that sends nothing: the rules a real one must keep, and reports of what would have become of it.

- A command whose id was seen before is not sent again: Kafka may deliver it twice.
- One that has expired is not sent; it is reported as failed.
- Everything else is "sent" and "delivered"; 45 % are opened and 12 % clicked. Nothing bounces and nobody unsubscribes,
  so that no report changes a decision and a replay of the inputs in any interleaving decides the same.
"""

from collections.abc import Iterator

from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import DeliveryEvent, Outcome
from orchestrator.messages.report import report_of
from orchestrator.simulator.chance import between, share

SOURCE = "/demo/adapter"
OPENED_SHARE = 0.45
CLICKED_SHARE = 0.12
SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS


class Adapter:
    """Remembers which commands it has carried out; a real one would keep that across restarts."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self.repeated = 0
        self.expired = 0

    @property
    def command_ids(self) -> frozenset[str]:
        """The commands that have come in, each once."""
        return frozenset(self._seen)

    def carry_out(self, command: SendCommand, now_ms: int) -> list[DeliveryEvent]:
        """What is to be reported about ``command``, taken up at ``now_ms``; nothing for one that came in before."""
        if command.id in self._seen:
            self.repeated += 1
            return []
        self._seen.add(command.id)
        if command.expires_at_ms is not None and now_ms > command.expires_at_ms:
            self.expired += 1
            return [_report(command, "failed", now_ms, "the command had expired")]
        return [_report(command, outcome, at_ms) for outcome, at_ms in _fate(command, now_ms)]


def was_delivered(reports: list[DeliveryEvent]) -> bool:
    """Whether these reports say that the message arrived."""
    return any(report.outcome == "delivered" for report in reports)


def _fate(command: SendCommand, now_ms: int) -> Iterator[tuple[Outcome, int]]:
    sent_ms = now_ms + between(SECOND_MS, MINUTE_MS, "sent", command.id)
    delivered_ms = sent_ms + between(SECOND_MS, 5 * MINUTE_MS, "delivered", command.id)
    yield "sent", sent_ms
    yield "delivered", delivered_ms
    # Only who opens can click, so the smaller share is the front part of the larger one.
    interest = share("interest", command.id)
    if interest < OPENED_SHARE:
        opened_ms = delivered_ms + between(MINUTE_MS, HOUR_MS, "opened", command.id)
        yield "opened", opened_ms
        if interest < CLICKED_SHARE:
            yield "clicked", opened_ms + between(SECOND_MS, MINUTE_MS, "clicked", command.id)


def _report(command: SendCommand, outcome: Outcome, at_ms: int, reason: str = "") -> DeliveryEvent:
    return report_of(command, outcome, at_ms, id=f"{command.id}-{outcome}", source=SOURCE, reason=reason)
