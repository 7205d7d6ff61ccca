"""Named queries: what a file must look like, and that ours do."""

import pytest

from orchestrator.errors import ConfigurationError
from orchestrator.store.queries import load_queries, parse_queries


def test_each_block_is_found_under_its_name() -> None:
    queries = parse_queries(
        "-- A file.\n\n-- name: one -- The first.\nselect 1;\n\n-- name: two -- Next.\nselect\n  2;\n", source="x"
    )
    assert dict(queries) == {"one": "select 1;", "two": "select\n  2;"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("select 1;", "SQL before the first"),
        ("-- name: one -- A.\nselect 1;\n-- name: one -- B.\nselect 2;", "two queries are called one"),
        ("-- name: one -- A.\n-- name: two -- B.\nselect 2;", "query one is empty"),
    ],
)
def test_a_file_that_could_be_misread_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        parse_queries(text, source="store/x.sql")


def test_a_condition_stands_where_it_is_included() -> None:
    text = "-- name: one -- A.\nselect 1 where\n  -- include: large\n  and true;\n"
    assert parse_queries(text, source="x", conditions={"large": "a > 2"})["one"] == "select 1 where\na > 2\n  and true;"


def test_a_condition_that_is_not_there_is_never_left_out() -> None:
    with pytest.raises(ConfigurationError, match=r"store/x\.sql: no condition is called large; correct the name"):
        parse_queries("-- name: one -- A.\nselect 1 where true\n-- include: large\n;", source="store/x.sql")


def test_no_shipped_query_keeps_a_line_that_should_have_been_replaced() -> None:
    assert "position(lower($4) in lower(name))" in load_queries("overview")["figures"]
    for room in ("overview", "journeys"):
        assert not [name for name, sql in load_queries(room).items() if "include:" in sql]


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"store/nothing\.sql"):
        load_queries("nothing")


@pytest.mark.parametrize("room", ["migrate", "reports", "writer"])
def test_the_shipped_files_can_be_read(room: str) -> None:
    assert load_queries(room)
