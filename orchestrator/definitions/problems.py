"""What is wrong between the fields of a journey: things that no single field can show."""

from collections.abc import Iterator

from orchestrator.definitions.condition import (
    MAX_CONDITION_DEPTH,
    MAX_CONDITIONS,
    Condition,
    DeliveryWas,
    depth_and_size,
    parts_of,
)
from orchestrator.definitions.duration import duration_ms
from orchestrator.definitions.entry import ApiEntry, EventEntry, OncePerKey
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.step import Branch, Exit, Send, Split, WaitFor
from orchestrator.errors import Problem


def find_problems(journey: JourneyDefinition) -> list[Problem]:
    """Every problem between the fields of a journey; empty when it may be published, as far as this goes."""
    return [*_split_weights(journey), *_conditions_too_large(journey), *_fields_that_disagree(journey)]


def _split_weights(journey: JourneyDefinition) -> Iterator[Problem]:
    for step_id, step in journey.steps.items():
        if not isinstance(step, Split):
            continue
        # Weights are hundredths of a percent: the 10,000 buckets of an assignment.
        hundredths = [path.percent * 100 for path in step.paths]
        if any(abs(value - round(value)) > 1e-6 for value in hundredths):
            yield Problem(f"$.steps.{step_id}.paths", "weights", "a percent has more than two decimals", "round it")
        elif round(sum(hundredths)) != 10_000:
            total = sum(path.percent for path in step.paths)
            yield Problem(
                f"$.steps.{step_id}.paths", "weights", f"the percents add up to {total:g}, not to 100", "mend them"
            )
        names = [path.name for path in step.paths]
        if len(set(names)) != len(names):
            yield Problem(f"$.steps.{step_id}.paths", "names", "two paths have the same name", "rename one")


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


def _conditions_too_large(journey: JourneyDefinition) -> Iterator[Problem]:
    for path, condition in conditions_of(journey):
        depth, size = depth_and_size(condition)
        if depth > MAX_CONDITION_DEPTH or size > MAX_CONDITIONS:
            allowed = f"{MAX_CONDITION_DEPTH} and {MAX_CONDITIONS} are allowed"
            message = f"the condition nests {depth} deep and has {size} parts; {allowed}"
            yield Problem(path, "condition_size", message, "split it over several branches")
        yield from _deliveries_of_no_send(path, condition, journey)


def _deliveries_of_no_send(path: str, condition: Condition, journey: JourneyDefinition) -> Iterator[Problem]:
    if isinstance(condition, DeliveryWas) and not isinstance(journey.steps.get(condition.step), Send):
        message = f"{condition.step!r} is not a send step, so nothing is ever reported for it"
        yield Problem(f"{path}.step", "unknown_step", message, "name a send step")
    for part in parts_of(condition):
        yield from _deliveries_of_no_send(path, part, journey)


def _fields_that_disagree(journey: JourneyDefinition) -> Iterator[Problem]:
    key = journey.entry.key if isinstance(journey.entry, (EventEntry, ApiEntry)) else None
    if isinstance(journey.entry.re_entry, OncePerKey) and key is None:
        yield Problem(
            "$.entry.key", "missing_key", "re-entry once per key needs a key", "name the field, such as cart_id"
        )
    if journey.holdout and journey.holdout.percent > 0 and journey.goal is None:
        message = "a holdout without a goal costs sends and shows nothing"
        yield Problem("$.goal", "missing_goal", message, "state the goal that the holdout is compared on")
    if not any(isinstance(step, Exit) for step in journey.steps.values()):
        yield Problem("$.steps", "no_exit", "the journey has no exit step", 'add one: {"kind": "exit"}')
    for step_id, step in journey.steps.items():
        path = f"$.steps.{step_id}"
        if isinstance(step, WaitFor) and step.where is not None and step.look_back is not None:
            message = "of past events only the times are kept, so look_back cannot check a condition"
            yield Problem(f"{path}.look_back", "look_back_with_where", message, "remove one of the two")
        expires = journey.expires_after
        if expires is not None and isinstance(step, WaitFor) and duration_ms(step.timeout) > duration_ms(expires):
            message = "the run expires before this wait can time out"
            yield Problem(f"{path}.timeout", "longer_than_expiry", message, "shorten it, or raise expires_after")
