"""`orchestrator config`: what is in force, where it comes from, and nothing that lets anybody in."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.configuration.variables import variable_of
from orchestrator.settings import Settings, load_settings
from orchestrator.store.seal import Seal
from tests.unit.cli.conftest import Said

SECRET = "s3same"


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of the variables of whoever runs the tests."""
    for name in (*map(variable_of, Settings.model_fields), "ORCHESTRATOR_SECRETS_DIR"):
        monkeypatch.delenv(name, raising=False)


def shown(said: Said) -> dict[str, tuple[str, str]]:
    return {
        variable: (value, origin)
        for variable, value, origin in (line.split("\t") for line in said.out.splitlines()[1:])
    }


def test_every_setting_is_shown_with_its_value_and_where_it_comes_from(
    type_in: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "ORCHESTRATOR_GROUP").write_text("from-a-file\n")
    (secrets / "orchestrator_kafka").write_text("not-this-one:9092")
    monkeypatch.setenv("ORCHESTRATOR_SECRETS_DIR", str(secrets))
    monkeypatch.setenv("ORCHESTRATOR_KAFKA", "broker:9092")
    monkeypatch.setenv("orchestrator_replicas", "2")
    found = shown(type_in("config", "show"))
    assert list(found) == list(map(variable_of, Settings.model_fields))
    assert found["ORCHESTRATOR_KAFKA"] == ("broker:9092", "environment")
    assert found["ORCHESTRATOR_REPLICAS"] == ("2", "environment")
    assert found["ORCHESTRATOR_GROUP"] == ("from-a-file", "secrets file")
    assert found["ORCHESTRATOR_API_PORT"] == ("8080", "default")
    assert found["ORCHESTRATOR_KAFKA_CA_FILE"] == ("", "default")


def test_no_secret_is_shown_wherever_it_comes_from(
    type_in: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ORCHESTRATOR_KAFKA_PASSWORD").write_text(SECRET)
    monkeypatch.setenv("ORCHESTRATOR_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("ORCHESTRATOR_POSTGRES", f"postgresql://ana:{SECRET}@db/journeys?password={SECRET}")
    monkeypatch.setenv("ORCHESTRATOR_SEALING_KEYS", SECRET)
    monkeypatch.setenv("ORCHESTRATOR_TRACES_ENDPOINT", f"https://ana:1/{SECRET}@collector:4318")
    monkeypatch.setenv("ORCHESTRATOR_OIDC_ISSUER", f"https://ana:{SECRET}@id.example")
    monkeypatch.setenv("ORCHESTRATOR_KAFKA_PASWORD", SECRET)
    for arguments in (["config", "show"], ["config", "show", "--json"]):
        said = type_in(*arguments)
        assert said.code == 0
        assert SECRET not in said.out + said.err
        assert "ana:***@db/journeys" in said.out
    assert shown(type_in("config", "show"))["ORCHESTRATOR_KAFKA_PASSWORD"] == ("***", "secrets file")


def test_a_value_that_is_empty_is_none_and_one_that_is_set_twice_is_told(
    type_in: Callable[..., Said], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "ORCHESTRATOR_SINK_GROUP").write_text("\n")
    (tmp_path / "ORCHESTRATOR_GROUP").write_text("ours\r\n")
    monkeypatch.setenv("ORCHESTRATOR_SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("ORCHESTRATOR_GROUP", "")
    monkeypatch.setenv("ORCHESTRATOR_REPLICAS", " ")
    monkeypatch.setenv("orchestrator_kafka", "broker:9092")
    monkeypatch.setenv("ORCHESTRATOR_KAFKA", "broker:9092")
    said = type_in("config", "show")
    found = shown(said)
    assert found["ORCHESTRATOR_GROUP"] == ("ours", "secrets file")
    assert found["ORCHESTRATOR_SINK_GROUP"] == ("journey-sink", "default")
    assert found["ORCHESTRATOR_REPLICAS"] == ("", "default")
    assert "ORCHESTRATOR_KAFKA and orchestrator_kafka are one setting; only one of them is read" in said.err


def test_a_misspelt_variable_is_told_beside_the_answer(
    type_in: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_KAFKKA", "broker:9092")
    said = type_in("config", "show", "--json")
    assert "ORCHESTRATOR_KAFKKA is no setting, nothing reads it; was ORCHESTRATOR_KAFKA meant?" in said.err
    assert {"name": "ORCHESTRATOR_KAFKKA", "nearest": "ORCHESTRATOR_KAFKA"} in json.loads(said.out)["unknown"]


def test_a_folder_of_secrets_that_is_not_there_is_a_mistake(
    type_in: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORCHESTRATOR_SECRETS_DIR", "/not/mounted")
    said = type_in("config", "show")
    assert said.code == 2
    assert "is /not/mounted, which is no folder" in said.err


def test_a_key_that_is_printed_seals(type_in: Callable[..., Said]) -> None:
    printed = type_in("config", "key").out.strip()
    seal = Seal.of(load_settings(sealing_keys=printed))
    assert seal.open(seal.close(SECRET)) == SECRET
    assert type_in("config", "key").out.strip() != printed


def test_a_process_that_is_none_is_refused_with_those_there_are(type_in: Callable[..., Said]) -> None:
    said = type_in("config", "check", "wroker")
    assert said.code == 2
    assert "worker, sink, api" in said.err
