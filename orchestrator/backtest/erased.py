"""Who was erased is in no history: what is still on record of them is on its way out, and nobody counts it any more."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from orchestrator.messages.event import CUSTOMER_ERASED, CUSTOMER_MERGED, DeliveryEvent, EngagementEvent

AnyEvent = TypeVar("AnyEvent", bound=EngagementEvent | DeliveryEvent)
Customer = tuple[str, str]  # workspace id, customer id


def without_erased(events: Sequence[AnyEvent]) -> list[AnyEvent]:
    """The events but for those of customers who were erased at their time or later, under whatever name they had then.

    Who comes back after an erasure begins anew.
    """
    erased_ms = _erasures(events)
    if not erased_ms:
        return list(events)
    return [event for event in events if event.time_ms > erased_ms.get((event.workspace_id, event.customer_id), -1)]


def _erasures(events: Iterable[AnyEvent]) -> dict[Customer, int]:
    """When each customer was erased last. The names merged into an erased one are erased with it."""
    erased_ms: dict[Customer, int] = {}
    names: dict[Customer, list[Customer]] = {}  # merged into a customer
    for event in events:
        if not isinstance(event, EngagementEvent):
            continue
        customer = (event.workspace_id, event.customer_id)
        if event.type == CUSTOMER_ERASED:
            erased_ms[customer] = max(event.time_ms, erased_ms.get(customer, 0))
        elif event.type == CUSTOMER_MERGED and isinstance(into := event.data.get("into"), str):
            names.setdefault((event.workspace_id, into), []).append(customer)
    left = list(erased_ms)
    while left:
        customer = left.pop()
        for name in names.get(customer, ()):
            if erased_ms.get(name, -1) < erased_ms[customer]:
                erased_ms[name] = erased_ms[customer]
                left.append(name)
    return erased_ms
