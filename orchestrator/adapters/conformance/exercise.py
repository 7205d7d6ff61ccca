"""The commands of a check: of a workspace of its own, each there for the sake of a rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto

from orchestrator.messages.codec import encode_command
from orchestrator.messages.command import SendCommand
from orchestrator.messages.ids import derived_id
from orchestrator.messages.key import customer_key, partition_of

WORKSPACE = "conformance"
NONSENSE = b'{"this is": "no send command"'
IN_ORDER = 5
ORDINARY = 8
LIFE_MS = 3_600_000


class Purpose(StrEnum):
    """What a command is there for."""

    ORDINARY = auto()
    TWICE = auto()  # published two times
    EXPIRED = auto()
    IN_ORDER = auto()  # of one customer
    AFTER_NONSENSE = auto()  # behind a record that is no command, in its partition
    BURST = auto()
    AGAIN = auto()  # one that was answered, after a restart
    AFTER_RESTART = auto()


@dataclass(frozen=True, slots=True)
class Wish:
    """What a check is asked for. ``mark`` tells its commands from those of other checks."""

    channel: str
    mark: str
    template: str
    variables: Mapping[str, object]
    partitions: int
    burst: int = 50


@dataclass(frozen=True, slots=True)
class Published:
    """A record of the channel's topic; ``command`` None: one that is no command."""

    purpose: Purpose
    partition: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    command: SendCommand | None


def first_part(wish: Wish, now_ms: int) -> list[Published]:
    """What is published before the restart, in this order."""
    ordinary = [_published(wish, Purpose.ORDINARY, number, now_ms) for number in range(ORDINARY)]
    twice = _published(wish, Purpose.TWICE, 0, now_ms)
    expired = _published(wish, Purpose.EXPIRED, 0, now_ms, expires_at_ms=now_ms - 1_000)
    in_order = [_published(wish, Purpose.IN_ORDER, number, now_ms, customer="in-order") for number in range(IN_ORDER)]
    after = _published(wish, Purpose.AFTER_NONSENSE, 0, now_ms)
    nonsense = Published(Purpose.AFTER_NONSENSE, after.partition, after.key, NONSENSE, after.headers, None)
    burst = [_published(wish, Purpose.BURST, number, now_ms) for number in range(wish.burst)]
    return [*ordinary, twice, expired, *in_order, nonsense, after, twice, *burst]


def second_part(wish: Wish, first: list[Published], now_ms: int) -> list[Published]:
    """What is published after it: commands that were there before, and behind each a new one of the same customer."""
    part: list[Published] = []
    for number, each in enumerate(each for each in first if each.purpose is Purpose.ORDINARY):
        if each.command is not None:
            part.append(Published(Purpose.AGAIN, each.partition, each.key, each.value, each.headers, each.command))
            customer = each.command.customer_id
            part.append(_published(wish, Purpose.AFTER_RESTART, number, now_ms, whole_customer=customer))
    return part


def _published(
    wish: Wish,
    purpose: Purpose,
    number: int,
    now_ms: int,
    *,
    customer: str = "",
    whole_customer: str = "",
    expires_at_ms: int | None = None,
) -> Published:
    customer_id = whole_customer or f"{wish.mark}-{customer or f'{purpose}-{number}'}"
    command = SendCommand(
        id=derived_id("conformance", wish.mark, wish.channel, purpose, str(number)),
        workspace_id=WORKSPACE,
        customer_id=customer_id,
        journey_id=derived_id("conformance", "journey"),
        version=1,
        run_id=derived_id("conformance", wish.mark, "run", purpose, str(number)),
        step=f"step-{purpose}",
        visit=0,
        channel=wish.channel,
        template=wish.template,
        category="conformance",
        variables=dict(wish.variables),
        decided_at_ms=now_ms,
        expires_at_ms=now_ms + LIFE_MS if expires_at_ms is None else expires_at_ms,
    )
    record = encode_command(command)
    key = customer_key(command.workspace_id, command.customer_id)
    place = partition_of(key, wish.partitions)
    return Published(purpose, place, key, record.value, tuple(record.headers), command)
