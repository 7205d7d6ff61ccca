"""The engine on its own, over a list of signals: one thread, no Kafka, stream time. The reference for everything else.

Customers do not influence one another, and what falls due is part of a customer's state. So it is enough to take each
customer's signals in order, and at the end to let time run on to ``until_ms``. The moments of a schedule come between
the signals: at each, every customer known by then is looked at. Only where a limit over all customers binds does it
matter who is first: then everything that falls due comes between the signals too, in its order.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from orchestrator.guardrails.budget import WHOLE
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.engine import Signal, advance, next_due_ms
from orchestrator.journeys.occasions import Occasion, next_occasion
from orchestrator.journeys.state import EMPTY, CustomerState
from orchestrator.journeys.turn import Effect
from orchestrator.messages.event import DeliveryEvent, EngagementEvent
from orchestrator.messages.handover import Handover
from orchestrator.messages.timer import TimerDue

_SIGNALS = (EngagementEvent, DeliveryEvent, Handover)  # effects that are signals in turn


@dataclass(slots=True)
class Replay:
    """What came of it: the states by (workspace id, customer id), and every effect, in the order of decision.

    ``signals``: all that were carried out, due moments and passed on events among them.
    """

    states: dict[tuple[str, str], CustomerState] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    signals: int = 0
    duplicates: int = 0


def replay(directory: Directory, signals: Iterable[Signal], until_ms: int) -> Replay:
    """Runs ``signals`` through the engine, each at its own time, then lets everything fall due up to ``until_ms``."""
    replaying = Replaying(directory)
    for signal in signals:
        replaying.reach(time_of(signal))
        replaying.take(signal)
    replaying.reach(until_ms)
    replaying.run_out(until_ms)
    return replaying.replay


def time_of(signal: Signal) -> int:
    """When the signal happened or fell due."""
    match signal:
        case EngagementEvent() | DeliveryEvent():
            return signal.time_ms
        case TimerDue():
            return signal.due_ms
        case Handover():
            return signal.time_ms


class Replaying:
    """A replay under way: give it signals in order of time, and let time run on in between.

    What falls due is carried out in its order over all customers where a limit over all of them binds, and where
    ``in_order`` asks for it: for whoever has to know what is to come next. ``watch`` is called before every signal and
    every moment of a schedule; what it raises ends the replay there.
    """

    def __init__(
        self, directory: Directory, *, in_order: bool = False, watch: Callable[[], None] | None = None
    ) -> None:
        self.directory = directory
        self.replay = Replay()
        self._watch = watch
        self._purse = WHOLE
        self._is_in_order = in_order or _has_limits(directory)
        # Where that is so: what is due next of each customer who waits, and (moment, workspace id, customer id) of it.
        # A customer whose moment has moved has an older one in the heap as well, which is passed over.
        self._waiting: dict[tuple[str, str], int] = {}
        self._due: list[tuple[int, str, str]] = []
        self._reached_ms: int | None = None
        self._occasions: list[tuple[int, Occasion]] = []  # by their moment: the next one of each journey

    def take(self, signal: Signal) -> None:
        """Carries the signal out, and the events that come of it."""
        following = self._carry_out(signal)
        if following:
            waiting = deque(following)
            while waiting:
                waiting.extend(self._carry_out(waiting.popleft()))

    def _carry_out(self, signal: Signal) -> Sequence[Signal]:
        """Carries out this one; the events that come of it."""
        if self._watch is not None:
            self._watch()
        replay, customer = self.replay, (signal.workspace_id, signal.customer_id)
        state = replay.states.get(customer, EMPTY)
        advanced = advance(self.directory, state, signal, time_of(signal), "stream", purse=self._purse)
        replay.states[customer] = advanced.state
        replay.signals += 1
        if advanced.is_duplicate:
            replay.duplicates += 1
        if advanced.spent:
            self._purse = self._purse.with_spent(advanced.spent)
        if self._is_in_order:
            self._await(customer, advanced.state)
        effects = advanced.effects
        if not effects:
            return ()
        replay.effects += effects
        return [effect for effect in effects if isinstance(effect, _SIGNALS)]

    def _await(self, customer: tuple[str, str], state: CustomerState) -> None:
        due_ms = next_due_ms(self.directory, customer[0], state) if state.runs or state.pending else None
        if due_ms is None:
            self._waiting.pop(customer, None)
        elif self._waiting.get(customer) != due_ms:
            self._waiting[customer] = due_ms
            heappush(self._due, (due_ms, *customer))

    def reach(self, now_ms: int) -> None:
        """Lets every moment of the schedules come up to ``now_ms``, from the first call on.

        A worker that stands still makes up for the latest one only; here time never stands still.
        """
        if self._reached_ms is None:
            self._reached_ms = now_ms
            for journey_id in sorted(self.directory.entered):
                self._plan_next(journey_id, now_ms - 1)
        while self._occasions and self._occasions[0][0] <= now_ms:
            if self._watch is not None:
                self._watch()
            at_ms, occasion = heappop(self._occasions)
            self._fall_due(at_ms)
            self._walk(occasion)
            self._plan_next(occasion.journey_id, occasion.at_ms)
        if self._due:
            self._fall_due(now_ms)

    def _fall_due(self, upto_ms: int) -> None:
        """Where there is an order: what falls due up to ``upto_ms``, over all customers in the order of time."""
        while (due_ms := self._next_due_ms()) is not None and due_ms <= upto_ms:
            _, workspace_id, customer_id = heappop(self._due)
            del self._waiting[workspace_id, customer_id]  # so that whatever is due next is noted, even at this moment
            self.take(TimerDue(workspace_id=workspace_id, customer_id=customer_id, due_ms=due_ms))

    def _next_due_ms(self) -> int | None:
        """The first moment in the heap, cleared of those that have been carried out, or moved."""
        due = self._due
        while due:
            due_ms, workspace_id, customer_id = due[0]
            if self._waiting.get((workspace_id, customer_id)) == due_ms:
                return due_ms
            heappop(due)
        return None

    def _plan_next(self, journey_id: str, after_ms: int) -> None:
        occasion = next_occasion(self.directory, journey_id, after_ms)
        if occasion is not None:
            heappush(self._occasions, (occasion.at_ms, occasion))

    def _walk(self, occasion: Occasion) -> None:
        for workspace_id, customer_id in sorted(self.replay.states):
            if workspace_id == occasion.workspace_id:
                self.take(
                    TimerDue(
                        workspace_id=workspace_id,
                        customer_id=customer_id,
                        due_ms=occasion.at_ms,
                        entering=occasion.journey_id,
                    )
                )

    def next_ms(self) -> int | None:
        """The next moment at which something is due, of a customer or of a schedule; None: nothing is to come.

        Only in order: else nobody has noted who waits for what.
        """
        due_ms = self._next_due_ms()
        if not self._occasions:
            return due_ms
        occasion_ms = self._occasions[0][0]
        return occasion_ms if due_ms is None else min(due_ms, occasion_ms)

    def forget(self, workspace_id: str, customer_id: str) -> bool:
        """Drops a customer to whom nothing is to happen any more; False: something falls due, or a schedule looks.

        Only in order, as ``next_ms``.
        """
        customer = (workspace_id, customer_id)
        if self._occasions or customer in self._waiting:
            return False
        self.replay.states.pop(customer, None)
        return True

    def drain(self) -> list[Effect]:
        """The effects since the last call, which are kept no longer: for histories that are longer than memory."""
        effects, self.replay.effects = self.replay.effects, []
        return effects

    def run_out(self, until_ms: int) -> None:
        """One due moment after the other, as a worker's timers come: so the last states are the same as a worker's."""
        self._fall_due(until_ms)
        for workspace_id, customer_id in list(self.replay.states):
            for timer in self._timers(workspace_id, customer_id, until_ms):
                self.take(timer)

    def _timers(self, workspace_id: str, customer_id: str, until_ms: int) -> Iterator[TimerDue]:
        while True:
            state = self.replay.states[workspace_id, customer_id]
            due_ms = next_due_ms(self.directory, workspace_id, state)
            if due_ms is None or due_ms > until_ms:
                return
            yield TimerDue(workspace_id=workspace_id, customer_id=customer_id, due_ms=due_ms)


def _has_limits(directory: Directory) -> bool:
    return any(plan.limits or plan.capacity for plan in directory.plans.values()) or any(
        workspace.limits for workspace in directory.workspaces.values()
    )
