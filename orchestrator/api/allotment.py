"""How an experiment step shares out the customers to come: when there is something to decide, and what. Pure.

Arms are compared at one age. A customer counts once ``maturity`` has passed since they were given the arm, and is
converted when they reached the goal within it; whoever has not been there for so long counts in no arm, converted or
not. Otherwise an arm whose customers convert early would look better than one whose customers convert as often, later.
"""

from collections.abc import Mapping
from datetime import timedelta

from orchestrator.definitions.step import Experiment
from orchestrator.experiments.bandit import Allocation, BanditSettings, share_out
from orchestrator.experiments.rates import Count
from orchestrator.store.steward import Decided

_LEAST_CHANGE = 1.0  # points of a percent: workers need not hear of less
# With a goal that takes nearly as long as the experiment, hardly anybody's result would be known before its end.
_MATURITY_OF_HORIZON = 4
_LOOKS = 2_000  # over the horizon: more would decide nothing that these do not


def maturity(experiment: Experiment, goal_window: timedelta) -> timedelta:
    """After what time a customer's result counts: the goal's window, but a quarter of the horizon at most."""
    return min(goal_window, experiment.horizon / _MATURITY_OF_HORIZON)


def pause_between_looks(experiment: Experiment) -> timedelta:
    """How long the counts of an experiment may stand before they are made again."""
    return experiment.horizon / _LOOKS


def allot(
    experiment: Experiment, counts: Mapping[str, Count], before: Decided | None, *, is_horizon_over: bool
) -> Allocation | None:
    """The next decision; None: what was decided before (or that the arms share equally) stands.

    ``counts``: by arm, of those whose result counts. A decision about other arms was about another version.
    """
    arms = {arm.name: counts.get(arm.name, Count(0, 0)) for arm in experiment.arms}
    if before is not None and before.shares.keys() != arms.keys():
        before = None
    if (before is not None and before.is_final) or not any(arm.customers for arm in arms.values()):
        return None
    settings = BanditSettings(experiment.floor_percent, experiment.certain_at, experiment.fewest_customers)
    allocation = share_out(arms, settings, is_horizon_over=is_horizon_over)
    shares = dict.fromkeys(arms, 100 / len(arms)) if before is None else before.shares
    change = max(abs(allocation.shares[name] - shares[name]) for name in arms)
    return allocation if allocation.is_final or change >= _LEAST_CHANGE else None
