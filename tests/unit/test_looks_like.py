"""What a document shows is compared with what is said: word for word, but for what "…" stands for."""

import pytest

from tests.documents import fences, looks_like


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("one\ntwo\n", "one\ntwo"),
        ("\none  \n   \n", "one"),
        ("id 7f3a done\n", "id … done"),
        ("a\nb\nc\nlast\n", "a\n…\nlast"),
        ("last\n", "…\nlast\n…"),
        ("a\nx\na\nb\n", "…\na\nb"),
    ],
)
def test_what_is_left_open_may_be_anything(said: str, shown: str) -> None:
    assert looks_like(said, shown)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("one\ntwo\n", "one"),
        ("one\n", "one\ntwo"),
        ("id 7f3a\n", "id … done"),
        ("a\nb\n", "…\na"),
        ("sends (3)\n", "sends (.)"),
        ("", "one"),
    ],
)
def test_what_is_not_left_open_must_be_there_and_nothing_else(said: str, shown: str) -> None:
    assert not looks_like(said, shown)


def test_blocks_are_found_with_their_names_and_lines() -> None:
    found = fences("text\n```yaml cart.yaml\na: 1\n```\nmore\n```\nplain\n```\n")
    assert [(each.language, each.rest, each.text, each.line) for each in found] == [
        ("yaml", "cart.yaml", "a: 1\n", 3),
        ("", "", "plain\n", 7),
    ]
