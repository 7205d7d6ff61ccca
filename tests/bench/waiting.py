"""Customers who wait in the middle of a journey, each for a moment of its own: their states on the changelog."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import islice

from msgspec.structs import replace

from orchestrator.catalog import Catalog
from orchestrator.journeys.engine import advance
from orchestrator.journeys.state import EMPTY, CustomerState, encode_state
from orchestrator.kafka.clients import closing, open_producer
from orchestrator.messages.ids import derived_id
from orchestrator.messages.key import customer_key, parse_customer_key, partition_of
from orchestrator.settings import Settings
from orchestrator.simulator.people import ZONES
from orchestrator.streams.producers import acknowledged, submit
from orchestrator.streams.record import Outgoing
from tests.bench.published import directory_of
from tests.bench.six_steps import life

WORKSPACE = "waiting"
# States that differ in what they hold; every customer has one of them, and a run and a moment of its own.
TEMPLATES = 120
WRITTEN_AT_ONCE = 50_000
ENTERED_MS = 1_767_225_600_000  # 2026-01-01
UP_TO_THE_CART = 7  # events of a shopper: who it is, what it may be sent, three page views and a cart

# Six steps. No quiet hours: what is measured must not depend on the time of the day.
JOURNEY: dict[str, object] = {
    "name": "Abandoned cart, reminded late",
    "entry": {"kind": "event", "type": "cart.abandoned", "key": "cart_id", "re_entry": {"kind": "once_per_key"}},
    "goal": {"event": "order.placed", "window": "P60D", "value": "amount", "exits": True},
    "start": "cool_down",
    "steps": {
        "cool_down": {"kind": "wait", "duration": "P30D", "next": "worth"},
        "worth": {
            "kind": "branch",
            "paths": [{"when": {"kind": "field", "name": "amount", "op": "ge", "value": 1_000}, "next": "end"}],
            "otherwise": "email",
        },
        "email": {
            "kind": "send",
            "channel": "email",
            "template": "your-cart",
            "variables": {"amount": {"kind": "entry", "name": "amount"}},
            "cost": 0.002,
            "next": "opened",
        },
        "opened": {"kind": "wait_for", "event": "email.opened", "timeout": "P2D", "next": "end", "on_timeout": "push"},
        "push": {"kind": "send", "channel": "push", "template": "still-there", "next": "end"},
        "end": {"kind": "exit"},
    },
    "guardrails": {
        "caps": [{"limit": 3, "per": "P7D"}, {"limit": 1, "per": "day", "channel": "email"}],
        "minimum_gap": "PT4H",
        "fallback_zones": list(ZONES),
        "consent": {"marketing": "required"},
    },
}


async def write_states(settings: Settings, numbers: Iterable[int], due_ms: Callable[[int], int]) -> float:
    """Puts the states of these customers on the changelog, each due when ``due_ms`` says; returns their mean size."""
    templates = _templates()
    catalog = Catalog(settings)
    size = count = 0
    async with closing(await open_producer(settings, "bench-states")) as producer:

        async def write() -> None:
            for partition, records in by_partition.items():
                await acknowledged(await submit(producer, catalog.changelog, partition, records, 0))
            by_partition.clear()

        by_partition: defaultdict[int, list[Outgoing]] = defaultdict(list)
        for number in numbers:
            key, raw = _state(templates[number % TEMPLATES], number, due_ms(number))
            by_partition[partition_of(key, catalog.customer_partitions)].append(Outgoing(key, raw, []))
            size += len(raw)
            count += 1
            if count % WRITTEN_AT_ONCE == 0:
                await write()
        await write()
    return size / count


def number_of(key: bytes | None) -> int:
    """The number of the customer whose record this is."""
    return int(parse_customer_key(key)[1].removeprefix("shopper-"))


def _state(template: CustomerState, number: int, due_ms: int) -> tuple[bytes, bytes]:
    customer_id = f"shopper-{number}"
    (run,) = template.runs
    run = replace(run, id=derived_id("run", customer_id), due_ms=due_ms)
    return customer_key(WORKSPACE, customer_id), encode_state(replace(template, runs=(run,)))


def _templates() -> list[CustomerState]:
    """What the engine makes of some customers' first events, up to the first wait."""
    directory = directory_of(JOURNEY, WORKSPACE)
    states = []
    for number in range(TEMPLATES):
        state = EMPTY
        for event in islice(life(number, ENTERED_MS), UP_TO_THE_CART):
            event = replace(event, workspace_id=WORKSPACE)
            state = advance(directory, state, event, event.time_ms, "stream").state
        states.append(state)
    return states
