"""What an adapter says of a command it was given."""

from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import DeliveryEvent, Outcome


def report_of(
    command: SendCommand,
    outcome: Outcome,
    at_ms: int,
    *,
    id: str,
    source: str,
    reason: str = "",
    is_permanent: bool = False,
) -> DeliveryEvent:
    """The delivery event that tells what became of ``command``; it repeats the command's own ids."""
    return DeliveryEvent(
        id=id,
        source=source,
        time_ms=at_ms,
        workspace_id=command.workspace_id,
        customer_id=command.customer_id,
        command_id=command.id,
        journey_id=command.journey_id,
        run_id=command.run_id,
        step=command.step,
        channel=command.channel,
        outcome=outcome,
        category=command.category,
        is_permanent=is_permanent,
        reason=reason,
    )
