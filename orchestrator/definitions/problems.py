"""What is wrong between the fields of a journey: things that no single field can show."""

from collections.abc import Iterator

from orchestrator.definitions.condition import (
    MAX_CONDITION_DEPTH,
    MAX_CONDITIONS,
    MAX_CONDITIONS_WITH_SEGMENTS,
    depth_and_size,
    size_with_segments,
)
from orchestrator.definitions.duration import duration_ms
from orchestrator.definitions.entry import ApiEntry, EventEntry, OncePerKey
from orchestrator.definitions.flow import is_quiet_throughout
from orchestrator.definitions.journey import JourneyDefinition
from orchestrator.definitions.places import conditions_of
from orchestrator.definitions.references import reference_problems
from orchestrator.definitions.step import Exit, Experiment, Send, Split, WaitFor
from orchestrator.errors import Problem


def find_problems(journey: JourneyDefinition) -> list[Problem]:
    """Every problem between the fields of a journey whose ways lead somewhere; empty when it may be published."""
    return [
        *_split_weights(journey),
        *_experiments(journey),
        *_fallbacks(journey),
        *_conditions_too_large(journey),
        *_fields_that_disagree(journey),
        *reference_problems(journey),
    ]


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


def _experiments(journey: JourneyDefinition) -> Iterator[Problem]:
    for step_id, step in journey.steps.items():
        if not isinstance(step, Experiment):
            continue
        path = f"$.steps.{step_id}"
        names = [arm.name for arm in step.arms]
        if len(set(names)) != len(names):
            yield Problem(f"{path}.arms", "names", "two arms have the same name", "rename one")
        if step.floor_percent * len(step.arms) > 100:
            message = f"{len(step.arms)} arms of at least {step.floor_percent:g} % are more than there is"
            yield Problem(f"{path}.floor_percent", "floors", message, f"lower it to {100 / len(step.arms):g} at most")
        if journey.goal is None:
            message = "an experiment looks for the arm that reaches the goal more often, and there is no goal"
            yield Problem(path, "missing_goal", message, "state the goal, or use a split")
        elif step.horizon < journey.goal.window:
            message = "the experiment ends before the first customers can have reached the goal"
            yield Problem(f"{path}.horizon", "shorter_than_goal", message, "make it longer than the goal's window")


def _fallbacks(journey: JourneyDefinition) -> Iterator[Problem]:
    for step_id, step in journey.steps.items():
        if not isinstance(step, Send) or step.fallback is None:
            continue
        path = f"$.steps.{step_id}.fallback"
        channels = [step.channel, *(contact.channel for contact in step.fallback.to)]
        if len(set(channels)) != len(channels):
            yield Problem(f"{path}.to", "same_channel", "a channel is tried twice", "name each channel once")
        quiet = journey.guardrails.quiet_hours
        if quiet is not None and "quiet_hours" in step.fallback.when and is_quiet_throughout(step, quiet):
            message = "quiet hours hold for every channel of the step, so there is none to fall back to"
            fix = "name the channels that are quiet in guardrails.quiet_hours.channels, or drop quiet_hours here"
            yield Problem(f"{path}.when", "quiet_everywhere", message, fix)
        within, expires = step.fallback.within, journey.expires_after
        if within is not None and expires is not None and within >= expires:
            message = "the run expires before a report can be waited for"
            yield Problem(f"{path}.within", "longer_than_expiry", message, "shorten it, or raise expires_after")


def _conditions_too_large(journey: JourneyDefinition) -> Iterator[Problem]:
    sizes: dict[str, int] = {}
    for path, condition in conditions_of(journey):
        depth, size = depth_and_size(condition)
        whole = size_with_segments(condition, journey.segments, sizes)
        if whole > MAX_CONDITIONS_WITH_SEGMENTS:
            # Segments that name segments twice double at each level: small to write, and endless to carry out.
            message = (
                f"with the segments that it names the condition has more than {MAX_CONDITIONS_WITH_SEGMENTS} parts"
            )
            yield Problem(path, "condition_size", message, "name fewer segments, or make them simpler")
        if depth > MAX_CONDITION_DEPTH or size > MAX_CONDITIONS:
            allowed = f"{MAX_CONDITION_DEPTH} and {MAX_CONDITIONS} are allowed"
            message = f"the condition nests {depth} deep and has {size} parts; {allowed}"
            yield Problem(path, "condition_size", message, "split it over several branches")


def _fields_that_disagree(journey: JourneyDefinition) -> Iterator[Problem]:
    key = journey.entry.key if isinstance(journey.entry, (EventEntry, ApiEntry)) else None
    if isinstance(journey.entry.re_entry, OncePerKey) and key is None:
        yield Problem(
            "$.entry.key",
            "missing_key",
            "entering once per key needs the field that tells one key from another",
            "name it, such as cart_id",
        )
    if journey.holdout and journey.holdout.percent > 0 and journey.goal is None:
        message = "without a goal there is nothing to compare those who are held out on"
        yield Problem("$.goal", "missing_goal", message, "state the goal, or hold nobody out")
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
