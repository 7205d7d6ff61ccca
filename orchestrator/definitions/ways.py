"""The ways from step to step of a journey, and what they cost. Nothing walks a way twice."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from graphlib import TopologicalSorter

from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.step import Branch, Exit, Experiment, Loop, Split, Step, WaitFor, WaitUntil


class Ways:
    """The ways from step to step, without those back; ``order``: each step after all that lead to it."""

    def __init__(self, journey: JourneyDefinition) -> None:
        self.journey = journey
        self.onward = {step_id: _onward(step) for step_id, step in journey.steps.items()}

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The steps, each after those that lead to it."""
        return tuple(TopologicalSorter(self.before).static_order())

    def least(self, start: str, cost: Callable[[str], int]) -> Mapping[str, int]:
        """Of each step that can be reached from ``start``: the least that the steps before it cost together."""
        found = {start: 0}
        for step_id in self.order:
            if step_id not in found:
                continue
            total = found[step_id] + cost(step_id)
            for target in self.onward[step_id]:
                if target not in found or total < found[target]:
                    found[target] = total
        return found

    @cached_property
    def before(self) -> Mapping[str, tuple[str, ...]]:
        """Of each step: those from which a way leads straight to it."""
        found: dict[str, list[str]] = {step_id: [] for step_id in self.onward}
        for step_id, targets in self.onward.items():
            for target in targets:
                found[target].append(step_id)
        return {step_id: tuple(those) for step_id, those in found.items()}

    def longest_to(self, end: str, cost: Callable[[str], float]) -> Mapping[str, float]:
        """Of each step from which a way leads to ``end``: the most that those between them can cost together."""
        found = {end: 0.0}
        for step_id in reversed(self.order):
            if step_id not in found:
                continue
            total = found[step_id] + (cost(step_id) if step_id != end else 0.0)
            for earlier in self.before[step_id]:
                found[earlier] = max(total, found.get(earlier, 0.0))
        return found

    def after(self, start: str) -> frozenset[str]:
        """Every step that a customer may come to after ``start``, also by going back in a loop."""
        found: set[str] = set()
        to_visit: Iterable[str] = self.onward[start]
        while to_visit:
            following: list[str] = []
            for step_id in to_visit:
                if step_id not in found:
                    found.add(step_id)
                    step = self.journey.steps[step_id]
                    following += self.onward[step_id]
                    if isinstance(step, Loop):
                        following.append(step.back_to)
            to_visit = following
        return frozenset(found)


def _onward(step: Step) -> tuple[str, ...]:
    match step:
        case Exit():
            return ()
        case WaitFor():
            return (step.next, step.on_timeout)
        case WaitUntil():
            missing = getattr(step.until, "when_missing", None)
            return (step.next,) if missing is None else (step.next, missing)
        case Branch():
            return (*(path.next for path in step.paths), step.otherwise)
        case Split():
            return tuple(path.next for path in step.paths)
        case Experiment():
            return tuple(arm.next for arm in step.arms)
        case _:
            return (step.next,)
