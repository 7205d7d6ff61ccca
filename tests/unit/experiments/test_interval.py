"""The search for the ends of an interval."""

from collections.abc import Callable
from math import exp, inf, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.experiments.interval import crossing

FUNCTIONS: dict[str, Callable[[float, float], float]] = {
    "straight": lambda x, root: x - root,
    "steep": lambda x, root: (x - root) ** 3,
    "flat": lambda x, root: (x - root) ** 9,
    "exponential": lambda x, root: exp(30 * x) - exp(30 * root),
    "infinite at an end": lambda x, root: -inf if x <= 0 else log(x) - log(root),
    "a step": lambda x, root: 1.0 if x > root else -1.0,
}


@pytest.mark.parametrize("name", FUNCTIONS)
@given(root=st.floats(0.01, 0.99))
def test_the_crossing_is_where_the_function_turns_positive(name: str, root: float) -> None:
    function = FUNCTIONS[name]
    tolerance = 1e-2 if name == "flat" else 1e-4 if name == "steep" else 1e-12  # as far as a double tells it from zero
    assert crossing(lambda x: function(x, root), 0.0, 1.0) == pytest.approx(root, abs=tolerance)
    assert crossing(lambda x: -function(x, root), 1.0, 0.0) == pytest.approx(root, abs=tolerance)


def test_a_smooth_function_takes_a_dozen_steps_and_is_not_asked_at_the_ends() -> None:
    asked = []

    def function(x: float) -> float:
        asked.append(x)
        return exp(3 * x) - 2

    assert crossing(function, 0.0, 1.0) == pytest.approx(log(2) / 3, rel=1e-14)
    assert len(asked) < 16
    assert not {0.0, 1.0} & set(asked)


def test_without_a_crossing_it_is_one_of_the_ends() -> None:
    assert crossing(lambda x: -1.0, 0.0, 1.0) == pytest.approx(1.0)
    assert crossing(lambda x: 1.0, 0.0, 1.0) == pytest.approx(0.0, abs=1e-12)
