"""Migration files: names, order, checksums."""

from pathlib import Path

import pytest

from orchestrator.errors import ConfigurationError
from orchestrator.store.migrate import shipped_migrations


def test_the_shipped_migrations_are_in_order() -> None:
    assert [migration.number for migration in shipped_migrations()] == list(range(1, len(shipped_migrations()) + 1))


def test_a_hole_in_the_numbers_is_refused(tmp_path: Path) -> None:
    for name in ("0001_first.sql", "0003_third.sql"):
        (tmp_path / name).write_text("select 1;")
    with pytest.raises(ConfigurationError, match=r"\[1, 3\]"):
        shipped_migrations(tmp_path)


def test_two_migrations_with_one_number_are_refused(tmp_path: Path) -> None:
    for name in ("0001_first.sql", "0001_other.sql"):
        (tmp_path / name).write_text("select 1;")
    with pytest.raises(ConfigurationError, match=r"\[1, 1\]"):
        shipped_migrations(tmp_path)


def test_a_misnamed_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "first.sql").write_text("select 1;")
    with pytest.raises(ConfigurationError, match=r"first\.sql must be called like"):
        shipped_migrations(tmp_path)
