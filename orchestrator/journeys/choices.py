"""The steps at which the way parts: by a condition, by lot, by what is learnt, by how often."""

from msgspec.structs import replace

from orchestrator.experiments.assignment import bucket, pick_variant
from orchestrator.journeys.plan import BranchPlan, ExperimentPlan, LoopPlan, Plan, SplitPlan
from orchestrator.journeys.state import NEVER_ENTERED, Run
from orchestrator.journeys.turn import Turn
from orchestrator.journeys.waits import Onward


def branch(turn: Turn, plan: Plan, run: Run, step_id: str, step: BranchPlan) -> Onward:
    """The first path whose condition holds."""
    situation = turn.situation(run.entry_fields, run.outcomes)
    for index, (test, onward) in enumerate(step.paths):
        if test(situation):
            turn.record("step_passed", plan, run, step_id, {"kind": "branch", "path": index, "next": onward})
            return run, onward
    turn.record("step_passed", plan, run, step_id, {"kind": "branch", "path": "otherwise", "next": step.otherwise})
    return run, step.otherwise


def split(turn: Turn, plan: Plan, run: Run, step_id: str, step: SplitPlan) -> Onward:
    """The path that the customer's bucket falls into: always the same one."""
    drawn = bucket(turn.workspace_id, plan.journey_id, step_id, turn.customer_id)
    index = pick_variant(drawn, step.weights)
    details: dict[str, object] = {
        "kind": "split",
        "bucket": drawn,
        "path": step.names[index],
        "next": step.nexts[index],
    }
    turn.record("step_passed", plan, run, step_id, details)
    return run, step.nexts[index]


def experiment(turn: Turn, plan: Plan, run: Run, step_id: str, step: ExperimentPlan) -> Onward:
    """The arm the customer had before, else the one that the bucket falls into by the shares of this moment."""
    entries = turn.entries.get(plan.journey_id, NEVER_ENTERED)
    details: dict[str, object] = {"kind": "experiment"}
    arm = entries.arms.get(step_id, "")
    if arm in step.nexts:
        details["way"] = "kept"
    else:
        drawn = bucket(turn.workspace_id, plan.journey_id, step_id, turn.customer_id)
        decided = turn.directory.shares.get((plan.journey_id, step_id))
        # Shares of another set of arms say nothing of these: the version has changed them.
        is_known = decided is not None and decided.shares.keys() == step.nexts.keys()
        shares = decided.shares if decided is not None and is_known else step.equal
        arm = tuple(shares)[pick_variant(drawn, tuple(shares.values()))]
        details |= {"bucket": drawn, "shares": dict(shares), "epoch": decided.epoch if decided and is_known else 0}
        arms = {**entries.arms, step_id: arm}
        turn.entries = {**turn.entries, plan.journey_id: replace(entries, arms=arms)}
    turn.record("step_passed", plan, run, step_id, {**details, "path": arm, "next": step.nexts[arm]})
    return run, step.nexts[arm]


def loop(turn: Turn, plan: Plan, run: Run, step_id: str, step: LoopPlan) -> Onward:
    """Back, while it was taken less often than it may be."""
    taken = run.loops.get(step_id, 0)
    onward = step.back_to if taken < step.times else step.next
    details: dict[str, object] = {"kind": "loop", "taken": taken, "times": step.times, "next": onward}
    turn.record("step_passed", plan, run, step_id, details)
    if taken < step.times:
        run = replace(run, loops={**run.loops, step_id: taken + 1})
    return run, onward
