"""The settings say what is wrong with them, by the names that people set."""

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
