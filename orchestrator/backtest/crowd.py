"""Made-up people in one virtual time: what any of them does, what falls due and what follows from a message, in order.

So whatever binds over all customers (rates, budgets, capacity, the moments of a schedule) binds here as in reality.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from orchestrator.backtest.people import WORKSPACE, Person
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.replay import Replaying, time_of
from orchestrator.journeys.turn import Effect, Signal
from orchestrator.messages.activity import Activity
from orchestrator.messages.command import SendCommand


class Moment(NamedTuple):
    """What happened, None when something was due, and what was decided."""

    happened: Signal | None
    effects: Sequence[Effect]


class Crowd:
    """People on their way through a journey.

    What a person does is made up when the first of it comes, and who is through is forgotten: so it matters how many
    live at one time, not how many there are.
    """

    def __init__(self, directory: Directory, people: Iterable[Person]) -> None:
        self._replaying = Replaying(directory, in_order=True)
        # (moment, number, a life that begins or a thing that happens). The numbers tell apart what comes at one moment,
        # in the order in which it was thought of: the same people have the same story.
        self._ahead: list[tuple[int, int, Person | Signal]] = [
            (person.known_ms, number, person) for number, person in enumerate(people)
        ]
        heapify(self._ahead)
        self._number = len(self._ahead)
        self._alive: dict[str, Person] = {}
        self._left: dict[str, int] = {}  # of each of them, how much is ahead

    @property
    def signals(self) -> int:
        """How much has happened or fallen due."""
        return self._replaying.replay.signals

    @property
    def alive(self) -> int:
        """How many have begun and are not through."""
        return len(self._alive)

    def live(self, until_ms: int) -> Iterator[Moment]:
        """One moment after the other, up to ``until_ms``."""
        while True:
            due_ms = self._replaying.next_ms()
            is_due_first = not self._ahead or (due_ms is not None and due_ms < self._ahead[0][0])
            at_ms = due_ms if is_due_first else self._ahead[0][0]
            if at_ms is None or at_ms > until_ms:
                return
            if is_due_first:
                self._replaying.reach(at_ms)
                yield Moment(None, self._hear())
                continue
            _, _, comes = heappop(self._ahead)
            if isinstance(comes, Person):
                self._begin(comes)
                continue
            self._replaying.reach(at_ms)
            self._replaying.take(comes)
            self._left[comes.customer_id] -= 1
            yield Moment(comes, self._hear(comes))

    def _begin(self, person: Person) -> None:
        self._alive[person.customer_id] = person
        self._left[person.customer_id] = 0
        for event in person.life():
            self._expect(event)

    def _expect(self, signal: Signal) -> None:
        heappush(self._ahead, (time_of(signal), self._number, signal))
        self._number += 1
        self._left[signal.customer_id] += 1

    def _hear(self, happened: Signal | None = None) -> Sequence[Effect]:
        """What has been decided since the last time. Who was sent something will do something about it."""
        effects = self._replaying.drain()
        concerned = set() if happened is None else {happened.customer_id}
        for effect in effects:
            if isinstance(effect, SendCommand):
                for consequence in self._alive[effect.customer_id].hears(effect):
                    self._expect(consequence)
            elif isinstance(effect, Activity):
                concerned.add(effect.customer_id)
        for customer_id in concerned:
            if not self._left[customer_id] and self._replaying.forget(WORKSPACE, customer_id):
                del self._alive[customer_id], self._left[customer_id]
        return effects
