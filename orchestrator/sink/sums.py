"""Figures while they are counted: sums by path and arm, which become groups within groups at the end. Pure.

To add to a path is one look into one dict; to walk to its place in nested groups is one for each part of the path. And
what is counted by the quarter of an hour need not be counted by the day again: days are the sums of their quarters.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeAlias

from orchestrator.store.figures import NUMBERS
from orchestrator.store.quarters import OF_ARMS, OF_WHOLE_DAYS
from orchestrator.store.rows import Figures

Path: TypeAlias = tuple[str, ...]
Increment: TypeAlias = tuple[Path, int | Decimal]
# By arm; "" are the sums over all arms.
Sums: TypeAlias = dict[str, dict[Path, int | Decimal]]

OVERALL = ""
_Groups: TypeAlias = "dict[str, int | Decimal | _Groups]"


def add(sums: Sums, arm: str, increments: Iterable[Increment]) -> None:
    """Adds to the sums of an arm."""
    of_arm = sums.get(arm)
    if of_arm is None:
        of_arm = sums[arm] = {}
    for path, amount in increments:
        of_arm[path] = of_arm.get(path, 0) + amount


def add_all(sums: Sums, more: Mapping[str, Mapping[Path, int | Decimal]]) -> None:
    """Adds all of ``more`` to ``sums``."""
    for arm, of_arm in more.items():
        add(sums, arm, of_arm.items())


def of_day(sums: Sums) -> Figures:
    """The figures of a day, with each arm's under ``arms``."""
    groups: _Groups = {}
    for arm, of_arm in sums.items():
        for path, amount in of_arm.items():
            _put(groups, ("arms", arm, *path) if arm else path, amount)
    return groups


def of_quarter(sums: Sums) -> Figures:
    """The figures of a quarter of an hour: what of them adds up and is not zero (``store/quarters.py``)."""
    groups: _Groups = {}
    for arm, of_arm in sums.items():
        for path, amount in of_arm.items():
            if not amount or path[0] in OF_WHOLE_DAYS:
                continue
            if not arm:
                _put(groups, path, amount)
            elif path[0] in OF_ARMS:
                _put(groups, ("arms", arm, *path), amount)
    return groups


def _put(groups: _Groups, path: Path, amount: int | Decimal) -> None:
    place = groups
    for name in path[:-1]:
        inner = place.get(name)
        if inner is None:
            inner = place[name] = {}
        elif isinstance(inner, NUMBERS):
            raise _mixed(name)
        place = inner
    if path[-1] in place:
        raise _mixed(path[-1])
    place[path[-1]] = amount


def _mixed(name: str) -> TypeError:
    return TypeError(f"the figure {name} is both a number and a group of numbers")
