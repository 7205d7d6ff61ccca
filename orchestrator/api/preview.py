"""What publishing a version would do to the customers under way. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from orchestrator.api.documents import GroupPreview, VersionPreview
from orchestrator.definitions.duration import length_in_words, parse_duration
from orchestrator.definitions.moment import moment_at
from orchestrator.messages.config import Migration

Steps = Mapping[str, object]


def preview(
    migrations: Sequence[Migration],
    before: Steps,
    after: Steps,
    under_way: Mapping[tuple[int, str], int],
) -> VersionPreview:
    """The effect of the last of ``migrations`` on those who are ``under_way``, by (version, step).

    ``before`` and ``after`` are the steps of the newest published and of the new definition. The other migrations are
    those of versions published before: customers whom the workers have not taken over yet are counted where these lead.
    """
    last = migrations[-1]
    settled = _settled(under_way, migrations[:-1])
    groups = [
        _group(last, before if version == last.version - 1 else {}, after, version, step, customers)
        for (version, step), customers in sorted(settled.items())
    ]
    return VersionPreview(
        version=last.version,
        added_steps=sorted(after.keys() - before.keys()),
        removed_steps=sorted(before.keys() - after.keys()),
        changed_steps=sorted(step for step in before.keys() & after.keys() if before[step] != after[step]),
        groups=groups,
        stay=_count(groups, "stays"),
        go_on=_count(groups, "goes_on"),
        leave=_count(groups, "leaves"),
        drained=_count(groups, "drained"),
    )


def _settled(under_way: Mapping[tuple[int, str], int], migrations: Iterable[Migration]) -> dict[tuple[int, str], int]:
    settled: dict[tuple[int, str], int] = {}
    for (version, step), customers in under_way.items():
        for migration in migrations:
            if migration.version > version and migration.policy in ("follow", "map"):
                version, step = migration.version, migration.steps.get(step, step)
        settled[version, step] = settled.get((version, step), 0) + customers
    return settled


def _group(migration: Migration, before: Steps, after: Steps, version: int, step: str, customers: int) -> GroupPreview:
    """``before``: the steps of the version on which they are; empty where those are not at hand."""
    target = migration.steps.get(step, step)
    where = f"{customers:,} at {step} of version {version}"
    match migration.policy:
        case "pin":
            fate, to_step, sentence = "stays", None, f"{where} finish as they began."
        case "drain":
            fate, to_step, sentence = "drained", None, f"{where} go on, and leave at {_end(migration)} at the latest."
        case "follow" | "map":
            if target in after:
                fate, to_step = "goes_on", target
                how = _arriving(before.get(step), after[target]) if target == step else " They begin that step anew."
                sentence = f"{where} go on at {target} of the new version.{how}"
            else:
                fate, to_step, sentence = "leaves", None, f"{where} leave: the new version has no step {target}."
    return GroupPreview.model_validate(
        {
            "version": version,
            "step": step,
            "customers": customers,
            "fate": fate,
            "to_step": to_step,
            "sentence": sentence,
        }
    )


def _arriving(before: object, after: object) -> str:
    """What the new version makes of a wait that has begun at the step; empty where that is not known."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return ""
    if before.get("kind") != after.get("kind"):
        return " They begin that step anew, since it is another kind of step now."
    match after.get("kind"):
        case "wait":
            return _recounted(before.get("duration"), after.get("duration"), "they go on {} after that")
        case "wait_for":
            return _recounted(before.get("timeout"), after.get("timeout"), "they wait up to {} from then on")
        case "wait_until" if before.get("until") != after.get("until"):
            return " Until when they wait is worked out anew, from when their wait began."
        case _:
            return ""


def _recounted(before: object, after: object, how: str) -> str:
    was, now = parse_duration(str(before)), parse_duration(str(after))
    counted = f" Their wait is counted from when it began: {how.format(length_in_words(now))}"
    if was == now:
        return f"{counted}, as before."
    at_once = "; who has waited that long already goes on at once" if now < was else ""
    return f"{counted}, not {length_in_words(was)}{at_once}."


def _end(migration: Migration) -> str:
    return f"{moment_at(migration.until_ms or 0):%Y-%m-%d %H:%M:%S} UTC"


def _count(groups: Iterable[GroupPreview], fate: str) -> int:
    return sum(group.customers for group in groups if group.fate == fate)
