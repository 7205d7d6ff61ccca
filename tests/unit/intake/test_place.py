"""A place leads to one value, or to nothing."""

import pytest

from orchestrator.intake.place import Scene, find, read_place, where

PAYLOAD = {"a/b": {"m~n": [10, {"x": None}]}, "": "empty name", "lines": [{"price": "1.00"}], "0": "a name"}
SCENE = Scene(PAYLOAD, PAYLOAD["lines"][0], "/lines/0", {"x-topic": "orders/create"})  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "value", "told"),
    [
        ("/price", "1.00", "/lines/0/price"),
        ("", {"price": "1.00"}, "/lines/0"),
        ("payload:/lines/0/price", "1.00", "/lines/0/price"),
        ("payload:/a~1b/m~0n/0", 10, "/a~1b/m~0n/0"),
        ("payload:/", "empty name", "/"),
        ("payload:/0", "a name", "/0"),
        ("header:X-Topic", "orders/create", "header:X-Topic"),
        ("payload:", PAYLOAD, ""),
    ],
)
def test_what_stands_at_a_place_is_found(text: str, value: object, told: str) -> None:
    place = read_place(text)
    assert find(place, SCENE) == value
    assert where(place, SCENE) == told


@pytest.mark.parametrize(
    "text",
    [
        "/nothing",
        "/price/deeper",
        "payload:/lines/1",
        "payload:/lines/-",
        "payload:/lines/01",
        "payload:/lines/-1",
        "payload:/lines/1000000000000",
        "payload:/lines/٠",
        "payload:/a~1b/m~0n/1/x",
        "header:X-Other",
    ],
)
def test_where_nothing_stands_nothing_is_found(text: str) -> None:
    assert find(read_place(text), SCENE) is None


@pytest.mark.parametrize(
    "text", ["price", "$.price", "header:", "header:X Topic", "/a~2", "/a~", "payload:x", "/a" * 33]
)
def test_what_is_no_place_is_told_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"place|header|~|deep"):
        read_place(text)
