"""Request bodies are read in one way only."""

import pytest

from orchestrator.api.body import MAX_DEPTH, check_media_type, check_query, parse_strictly
from orchestrator.api.problems import BadRequest, UnsupportedMediaType


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"{} {}", "not JSON"),
        (b"\xff{}", "not UTF-8"),
        (b'{"a": 1, "b": {"c": 1, "c": 1}}', "'c' occurs twice"),
        (b'{"\\u0061": 1, "a": 2}', "'a' occurs twice"),
        (b'{"a": NaN}', "NaN"),
        (b"[-Infinity]", "-Infinity"),
        (b"1e999", "too large"),
        (b"9223372036854775808", "64 bits"),
        (b"9" * 5_000, "64 bits"),
        (b'"\\u0000"', "zero character"),
        (b'{"\\u0000": 1}', "zero character"),
        (b'["\\ud800"]', "surrogate"),
        (b"[" * (MAX_DEPTH + 1) + b"1" + b"]" * (MAX_DEPTH + 1), "deeper"),
        (b"[" * 200_000, "deeper"),
    ],
)
def test_body_that_readers_could_disagree_on_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        parse_strictly(body)


def test_everything_else_is_read_as_it_stands() -> None:
    deepest = b"[" * MAX_DEPTH + b"1" + b"]" * MAX_DEPTH
    parse_strictly(deepest)
    body = '{"a": [1, -9223372036854775808, 1.5e3, true, null, "ü😀\\ud83d\\ude00"], "b": {"a": {}}}'
    assert parse_strictly(body.encode()) == {
        "a": [1, -(2**63), 1_500.0, True, None, "ü😀😀"],
        "b": {"a": {}},
    }


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"]
)
def test_json_is_taken_under_its_names(kind: str) -> None:
    check_media_type({"content-type": kind, "content-encoding": "identity"})


@pytest.mark.parametrize("kind", ["", "text/plain", "text/json", "application/jsonx", "multipart/form-data"])
def test_anything_else_is_refused(kind: str) -> None:
    with pytest.raises(UnsupportedMediaType, match=kind or "no Content-Type"):
        check_media_type({"content-type": kind})


def test_what_is_declared_as_nothing_or_compressed_is_refused_and_told_so() -> None:
    with pytest.raises(UnsupportedMediaType, match="no Content-Type"):
        check_media_type({})
    with pytest.raises(UnsupportedMediaType, match="Content-Encoding 'gzip'"):
        check_media_type({"content-type": "application/json", "content-encoding": "gzip"})


def test_query_parameter_that_would_do_nothing_is_refused() -> None:
    check_query(["limit"], {"limit", "cursor"})
    with pytest.raises(BadRequest, match=r"no query parameter 'limt'; it takes cursor, limit"):
        check_query(["limt", "cursor"], {"limit", "cursor"})
    with pytest.raises(BadRequest, match="takes none"):
        check_query(["x"], set())
