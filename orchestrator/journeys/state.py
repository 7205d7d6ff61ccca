"""Everything that is kept of one customer, as one immutable value: the state between two signals.

It is stored as msgpack arrays behind a version byte. Fields are only ever added at the end, with defaults, so that an
older state decodes as it is; a change of meaning raises the version and adds an upgrade here. A release that does not
know an added field drops it when it writes the state again: where going back must not lose it, raise the version as
well.
"""

import msgspec

from orchestrator.errors import StateUnreadable
from orchestrator.guardrails.consent import NO_CONSENTS, Consents
from orchestrator.guardrails.history import NO_SENDS, SendHistory
from orchestrator.messages.text import Scalar

STATE_VERSION = b"\x01"

SEEN_EVENTS = 64  # ids of the newest events of a customer, to recognise one that is delivered again
FINGERPRINT_BYTES = 8
RECENT_TIMES = 16  # newest times kept of each event type; see definitions.condition.Happened
MAX_EVENT_TYPES = 100
MAX_COUNTS = 200
MAX_ATTRIBUTES = 200
MAX_ENTRY_KEYS = 256
MAX_PENDING = 16  # entries that wait to be decided; one more is decided at once

TREATMENT = "treatment"
HOLDOUT = "holdout"


class Attribute(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of a customer, and since when (event time): what is older never overwrites it."""

    value: Scalar
    time_ms: int


class Occurrences(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How often the customer did something, and the newest times, oldest first."""

    count: int
    recent: tuple[int, ...]


class Entries(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How often the customer entered a journey, when last, and with which keys (fingerprints, oldest first).

    ``arms``: of the experiment steps the customer came to, by step. ``is_member``: of the segment that is the entry.
    """

    count: int
    last_ms: int
    keys: bytes = b""
    arms: dict[str, str] = {}
    is_member: bool = False


NEVER_ENTERED = Entries(0, 0)


class Run(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One customer's passage through one version of a journey.

    ``step`` is where it stands, empty once it has ended (and for the holdout, which takes no step at all). ``due_ms``
    is when the present wait is over. ``attempt`` counts how often the present send was put off. An ended run is kept
    while its goal may still be reached, until ``goal_until_ms``.

    ``contact``: which of the send step's contacts is tried; ``sent_ms``: when its command was decided, while a report
    is waited for. ``visits`` (of each step, in journeys with loops) and ``loops`` (how often each was taken).
    ``reviewed``: the newest version of which is settled whether the run goes over to it; ``moves``: how often it did.
    ``since_ms``: from when events count at the wait where it stands, if that is before it arrived (see ``Turn``).
    ``before``: how many of the goal's events there were before the entry, where the journey asks for it. It goes along
    with a customer who is merged into another, so that a goal reached there is still known to be this customer's.
    """

    id: str
    journey_id: str
    version: int
    arm: str
    entered_ms: int
    entry_key: str = ""
    entry_fields: dict[str, Scalar] = {}
    step: str = ""
    arrived_ms: int = 0
    due_ms: int | None = None
    attempt: int = 0
    expires_ms: int | None = None
    goal_until_ms: int | None = None
    outcomes: dict[str, str] = {}
    contact: int = 0
    sent_ms: int | None = None
    visits: dict[str, int] = {}
    loops: dict[str, int] = {}
    reviewed: int = 0
    moves: int = 0
    before: int | None = None
    since_ms: int | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether the run still takes steps."""
        return self.step != ""

    @property
    def next_ms(self) -> int | None:
        """The next moment at which something of this run is due: the end of its wait or its expiry."""
        if self.step == "":
            return None
        if self.due_ms is None or self.expires_ms is None:
            return self.expires_ms if self.due_ms is None else self.due_ms
        return min(self.due_ms, self.expires_ms)


class PendingEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An entry that is decided at ``due_ms``: after the journey's grace, or when there may be room again.

    The rest is what the entry began with: see ``entry.Trigger``. ``attempt`` counts how often there was no room.
    """

    journey_id: str
    due_ms: int
    attempt: int
    identity: tuple[str, ...]
    occurred_ms: int
    details: dict[str, object]
    data: dict[str, object]


class CustomerState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One customer. ``clock_ms`` is the latest time a decision was made at: time never runs backwards.

    ``history``: what the customer did, by event type; ``counts``: filtered, by the key of the count. ``merged_into``:
    the customer who took all this over; whatever still comes for this one goes there. ``pending``: entries that are not
    decided yet.
    """

    clock_ms: int = 0
    attributes: dict[str, Attribute] = {}
    consents: Consents = NO_CONSENTS
    sends: SendHistory = NO_SENDS
    history: dict[str, Occurrences] = {}
    seen: bytes = b""
    runs: tuple[Run, ...] = ()
    entries: dict[str, Entries] = {}
    counts: dict[str, Occurrences] = {}
    merged_into: str = ""
    pending: tuple[PendingEntry, ...] = ()


EMPTY = CustomerState()


def having_heard(state: CustomerState, clock_ms: int, history: dict[str, Occurrences], seen: bytes) -> CustomerState:
    """``state`` of a customer who is under way nowhere, after something that only the history keeps.

    Written out, since ``structs.replace`` takes three times as long and most events come to this.
    """
    return CustomerState(
        clock_ms,
        state.attributes,
        state.consents,
        state.sends,
        history,
        seen,
        (),
        state.entries,
        state.counts,
        state.merged_into,
    )


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(CustomerState).decode


def encode_state(state: CustomerState) -> bytes:
    """The stored form of ``state``."""
    return STATE_VERSION + _encode(state)


def decode_state(raw: bytes) -> CustomerState:
    """The state that ``raw`` holds.

    Raises:
        StateUnreadable: a newer program wrote it, or it is damaged.
    """
    if raw[:1] != STATE_VERSION:
        raise StateUnreadable(
            f"reading a customer's state: it has version {raw[:1]!r} and this program reads {STATE_VERSION!r}; run the "
            "program that wrote it, or a newer one"
        )
    try:
        return _decode(memoryview(raw)[1:])
    except msgspec.MsgspecError as error:
        raise StateUnreadable(
            f"reading a customer's state: it is damaged ({error}); wipe this worker's data folder, and the state is "
            "rebuilt from the changelog"
        ) from error


def has_fingerprint(fingerprints: bytes, wanted: bytes) -> bool:
    """Whether ``wanted`` is one of the concatenated ``fingerprints``."""
    at = fingerprints.find(wanted)
    while at != -1 and at % FINGERPRINT_BYTES:  # found across the border of two others
        at = fingerprints.find(wanted, at + 1)
    return at != -1


def add_fingerprint(fingerprints: bytes, new: bytes, most: int) -> bytes:
    """``fingerprints`` with ``new`` at the end, and only the newest ``most`` of them."""
    return (fingerprints + new)[-most * FINGERPRINT_BYTES :]


def join_fingerprints(older: bytes, newer: bytes, most: int) -> bytes:
    """The fingerprints of both, each once, ``newer`` at the end, and only the newest ``most`` of them."""
    size = FINGERPRINT_BYTES
    marks = [joined[at : at + size] for joined in (older, newer) for at in range(0, len(joined), size)]
    # Of one that is in both, the later place counts: so the order is taken from the end.
    return b"".join(reversed(dict.fromkeys(reversed(marks))))[-most * size :]
