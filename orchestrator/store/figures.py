"""Sums of figures: numbers, and groups of numbers within groups. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

# To ask whether a figure is a number is many times faster than to ask whether it is a mapping.
NUMBERS = (int, float, Decimal)


def add_figures(total: dict[str, Any], more: Mapping[str, Any], times: int = 1) -> None:
    """Adds ``times`` as much as ``more`` to ``total``, key by key, at every depth."""
    for name, amount in more.items():
        if isinstance(amount, NUMBERS):
            total[name] = total.get(name, 0) + times * amount
        else:
            add_figures(total.setdefault(name, {}), amount, times)
