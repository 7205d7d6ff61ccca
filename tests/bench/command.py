"""What the counter sends. Free of Kafka clients, so that programs in other virtual environments can send the same."""

from orchestrator.messages.command import SendCommand
from orchestrator.messages.ids import derived_id

PER_COMMAND = 2  # events


def command_for(workspace_id: str, customer_id: str, count: int, now_ms: int) -> SendCommand:
    """What is sent for the event that makes the count even; the counting worker sends the same."""
    return SendCommand(
        id=derived_id("command", workspace_id, customer_id, str(count)),
        workspace_id=workspace_id,
        customer_id=customer_id,
        journey_id="count",
        version=1,
        run_id="run",
        step="send",
        visit=count,
        channel="email",
        template="count",
        category="marketing",
        variables={"count": count},
        decided_at_ms=now_ms,
    )
