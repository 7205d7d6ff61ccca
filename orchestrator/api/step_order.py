"""The steps of a definition in the order in which customers come to them. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any


def steps_in_order(definition: Mapping[str, Any], known: Iterable[str] = ()) -> Sequence[str]:
    """Its steps from the start on, those that nothing leads to, and then others that are known: of earlier versions."""
    steps: Mapping[str, Any] = definition.get("steps", {})
    order: dict[str, None] = {}
    left = [definition.get("start", "")]
    while left:
        name = left.pop(0)
        if name in steps and name not in order:
            order[name] = None
            left.extend(_texts_in(steps[name]))
    return list(dict.fromkeys([*order, *steps, *sorted(known)]))


def _texts_in(value: object) -> Iterator[str]:
    """Every text in a step: some of them are the steps it leads to."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts_in(each)
