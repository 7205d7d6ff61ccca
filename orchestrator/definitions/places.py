"""Where conditions stand in a journey."""

from collections.abc import Iterator

from orchestrator.definitions.condition import Condition
from orchestrator.definitions.entry import EventEntry
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.step import Branch, WaitFor


def conditions_of(journey: JourneyDefinition) -> Iterator[tuple[str, Condition]]:
    """Every condition that stands in the journey, with its JSON path."""
    places: list[tuple[str, Condition | None]] = [
        ("$.entry.where", journey.entry.where if isinstance(journey.entry, EventEntry) else None),
        ("$.entry.audience", journey.entry.audience),
        ("$.entry.exclude", journey.entry.exclude),
        *((f"$.segments.{name}", condition) for name, condition in journey.segments.items()),
        ("$.goal.where", journey.goal.where if journey.goal else None),
        *((f"$.exit_on[{i}].where", criterion.where) for i, criterion in enumerate(journey.exit_on)),
        *((f"$.exit_on[{i}].when", criterion.when) for i, criterion in enumerate(journey.exit_on)),
    ]
    for step_id, step in journey.steps.items():
        if isinstance(step, WaitFor):
            places += [(f"$.steps.{step_id}.where", step.where), (f"$.steps.{step_id}.condition", step.condition)]
        if isinstance(step, Branch):
            places += [(f"$.steps.{step_id}.paths[{i}].when", path.when) for i, path in enumerate(step.paths)]
    yield from ((path, condition) for path, condition in places if condition is not None)
