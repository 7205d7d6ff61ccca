"""What is looked for in decoded JSON is found wherever it stands."""

import pytest

from orchestrator.messages.text import has_zero_character, is_deeper_than


@pytest.mark.parametrize("value", ["a\x00", {"\x00": 1}, {"a": ["b", {"c": "\x00"}]}, ["\x00"]])
def test_a_zero_character_is_found(value: object) -> None:
    assert has_zero_character(value)


@pytest.mark.parametrize("value", ["", "\\u0000", 0, None, True, 1.5, {"a": [{}, "b"]}, []])
def test_where_there_is_none_none_is_found(value: object) -> None:
    assert not has_zero_character(value)


@pytest.mark.parametrize(("value", "depth"), [(7, 0), ("[[", 0), ({}, 1), ([1, [2], {}], 2), ({"a": {"b": [3]}}, 3)])
def test_depth_is_that_of_the_deepest_part(value: object, depth: int) -> None:
    assert not is_deeper_than(value, depth)
    assert depth == 0 or is_deeper_than(value, depth - 1)
