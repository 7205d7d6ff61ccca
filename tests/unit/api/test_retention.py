"""A sweep goes over all journeys a batch at a time, and rests until the next hour."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from orchestrator.api.retention import BATCH_BACKTESTS, BATCH_ROWS, Retention
from orchestrator.store.retention import BEGINNING, Forgotten, Place

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FIRST, SECOND = UUID(int=1), UUID(int=2)


class Shelf:
    """Stands for the database: so many old activities of each journey, and what was asked of it."""

    def __init__(self, activities: dict[UUID, int], refusals: int = 0, backtests: int = 0) -> None:
        self.activities = activities
        self.refusals = refusals
        self.backtests = backtests
        self.asked: list[tuple[UUID, Place]] = []
        self.before: set[datetime] = set()
        self._places: Iterator[Place] = ((NOW, UUID(int=number)) for number in range(1_000))

    async def journeys(self) -> list[UUID]:
        return list(self.activities)

    async def forget_activities(self, journey_id: UUID, before: datetime, place: Place, limit: int) -> Forgotten:
        self.asked.append((journey_id, place))
        self.before.add(before)
        seen = min(limit, self.activities[journey_id])
        self.activities[journey_id] -= seen
        return Forgotten(seen, seen, 0, next(self._places) if seen else None)

    async def forget_refusals(self, before: datetime, limit: int) -> int:
        gone = min(limit, self.refusals)
        self.refusals -= gone
        return gone

    async def forget_requests(self, before: datetime) -> int:
        assert before == NOW - timedelta(days=1)
        return 0

    async def forget_backtests(self, before: datetime, most: int, limit: int) -> int:
        assert (before, most) == (NOW - timedelta(days=30), 100)
        gone = min(limit, self.backtests)
        self.backtests -= gone
        return gone


async def steps(retention: Retention, now: datetime = NOW) -> int:
    count = 0
    while await retention.step(now):
        count += 1
    return count


async def test_every_journey_is_gone_through_from_its_beginning_to_its_end() -> None:
    shelf = Shelf({FIRST: 2 * BATCH_ROWS + 5, SECOND: 0}, refusals=BATCH_ROWS)
    await steps(Retention(shelf, 30))
    assert shelf.activities == {FIRST: 0, SECOND: 0}
    assert shelf.refusals == 0
    assert shelf.before == {NOW - timedelta(days=30)}
    assert [journey for journey, _ in shelf.asked] == [SECOND, FIRST, FIRST, FIRST]
    assert [place == BEGINNING for _, place in shelf.asked] == [True, True, False, False]
    assert shelf.asked[2][1] != shelf.asked[3][1]  # each batch begins where the last one ended


async def test_no_step_does_more_than_one_batch() -> None:
    shelf = Shelf({FIRST: 10 * BATCH_ROWS})
    retention = Retention(shelf, 30)
    left = []
    for _ in range(4):
        assert await retention.step(NOW)
        left.append(shelf.activities[FIRST] // BATCH_ROWS)
    assert left == [10, 9, 8, 7]


async def test_after_a_sweep_there_is_nothing_to_do_for_an_hour() -> None:
    shelf = Shelf({FIRST: 1})
    retention = Retention(shelf, 30)
    # It begins, goes through the journey, looks at what could not be used, and at backtests.
    assert await steps(retention) == 4
    assert not await retention.step(NOW + timedelta(minutes=59))


async def test_without_a_number_of_days_only_answers_and_backtests_are_let_go() -> None:
    shelf = Shelf({FIRST: 5}, refusals=5, backtests=2 * BATCH_BACKTESTS + 1)
    assert await steps(Retention(shelf, 0)) == 4
    assert shelf.backtests == 0
    assert (shelf.activities, shelf.refusals, shelf.asked) == ({FIRST: 5}, 5, [])
