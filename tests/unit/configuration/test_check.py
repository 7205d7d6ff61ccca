"""What can be said of an installation without its servers."""

from pathlib import Path

import pytest

from orchestrator.configuration.check import (
    Process,
    check,
    data_dir_is_writable,
    postgres_can_be_used,
    sealing_keys_can_be_used,
    too_many_replicas,
)
from orchestrator.configuration.finding import Finding, clock
from orchestrator.settings import load_settings
from orchestrator.store.seal import new_key


@pytest.mark.parametrize(("ahead_s", "doubt_s"), [(0.4, 0.1), (-2.0, 0.0), (2.9, 1.0)])
def test_a_clock_counts_as_wrong_only_where_that_is_certain(ahead_s: float, doubt_s: float) -> None:
    assert clock("the broker", ahead_s, doubt_s).ok


def test_a_clock_that_goes_wrong_is_told_with_the_way_it_goes() -> None:
    assert "7.0 s ahead of" in str(clock("the broker", 7.0, 0.1))
    behind = clock("PostgreSQL", -7.0, 0.1)
    assert not behind.ok
    assert "7.0 s behind" in behind.detail
    assert "NTP" in behind.cure


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    assert data_dir_is_writable(load_settings(data_dir=tmp_path / "new")).ok
    (tmp_path / "file").write_text("")
    found = data_dir_is_writable(load_settings(data_dir=tmp_path / "file"))
    assert not found.ok
    assert "ORCHESTRATOR_DATA_DIR" in found.cure


def test_a_key_that_is_none_is_told_and_none_at_all_is_no_fault() -> None:
    assert sealing_keys_can_be_used(load_settings(sealing_keys="")).ok
    assert sealing_keys_can_be_used(load_settings(sealing_keys=new_key())).ok
    found = sealing_keys_can_be_used(load_settings(sealing_keys="short"))
    assert not found.ok
    assert "orchestrator config key" in found.detail


def test_fewer_brokers_than_copies_are_told_with_the_setting_for_it() -> None:
    assert too_many_replicas(load_settings(replicas=None), 3) is None
    found = too_many_replicas(load_settings(replicas=None), 1)
    assert found is not None
    assert "ORCHESTRATOR_REPLICAS=1" in found.cure


@pytest.mark.parametrize(("version", "is_writable", "ok"), [(15, True, True), (13, True, False), (17, False, False)])
def test_a_server_that_is_too_old_or_takes_no_writes_is_told(version: int, is_writable: bool, ok: bool) -> None:
    assert postgres_can_be_used(version, is_writable=is_writable).ok is ok


def test_a_finding_is_a_line_that_ends_with_what_to_do() -> None:
    assert str(Finding("topics", False, "3 are missing", "run it")) == "not ok: topics: 3 are missing; run it"
    assert str(Finding("topics", True, "as declared")) == "ok: topics: as declared"


async def test_servers_that_are_away_are_told_and_what_depends_on_them_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.configuration.check.PATIENCE_S", 0.1)
    monkeypatch.setattr("orchestrator.configuration.variables.os.environ", {})
    settings = load_settings(kafka="127.0.0.1:1", postgres="postgresql://nobody@127.0.0.1:1/j", data_dir=tmp_path)
    found = {each.what: each.ok async for each in check(settings, None)}
    by_themselves = ["variables", "settings", "files"]
    assert found == {
        **dict.fromkeys([*by_themselves, "data folder", "outgoing hosts", "sealing keys"], True),
        **{"Kafka": False, "PostgreSQL": False},
    }
    worker = [each.what async for each in check(settings, Process.WORKER)]
    assert worker == [*by_themselves, "data folder", "Kafka"]
    assert "data folder" not in [each.what async for each in check(settings, Process.SINK)]
