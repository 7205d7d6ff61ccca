"""One turn: the working copy of a customer's state while one signal is carried out, and what comes of it."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from orchestrator.definitions.step import FromAttribute, FromEntry, Literally, Variable
from orchestrator.guardrails.budget import WHOLE, Limit, Purse, Spent, spend
from orchestrator.guardrails.decide import CustomerFacts
from orchestrator.guardrails.grants import ANSWER_MS, MOST_DOUBLINGS, ask, is_answer_due, is_low
from orchestrator.guardrails.zone import Zone
from orchestrator.journeys.conditions import Situation
from orchestrator.journeys.directory import Directory
from orchestrator.journeys.plan import Plan, Variables
from orchestrator.journeys.state import CustomerState, Run
from orchestrator.journeys.timing import ZONE_ATTRIBUTE, zone_or
from orchestrator.messages.activity import Activity, ActivityType
from orchestrator.messages.allowance import AllowanceAsked
from orchestrator.messages.command import SendCommand
from orchestrator.messages.event import DeliveryEvent, EngagementEvent
from orchestrator.messages.handover import Handover
from orchestrator.messages.ids import derived_id
from orchestrator.messages.text import Scalar
from orchestrator.messages.timer import TimerDue

Effect = SendCommand | Activity | EngagementEvent | DeliveryEvent | Handover | AllowanceAsked
Signal = EngagementEvent | DeliveryEvent | TimerDue | Handover
TimeRule = Literal["wall", "stream"]

NOTHING: Mapping[str, object] = {}
NO_OUTCOMES: Mapping[str, str] = {}


class Advance(msgspec.Struct, frozen=True, gc=False):
    """The next state, and what is to be published: commands and activities in the order they were decided.

    ``is_duplicate``: the signal had been carried out before, and nothing was done. ``spent``: the new records of limits
    over all customers, to be put into the purse.
    """

    state: CustomerState
    effects: Sequence[Effect]
    is_duplicate: bool = False
    spent: Mapping[str, Spent] = {}


class Start(NamedTuple):
    """Another journey that a run asks to start: its id, what stands for its entry event, and who asks."""

    journey_id: str
    fields: dict[str, object]
    run_id: str
    mark: str


class Turn:
    """Begins as the state says, is changed by the rules of this room, and ends as the next state.

    The state it began with is never touched: containers are replaced, not changed.

    ``now_ms`` is when it is decided. ``since_ms`` is when that happened which is decided about: the event occurred, the
    wait was over. The two lie apart when a worker was away meanwhile; what a customer did in between came after it.
    """

    __slots__ = (
        "attributes",
        "cause",
        "consents",
        "counts",
        "customer_id",
        "directory",
        "effects",
        "entries",
        "history",
        "hops",
        "now_ms",
        "pending",
        "purse",
        "runs",
        "seen",
        "sends",
        "since_ms",
        "spent",
        "starts",
        "workspace_id",
    )

    def __init__(
        self,
        directory: Directory,
        state: CustomerState,
        workspace_id: str,
        customer_id: str,
        now_ms: int,
        cause: str,
        purse: Purse = WHOLE,
    ) -> None:
        self.purse = purse
        self.spent: dict[str, Spent] = {}
        self.directory = directory
        self.workspace_id = workspace_id
        self.customer_id = customer_id
        self.now_ms = now_ms
        self.since_ms = now_ms
        self.cause = cause
        self.attributes = state.attributes
        self.consents = state.consents
        self.sends = state.sends
        self.history = state.history
        self.counts = state.counts
        self.seen = state.seen
        self.runs: list[Run] = list(state.runs)
        self.entries = state.entries
        self.pending = state.pending
        self.effects: list[Effect] = []
        self.starts: list[Start] = []
        self.hops = 0  # how many emitted events, one leading to the next, this signal is away from the outside

    def end(self, clock_ms: int) -> CustomerState:
        """The state after this turn, without runs of which nothing more can come."""
        kept = self.runs
        for run in kept:
            if run.step == "" and (run.goal_until_ms is None or run.goal_until_ms < clock_ms):
                kept = [each for each in kept if _may_still_matter(each, clock_ms)]
                break
        return CustomerState(
            clock_ms,
            self.attributes,
            self.consents,
            self.sends,
            self.history,
            self.seen,
            tuple(kept),
            self.entries,
            self.counts,
            "",
            self.pending,
        )

    def facts(self) -> CustomerFacts:
        """What the guardrails need to know of the customer."""
        zone = self.attributes.get(ZONE_ATTRIBUTE)
        zone_name = zone.value if zone is not None and isinstance(zone.value, str) else None
        return CustomerFacts(zone_name, self.consents, self.sends)

    def zone(self, fallback: str) -> Zone:
        """The customer's zone, or ``fallback`` when it is unknown."""
        attribute = self.attributes.get(ZONE_ATTRIBUTE)
        return zone_or(attribute.value if attribute else None, fallback)

    def situation(self, data: Mapping[str, object] = NOTHING, outcomes: Mapping[str, str] = NO_OUTCOMES) -> Situation:
        """What conditions may look at now."""
        return Situation(self.now_ms, self.customer_id, self.attributes, self.history, self.counts, data, outcomes)

    def values(self, run: Run, variables: Variables) -> dict[str, object]:
        """What the variables stand for now; None where nothing is known."""
        return {name: self._value(run, source) for name, source in variables}

    def _value(self, run: Run, source: Variable) -> Scalar | None:
        match source:
            case FromAttribute(name=name):
                attribute = self.attributes.get(name)
                return None if attribute is None else attribute.value
            case FromEntry(name=name):
                return run.entry_fields.get(name)
            case Literally(value=value):
                return value

    def has_written(self, run: Run) -> bool:
        """Whether this turn has decided a message of the run."""
        return any(isinstance(effect, SendCommand) and effect.run_id == run.id for effect in self.effects)

    def spend(self, key: str, spent: Spent) -> None:
        """Notes what is used of a limit over all customers."""
        self.spent[key] = spent
        self.purse = self.purse.with_spent({key: spent})

    def ask(self, limit: Limit, units: int) -> bool:
        """Asks the other partitions for room for ``units``; False: it would be in vain, or was asked already."""
        asking = ask(self.purse, limit, units, self.now_ms)
        if asking is None:
            return False
        message, spent = asking
        self.effects.append(message)
        self.spend(limit.key, spent)
        return True

    def answer_ms(self, limit: Limit, units: int, attempt: int) -> int | None:
        """Asks as ``ask`` does, and says when to look for the answer; None: there will be none.

        Who asks looks soon: what one partition gets, the next one's question takes away again if nobody uses it.
        ``attempt``: how often somebody has looked in vain; who waits for the answer to another's question looks less
        and less often.
        """
        if self.ask(limit, units):
            return self.now_ms + ANSWER_MS
        if is_answer_due(self.purse, limit, self.now_ms):
            return self.now_ms + (ANSWER_MS << min(attempt, MOST_DOUBLINGS))
        return None

    def use(self, limit: Limit, units: int) -> None:
        """Uses ``units`` of a limit over all customers, and sees to it that there will be more."""
        self.spend(limit.key, spend(self.purse, limit, units, self.now_ms))
        if is_low(self.purse, limit, units, self.now_ms):
            self.ask(limit, units)

    def command(
        self,
        plan: Plan,
        run: Run,
        step: str,
        id_: str,
        addressee: tuple[str, str, str],
        variables: Variables,
        *,
        expires_at_ms: int | None = None,
        cost: float = 0.0,
    ) -> SendCommand:
        """Asks for a message; ``addressee``: the channel, the template and the category."""
        channel, template, category = addressee
        command = SendCommand(
            id=id_,
            workspace_id=self.workspace_id,
            customer_id=self.customer_id,
            journey_id=plan.journey_id,
            version=plan.version,
            run_id=run.id,
            step=step,
            visit=run.visits.get(step, 1),
            channel=channel,
            template=template,
            category=category,
            variables=self.values(run, variables),
            decided_at_ms=self.now_ms,
            expires_at_ms=expires_at_ms,
            cost=cost,
        )
        self.effects.append(command)
        return command

    def record(
        self, type_: ActivityType, plan: Plan, run: Run, step: str, details: dict[str, object], nth: int = 0
    ) -> None:
        """Puts a decision about a run on record. ``nth`` tells repeated decisions of one kind at one step apart."""
        which = str(nth) if nth else "0"
        # Most runs have never come to a step twice: they need not be asked.
        mark = mark_of(run, step) if run.visits or run.moves else ""
        self.effects.append(
            Activity(
                id=derived_id("activity", run.id, type_, step, which, mark)
                if mark
                else derived_id("activity", run.id, type_, step, which),
                workspace_id=self.workspace_id,
                customer_id=self.customer_id,
                journey_id=plan.journey_id,
                version=plan.version,
                run_id=run.id,
                type=type_,
                at_ms=self.now_ms,
                step=step,
                arm=run.arm,
                details=details,
                cause=self.cause,
            )
        )


def _may_still_matter(run: Run, clock_ms: int) -> bool:
    return run.step != "" or (run.goal_until_ms is not None and run.goal_until_ms >= clock_ms)


def mark_of(run: Run, step: str) -> str:
    """What tells visits of one step apart in ids; empty for the first, on the version the run began on."""
    visit = run.visits.get(step, 1)
    return f"{run.moves}.{visit}" if run.moves or visit > 1 else ""
