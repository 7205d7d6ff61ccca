"""What is asked of the daily export and of readers is one thing, or refused before a database is looked for."""

from collections.abc import Callable

import pytest

from tests.unit.cli.conftest import Said

OUTPUT = ("--output", "exports")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since-days", "4000000"), "can be exported at once"),
        (("--day", "2026-11-26", "--since-days", "3"), "give one of --day, --from"),
        (("--from", "2026-11-01", "--day", "2026-11-26"), "give one of --day, --from"),
        (("--to", "2026-11-26"), "give one of --day, --from"),
        (("--day", "26.11.2026"), "'26.11.2026' is no day"),
        (("--day", "2026-02-30"), "'2026-02-30' is no day"),
        (("--from", "2026-11-26", "--to", "2026-11-25"), "there are 0 days"),
        (("--from", "1026-11-26"), "can be exported at once"),
        (("--tables", "jurneys"), "there is no table called jurneys"),
        (("--tables", "runs", "--without-customers"), "has a row for each customer"),
    ],
)
def test_days_and_tables_that_cannot_be_meant_are_refused(
    words: tuple[str, ...], said: str, type_in: Callable[..., Said]
) -> None:
    found = type_in("reports", "daily", *OUTPUT, *words)
    assert found.code == 2
    assert said in " ".join(found.err.replace("│", " ").split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give one of --workspace, --all and --remove"),
        (("--all", "--workspace", "acme"), "give one of --workspace, --all and --remove"),
        (("--all", "--remove"), "give one of --workspace, --all and --remove"),
        (("--remove", "--print"), "do not go with --remove"),
    ],
)
def test_a_reader_reads_some_workspaces_or_all_or_is_none(
    words: tuple[str, ...], said: str, type_in: Callable[..., Said]
) -> None:
    found = type_in("db", "reader", "metabase", *words)
    assert found.code == 2
    assert said in " ".join(found.err.replace("│", " ").split())
