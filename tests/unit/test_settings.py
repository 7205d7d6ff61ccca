"""The settings say what is wrong with them, by the names that people set."""

from pathlib import Path

import pytest

from orchestrator.errors import ConfigurationError
from orchestrator.settings import load_settings


def test_a_login_without_a_password_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="ORCHESTRATOR_KAFKA_PASSWORD must be set"):
        load_settings(kafka_security="SASL_SSL", kafka_username="orchestrator")


def test_a_value_that_cannot_be_is_named_with_its_variable() -> None:
    with pytest.raises(ConfigurationError, match=r"ORCHESTRATOR_API_PORT: .*65535"):
        load_settings(api_port=70_000)


def test_no_secret_is_printed() -> None:
    settings = load_settings(
        kafka_security="SASL_SSL",
        kafka_username="orchestrator",
        kafka_password="open sesame",
        kafka_key_password="open sesame",
        postgres="postgresql://orchestrator:open sesame@db/journeys",
    )
    assert "sesame" not in repr(settings)
    assert "sesame" not in settings.model_dump_json()


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"oidc_client_id": "dashboard"}, "ORCHESTRATOR_OIDC_ISSUER must be set too"),
        (
            {"oidc_client_id": "dashboard", "oidc_issuer": "https://id.example", "oidc_scopes": "profile email"},
            "ORCHESTRATOR_OIDC_SCOPES lacks openid",
        ),
        (
            {"oidc_client_id": "journeys", "oidc_issuer": "https://id.example", "oidc_audience": "journeys"},
            "an ID token would pass for an access token",
        ),
    ],
)
def test_a_sign_in_that_cannot_work_is_a_mistake(overrides: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load_settings(**overrides)


def test_what_lies_around_a_value_is_no_part_of_it_and_an_empty_one_is_not_set() -> None:
    settings = load_settings(
        kafka=" broker:9092\r", time="wall\r\n", replicas="", adapter_templates_dir=" ", log_level="", api_port=" 80 "
    )
    assert (settings.kafka, settings.time, settings.api_port) == ("broker:9092", "wall", 80)
    assert (settings.replicas, settings.adapter_templates_dir, settings.log_level) == (None, None, "INFO")


@pytest.mark.parametrize("kafka", ["a:9092", "a, b:1 ,", "[::1]:9092", "10.0.0.1:9092,b-1.example.com:65535"])
def test_brokers_are_hosts_with_ports(kafka: str) -> None:
    assert load_settings(kafka=kafka).kafka == kafka


@pytest.mark.parametrize(
    "kafka", ["ana:s3same@broker:9092", "SASL_SSL://s3same:9092", "s3same:65536", "s3same:0", ",", "s3same:9092;b:9092"]
)
def test_what_is_no_broker_is_told_without_what_was_written(kafka: str) -> None:
    with pytest.raises(ConfigurationError, match="ORCHESTRATOR_KAFKA: it is not host:port") as raised:
        load_settings(kafka=kafka)
    assert "s3same" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://127.0.0.1:s3same/x",
        "postgresql://ana:1/s3same@db/journeys",  # would be taken for port 1 and a database called s3same@db
        "postgresql://ana:s3/same@db/journeys",
        "postgresql://ana:s3same#@db/journeys",
        "postgresql://ana:s3@same@db/journeys",
        "mysql://ana:s3same@db/journeys",
        "host=db password=s3same",
    ],
)
def test_a_password_that_could_be_taken_for_something_else_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigurationError, match="write @ : / \\? # as %40 %3A %2F %3F %23") as raised:
        load_settings(postgres=url)
    assert "s3" not in str(raised.value).replace("%23", "")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ana:s3%40same@db:5432,[::1]:5433/journeys?sslmode=verify-full&sslrootcert=/ca.pem",
        "postgres://ana@/journeys?host=/run/db",
        "postgresql://ana:@127.0.0.1:5432/journeys",
    ],
)
def test_a_url_of_postgresql_is_taken_as_it_is(url: str) -> None:
    assert load_settings(postgres=url).postgres.get_secret_value() == url


@pytest.mark.parametrize(("content", "why"), [(b"\xff\xfe", "not plain text in UTF-8"), (None, "Is a directory")])
def test_a_file_of_a_secret_that_cannot_be_read_is_a_mistake_with_its_name(
    content: bytes | None, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ORCHESTRATOR_KAFKA_PASSWORD"
    file.mkdir() if content is None else file.write_bytes(content)
    (tmp_path / "..data").mkdir()  # as Kubernetes has it
    monkeypatch.setenv("ORCHESTRATOR_SECRETS_DIR", str(tmp_path))
    with pytest.raises(ConfigurationError, match=f"{file}.*{why}"):
        load_settings()


def test_a_number_that_is_none_or_has_no_end_is_refused() -> None:
    for value in ("inf", "nan", "5m", "1GiB"):
        with pytest.raises(ConfigurationError, match="ORCHESTRATOR_ADAPTER_RATE_PER_S"):
            load_settings(adapter_rate_per_s=value)
