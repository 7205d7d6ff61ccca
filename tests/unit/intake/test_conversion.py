"""Foreign values become those of events, or are told not to be what they are taken for; never their content."""

import hashlib

import pytest

from orchestrator.intake.conversion import Conversion, Unfit, as_time_ms, convert

SALT = "a salt of sixteen+"


@pytest.mark.parametrize(
    ("conversions", "value", "becomes"),
    [
        (["number"], "19.90", 19.9),
        (["number"], " -3 ", -3),
        (["number"], 7, 7),
        (["number"], 0.5, 0.5),
        (["text"], 4501, "4501"),
        (["trim", "lower"], "  Ada@Shop.Example ", "ada@shop.example"),
        (["seconds"], 1_700_000_000, "2023-11-14T22:13:20.000Z"),
        (["seconds"], "1700000000.25", "2023-11-14T22:13:20.250Z"),
        (["milliseconds"], 1_700_000_000_250, "2023-11-14T22:13:20.250Z"),
        (["time"], "2026-01-05T13:00:00+02:00", "2026-01-05T11:00:00.000Z"),
        (["sha256"], "a@b.example", hashlib.sha256((SALT + "a@b.example").encode()).hexdigest()),
        (["blake2b"], 17, hashlib.blake2b(b"17", key=SALT.encode(), digest_size=32).hexdigest()),
        ([], [1], [1]),
    ],
)
def test_a_value_becomes_what_it_says(conversions: list[Conversion], value: object, becomes: object) -> None:
    assert convert(value, conversions, SALT) == becomes


@pytest.mark.parametrize(
    ("conversion", "value", "reason"),
    [
        ("number", "1,90", "not_a_number"),
        ("number", "1_000", "not_a_number"),
        ("number", "nan", "not_a_number"),
        ("number", "1e5", "not_a_number"),
        ("number", "٣", "not_a_number"),
        ("number", "", "not_a_number"),
        ("number", True, "not_a_number"),
        ("number", "9" * 5_000, "not_a_number"),
        ("text", 1.5, "not_text"),
        ("text", True, "not_text"),
        ("text", {"secret": 1}, "not_text"),
        ("lower", None, "not_text"),
        ("text", 1 << 63, "not_text"),
        ("time", "2026-01-05T13:00:00", "not_a_time"),
        ("time", "yesterday", "not_a_time"),
        ("time", "1800-01-01T00:00:00Z", "not_a_time"),
        ("time", 1_700_000_000, "not_a_time"),
        ("seconds", 1_700_000_000_000, "not_a_time"),
        ("seconds", 10**400, "not_a_time"),
        ("seconds", float("inf"), "not_a_time"),
        ("seconds", float("nan"), "not_a_time"),
        ("milliseconds", "soon", "not_a_number"),
    ],
)
def test_what_is_something_else_is_refused_without_its_value(
    conversion: Conversion, value: object, reason: str
) -> None:
    with pytest.raises(Unfit) as refused:
        convert(value, [conversion], SALT)
    assert refused.value.reason == reason
    assert str(value) == "" or str(value) not in str(refused.value)


def test_hashes_of_another_salt_are_others() -> None:
    for conversion in ("sha256", "blake2b"):
        assert convert("a", [conversion], SALT) != convert("a", [conversion], SALT + "!")  # type: ignore[list-item]


def test_a_number_is_no_moment_until_its_unit_is_named() -> None:
    with pytest.raises(Unfit, match="seconds or milliseconds"):
        as_time_ms(1_700_000_000)
