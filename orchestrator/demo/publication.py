"""Events as the demo publishes them: in every form that is understood, and with what goes wrong in real life.

85 % are binary CloudEvents, 10 % structured ones, 5 % plain JSON. One in a hundred is published twice. Some are
published to the wrong partition, as a producer with another partitioner would, or without a key; some cannot be read.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from orchestrator.messages.cloudevents import Encoded
from orchestrator.messages.codec import encode_event
from orchestrator.messages.event import CLOCK_TICKED, EngagementEvent
from orchestrator.messages.key import customer_key, partition_of
from orchestrator.simulator.chance import share
from orchestrator.simulator.forms import encode_plain, encode_structured

BINARY_SHARE = 0.85
STRUCTURED_SHARE = 0.10
DUPLICATE_SHARE = 0.01
MISROUTED = 20  # at most; customers of whom there is only one event, so that no order of events is upset
KEYLESS = 5  # at most; likewise
MALFORMED_EVERY = 2_500  # events

Header = tuple[str, bytes]


class Publication(NamedTuple):
    """A record to publish at ``at_ms`` of the replayed history; ``partition`` None: where its key belongs."""

    at_ms: int
    key: bytes | None
    value: bytes
    headers: list[Header]
    partition: int | None = None


class Edition(NamedTuple):
    """Everything to be published in order of time, and how much of it is what."""

    publications: list[Publication]
    events: int
    duplicates: int
    misrouted: int
    malformed: int


def edition(events: Sequence[EngagementEvent], silent: Sequence[str], partitions: int) -> Edition:
    """The ``events`` (in order of time) as records for a topic of so many ``partitions``.

    ``silent`` are customers with a single event, some of which are published where they do not belong.
    """
    misrouted = frozenset(islice(silent, MISROUTED))
    keyless = frozenset(islice(silent, MISROUTED, MISROUTED + KEYLESS))
    bad = _malformed()
    publications: list[Publication] = []
    duplicates = astray = malformed = 0
    for number, event in enumerate(events, 1):
        is_astray = event.customer_id in misrouted or event.customer_id in keyless
        publication = _publication(event, partitions, is_astray, event.customer_id in keyless)
        publications.append(publication)
        astray += is_astray
        if not is_astray and share("duplicate", event.id) < DUPLICATE_SHARE:
            publications.append(publication)
            duplicates += 1
        if number % MALFORMED_EVERY == 0:
            publications.append(bad[malformed % len(bad)]._replace(at_ms=event.time_ms))
            malformed += 1
    return Edition(publications, len(events), duplicates, astray, malformed)


def clock_ticks(time_ms: int, partitions: int) -> Iterator[Publication]:
    """Time itself reaching ``time_ms``, for every partition; it has no customer and so no key."""
    tick = EngagementEvent(
        id=f"tick-{time_ms}", source="/demo/clock", type=CLOCK_TICKED, time_ms=time_ms, workspace_id="", customer_id=""
    )
    encoded = encode_event(tick)
    for partition in range(partitions):
        yield Publication(time_ms, None, encoded.value, encoded.headers, partition)


def encode_in_some_form(event: EngagementEvent) -> Encoded:
    """The event in one of the three forms, always the same for the same event."""
    drawn = share("form", event.id)
    if drawn < BINARY_SHARE:
        return encode_event(event)
    return encode_structured(event) if drawn < BINARY_SHARE + STRUCTURED_SHARE else encode_plain(event)


def _publication(event: EngagementEvent, partitions: int, is_astray: bool, is_keyless: bool) -> Publication:
    encoded = encode_plain(event) if is_keyless else encode_in_some_form(event)
    wrong = (partition_of(encoded.key, partitions) + 1) % partitions if is_astray else None
    return Publication(event.time_ms, None if is_keyless else encoded.key, encoded.value, encoded.headers, wrong)


def _malformed() -> tuple[Publication, ...]:
    """Records that cannot be read, each for a reason of its own."""
    key = customer_key("demo", "nobody")
    binary: list[Header] = [("ce_specversion", b"1.0"), ("ce_id", b"bad"), ("ce_source", b"/demo")]
    type_: Header = ("ce_type", b"order.placed")
    return (
        Publication(0, key, b'{"id": "cut off', []),
        Publication(0, key, b"\xff\xfe not JSON at all", [*binary, type_]),
        Publication(0, key, b"{}", binary),  # no type
        Publication(0, b"no-colon-in-this-key", b"{}", [*binary, type_]),
        Publication(0, key, b"{}", [*binary, type_, ("ce_time", b"yesterday")]),
        Publication(0, key, encode_plain(_stranger()).value, []),  # the key says another customer
    )


def _stranger() -> EngagementEvent:
    return EngagementEvent(
        id="bad", source="/demo", type="order.placed", time_ms=0, workspace_id="demo", customer_id="somebody else"
    )
