"""The journey as a graph: steps, and the ways between them.

It is read from the document itself, tolerantly, so that a wrong way is reported together with wrong fields.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orchestrator.errors import Problem

# The fields that hold the id of the step a customer goes on to.
_WAY_FIELDS = ("next", "on_timeout", "otherwise", "when_missing", "back_to")
# The lists of ways, of branches and splits, and of experiments.
_WAY_LISTS = ("paths", "arms")


@dataclass(frozen=True, slots=True)
class Graph:
    """``ways`` of each step: (where the way is written, relative to the step; the step id it leads to)."""

    start: str | None
    ways: Mapping[str, tuple[tuple[str, str], ...]]


def read_graph(document: object) -> Graph:
    """The graph of a journey document; what is not shaped like a step has no ways."""
    if not isinstance(document, dict):
        return Graph(None, {})
    start, steps = document.get("start"), document.get("steps")
    ways = {str(name): tuple(_ways(step)) for name, step in steps.items()} if isinstance(steps, dict) else {}
    return Graph(start if isinstance(start, str) else None, ways)


def _ways(step: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    if not isinstance(step, dict):
        return
    for field in _WAY_FIELDS:
        if isinstance(step.get(field), str):
            yield f"{prefix}{field}", step[field]
    yield from _ways(step.get("until"), f"{prefix}until.")
    for name in _WAY_LISTS:
        paths = step.get(name)
        for i, path in enumerate(paths if isinstance(paths, list) else []):
            yield from _ways(path, f"{prefix}{name}[{i}].")


def unknown_steps(graph: Graph) -> Iterator[Problem]:
    """Ways to steps that do not exist."""
    fix = f"use one of: {', '.join(graph.ways)}"
    if graph.start is not None and graph.start not in graph.ways:
        yield Problem("$.start", "unknown_step", f"there is no step {graph.start!r}", fix)
    for step_id, ways in graph.ways.items():
        for where, target in ways:
            if target not in graph.ways:
                yield Problem(f"$.steps.{step_id}.{where}", "unknown_step", f"there is no step {target!r}", fix)


def unreachable_steps(graph: Graph) -> Iterator[Problem]:
    """Steps that no customer ever comes to."""
    reached: set[str] = set()
    to_visit = [graph.start] if graph.start is not None else []
    while to_visit:
        step_id = to_visit.pop()
        if step_id in graph.ways and step_id not in reached:
            reached.add(step_id)
            to_visit += [target for _, target in graph.ways[step_id]]
    for step_id in graph.ways:
        if reached and step_id not in reached:
            fix = "point a step at it, or remove it"
            yield Problem(f"$.steps.{step_id}", "unreachable", "no way leads to this step", fix)


def loops(graph: Graph) -> Iterator[Problem]:
    """A step from which a way leads back to itself without passing a loop step, which counts; the first one found."""
    looping = _step_on_a_loop(Graph(graph.start, {step_id: _uncounted(ways) for step_id, ways in graph.ways.items()}))
    if looping is not None:
        yield Problem(
            f"$.steps.{looping}",
            "loop",
            "from this step a way leads back to it, so a customer could go round for ever",
            'go back through a step {"kind": "loop", "times": …}, which ends it',
        )


def _uncounted(ways: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple(way for way in ways if way[0] != "back_to")


def _step_on_a_loop(graph: Graph) -> str | None:
    """Depth-first search with an explicit stack: a long journey must not exhaust Python's."""
    done: set[str] = set()
    for root in graph.ways:
        open_ways: dict[str, Iterator[str]] = {}
        path = [root] if root not in done else []
        while path:
            here = path[-1]
            if here not in open_ways:
                open_ways[here] = iter([target for _, target in graph.ways[here] if target in graph.ways])
            following = next(open_ways[here], None)
            if following is None:
                done.add(here)
                del open_ways[here]
                path.pop()
            elif following in open_ways:
                return following
            elif following not in done:
                path.append(following)
    return None
