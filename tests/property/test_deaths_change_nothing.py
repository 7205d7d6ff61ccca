"""Whenever a worker dies, and whoever takes over: the same commands, activities and states come of the same inputs."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from orchestrator.journeys.directory import Directory
from orchestrator.messages.codec import decode_activity, decode_command
from orchestrator.messages.event import CLOCK_TICKED, CUSTOMER_MERGED, EngagementEvent
from tests.builders import MONDAY_NOON, WORKSPACE, a_directory, a_journey, an_event, steps
from tests.input_records import CATALOG, WIRE
from tests.property.house import DEATHS, House
from tests.property.journeys import FAR_FUTURE, journeys, lives
from tests.property.tries import tries

CUSTOMERS = ("c1", "c2", "c3", "c4", "c5")
DEEDS = st.lists(
    st.tuples(st.integers(0, WIRE.partitions - 1), st.integers(1, 9), st.sampled_from(DEATHS), st.booleans()),
    max_size=60,
)


def a_house(directory: Directory, events: list[EngagementEvent], merges: bool = False) -> House:
    """The life of the journeys' customer, lived by several, one minute apart; some of them merge into the first."""
    house = House(directory)
    crowd = [
        replace(event, customer_id=name, id=f"{name}/{event.id}", time_ms=event.time_ms + 60_000 * number)
        for number, name in enumerate(CUSTOMERS)
        for event in events
    ]
    crowd.sort(key=lambda event: event.time_ms)
    if merges:
        middle = crowd[len(crowd) // 2]
        merge = replace(middle, id="merge", type=CUSTOMER_MERGED, customer_id="c2", data={"into": "c1"})
        crowd.insert(len(crowd) // 2, merge)
    house.publish(crowd)
    return house


def end_of_time(house: House) -> None:
    """A tick on every partition, long after everything."""
    for partition in house.partitions:
        tick = EngagementEvent(
            id="end",
            source="clock",
            type=CLOCK_TICKED,
            time_ms=FAR_FUTURE,
            workspace_id=WORKSPACE,
            customer_id="clock",
        )
        house_event = House(house.directory)
        house_event.publish([tick])
        (record,) = [log[0] for each in house_event.partitions for log in each.logs.values() if log]
        partition.append(CATALOG.events, record.key, record.value, record.headers)


def live_through(house: House, deeds: list[Any]) -> House:
    for number, most, death, ticks in deeds:
        if ticks:
            house.tick(number)
        house.work(number, most, death)
    house.finish()
    end_of_time(house)
    house.finish()
    return house


def outputs(house: House) -> dict[str, Counter[tuple[bytes | None, bytes | None]]]:
    return {topic: Counter(records) for topic, records in house.committed.items()}


@settings(max_examples=tries(60))
@given(journeys(), lives(), DEEDS)
def test_deaths_at_any_point_of_a_commit_and_new_owners_change_nothing(
    journey: dict[str, Any], events: list[EngagementEvent], deeds: list[Any]
) -> None:
    directory = a_directory(journey)
    quiet = live_through(a_house(directory, events), [])
    haunted = live_through(a_house(directory, events), deeds)
    assert without_causes(haunted) == without_causes(quiet)
    assert haunted.states() == quiet.states()
    for records in outputs(haunted).values():
        assert max(records.values(), default=1) == 1  # nothing twice


def without_causes(house: House) -> dict[str, Any]:
    """What was decided, without where the record stood that led to it: a timer may stand at another place."""
    found: dict[str, Any] = {}
    for topic, records in house.committed.items():
        if topic == CATALOG.activities:
            found[topic] = sorted(
                (replace(decode_activity(value), cause="") for _, value in records), key=lambda a: a.id
            )
        else:
            found[topic] = sorted((decode_command(value) for _, value in records), key=lambda command: command.id)
    return found


@settings(max_examples=tries(60))
@given(journeys(), lives(), DEEDS, st.integers(1, 9))
def test_a_limit_over_all_customers_holds_whatever_dies(
    journey: dict[str, Any], events: list[EngagementEvent], deeds: list[Any], limit: int
) -> None:
    """With merges across partitions too, where the order of topics is left to chance."""
    journey["guardrails"]["budgets"] = [{"kind": "messages", "limit": limit, "per": "total"}]
    journey["entry"]["capacity"] = {"limit": limit + 1}
    house = live_through(a_house(a_directory(journey), events, merges=True), deeds)
    commands = [
        decode_command(value)
        for topic, records in house.committed.items()
        if topic != CATALOG.activities
        for _, value in records
    ]
    sent = [command for command in commands if command.channel != "webhook"]
    assert len(sent) <= limit
    assert len({command.id for command in commands}) == len(commands)
    activities = [decode_activity(value) for _, value in house.committed[CATALOG.activities]]
    assert sum(activity.type == "journey_entered" for activity in activities) <= limit + 1
    assert len({activity.id for activity in activities}) == len(activities)


@settings(max_examples=tries(60))
@given(
    st.lists(st.integers(0, 200), min_size=1, max_size=60, unique=True),
    st.integers(1, 40),
    st.integers(1, 20),
    st.lists(st.tuples(DEEDS, st.integers(1, 90_000)), max_size=6),
)
def test_on_the_wall_a_limit_is_used_up_wherever_its_customers_are_and_never_exceeded_whatever_dies(
    numbers: list[int], limit: int, per_minute: int, spans: list[tuple[list[Any], int]]
) -> None:
    """The partitions ask one another for what they have left: nothing of that may be lost or done twice."""
    offer = {"kind": "send", "channel": "sms", "template": "t", "next": "done"}
    guardrails = {
        "consent": {"marketing": "opt_out"},
        "budgets": [{"kind": "messages", "limit": limit, "per": "total"}],
        "rates": [{"limit": per_minute, "per": "minute"}],
    }
    journey = a_journey(start="offer", steps=steps(offer=offer), guardrails=guardrails)
    house = House(a_directory(journey), "wall", MONDAY_NOON)
    house.publish(replace(an_event(id_=f"e{number}"), customer_id=f"c{number}") for number in numbers)
    for deeds, later_ms in spans:
        for number, most, death, ticks in deeds:
            if ticks:
                house.tick(number)
            house.work(number, most, death)
        house.now_ms += later_ms
    for _ in range(240):  # a minute's rate may let one through only
        house.finish()
        house.now_ms += 30_000
    commands = [
        decode_command(value)
        for topic, records in house.committed.items()
        if topic != CATALOG.activities
        for _, value in records
    ]
    by_minute = Counter(command.decided_at_ms // 60_000 for command in commands)
    assert max(by_minute.values()) <= per_minute
    assert len(commands) == len({command.id for command in commands}) == min(limit, len(numbers))
    activities = [decode_activity(value) for _, value in house.committed[CATALOG.activities]]
    assert sum(activity.type == "run_completed" for activity in activities) == len(numbers)
