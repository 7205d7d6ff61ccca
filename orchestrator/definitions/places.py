"""Where conditions and variables stand in a journey, with their JSON paths."""

from collections.abc import Iterator, Mapping

from orchestrator.definitions.condition import Condition
from orchestrator.definitions.entry import EventEntry
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.step import Branch, Emit, Send, StartJourney, Step, Update, Variable, WaitFor, Webhook

Placed = tuple[str, Condition]
"""A condition with its JSON path."""


def conditions_of(journey: JourneyDefinition) -> Iterator[Placed]:
    """Every condition that stands in the journey."""
    yield from conditions_of_events(journey)
    yield from ((f"$.segments.{name}", condition) for name, condition in journey.segments.items())
    yield from conditions_of_runs(journey)


def conditions_of_events(journey: JourneyDefinition) -> Iterator[Placed]:
    """The conditions that are looked at when an event comes, or a customer is looked at who might enter."""
    places: list[tuple[str, Condition | None]] = [
        ("$.entry.where", journey.entry.where if isinstance(journey.entry, EventEntry) else None),
        ("$.entry.audience", journey.entry.audience),
        ("$.entry.exclude", journey.entry.exclude),
        ("$.goal.where", journey.goal.where if journey.goal else None),
        *((f"$.exit_on[{i}].where", criterion.where) for i, criterion in enumerate(journey.exit_on)),
        *((f"$.steps.{name}.where", step.where) for name, step in journey.steps.items() if isinstance(step, WaitFor)),
    ]
    yield from ((path, condition) for path, condition in places if condition is not None)


def conditions_of_runs(journey: JourneyDefinition) -> Iterator[Placed]:
    """The conditions that are looked at when a run is under way, with the fields of the entry that it has kept."""
    for i, criterion in enumerate(journey.exit_on):
        if criterion.when is not None:
            yield f"$.exit_on[{i}].when", criterion.when
    for step_id, step in journey.steps.items():
        if isinstance(step, Branch):
            yield from ((f"$.steps.{step_id}.paths[{i}].when", path.when) for i, path in enumerate(step.paths))
        if isinstance(step, WaitFor) and step.condition is not None:
            yield f"$.steps.{step_id}.condition", step.condition


def variables_of(step: Step) -> tuple[str, Mapping[str, Variable]]:
    """The field of the step that holds variables, and these by name; none of a step that takes none."""
    match step:
        case Send():
            return "variables", step.variables
        case Update():
            return "set", step.values
        case StartJourney():
            return "fields", step.fields
        case Emit() | Webhook():
            return "data", step.data
        case _:
            return "", {}
