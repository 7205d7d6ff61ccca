"""What can be said of settings without a server: each mistake is told with its variable, and no secret is."""

from pathlib import Path

import pytest

from orchestrator.configuration.coherence import (
    adapters_can_start,
    everything_counts,
    files_can_be_read,
    outgoing_hosts_can_be_called,
)
from orchestrator.settings import load_settings

SECRET = "s3same"


@pytest.mark.parametrize(
    ("hosts", "words"),
    [
        ("*.example.org", "there are no wildcards"),
        ("*", "there are no wildcards"),
        ("https://crm.example.org", "no https://"),
        ("crm.example.org/hooks", "is not written as host"),
        ("crm.example.org:65536", "is not written as host"),
        ("2001:db8::1", "is not written as host"),
        ("crm.example.org;hub.example.org", "is not written as host"),
        ("crm.example.org+internal", "is not written as host"),
        ("10.0.0.1", "10.0.0.1 leads to a private address and is not marked +private"),
        ("[::ffff:127.0.0.1]", "leads to a private address"),
        ("localhost:8080", "localhost leads to a private address"),
        ("2130706433", "2130706433 is no name of a host"),
        ("127.1", "127.1 is no name of a host"),
        ("crm..example", "'crm..example' is not written as host"),
        ("crm.example, CRM.example+private", "crm.example is named twice, and the first counts"),
    ],
)
def test_a_host_that_can_never_be_called_is_told(hosts: str, words: str) -> None:
    found = outgoing_hosts_can_be_called(load_settings(outgoing_hosts=hosts))
    assert not found.ok
    assert words in str(found)


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        ("", "none, so there can be no subscriptions"),
        (" , ", "none, so there can be no subscriptions"),
        ("crm.example.org, hub.example:8443", "crm.example.org, hub.example:8443"),
        ("10.0.0.1:9000+http+private,localhost+private", "10.0.0.1:9000+private+http, localhost+private"),
        ("93.184.216.34", "93.184.216.34"),
    ],
)
def test_hosts_that_can_be_called_are_said_with_what_they_are_let_off(hosts: str, said: str) -> None:
    found = outgoing_hosts_can_be_called(load_settings(outgoing_hosts=hosts))
    assert (found.ok, found.detail) == (True, said)


def test_a_login_in_a_host_is_not_repeated() -> None:
    found = outgoing_hosts_can_be_called(load_settings(outgoing_hosts=f"https://ana:{SECRET}@crm.example"))
    assert not found.ok
    assert SECRET not in str(found)


def test_a_file_that_is_not_there_is_told_with_its_variable_and_one_that_is_to_be_written_is_not(
    tmp_path: Path,
) -> None:
    assert files_can_be_read(load_settings(data_dir=tmp_path / "new", adapter_file_dir=tmp_path / "new")).ok
    settings = load_settings(
        kafka_ca_file=tmp_path / "ca.pem", smtp_ca_file=tmp_path, adapter_templates_dir=tmp_path / "templates"
    )
    found = files_can_be_read(settings)
    assert not found.ok
    assert f"ORCHESTRATOR_KAFKA_CA_FILE is {tmp_path / 'ca.pem'}: No such file" in found.detail
    assert f"ORCHESTRATOR_SMTP_CA_FILE is {tmp_path}: Is a directory" in found.detail
    assert "ORCHESTRATOR_ADAPTER_TEMPLATES_DIR" in found.detail


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (
            {"kafka_username": "ana"},
            "ORCHESTRATOR_KAFKA_USERNAME changes nothing, since ORCHESTRATOR_KAFKA_SECURITY is",
        ),
        ({"kafka_password": SECRET}, "ORCHESTRATOR_KAFKA_PASSWORD"),
        ({"kafka_ca_file": "ca.pem", "kafka_security": "SASL_PLAINTEXT"}, "ORCHESTRATOR_KAFKA_CA_FILE"),
        ({"api_cert_key_file": "key.pem"}, "since ORCHESTRATOR_API_CERT_FILE is not set"),
        ({"oidc_audience": "journeys"}, "since ORCHESTRATOR_OIDC_ISSUER is not set"),
        ({"smtp_password": SECRET}, "since ORCHESTRATOR_SMTP_USERNAME is not set"),
        ({"smtp_ca_file": "ca.pem", "smtp_security": "none"}, "since ORCHESTRATOR_SMTP_SECURITY is none"),
        ({"traces_share": 0.5}, "since ORCHESTRATOR_TRACES_ENDPOINT is not set"),
    ],
)
def test_what_is_set_and_changes_nothing_is_told_with_the_setting_that_is_missing(
    given: dict[str, object], why: str
) -> None:
    login = {"kafka_username": "ana", "kafka_password": SECRET} if "kafka_security" in given else {}
    found = everything_counts(load_settings(**given, **login))
    assert not found.ok
    assert why in found.detail
    assert SECRET not in str(found)


def test_what_is_set_with_what_it_belongs_to_is_no_fault() -> None:
    kafka = {"kafka_security": "SASL_SSL", "kafka_username": "a", "kafka_password": "b", "kafka_ca_file": "ca.pem"}
    assert everything_counts(load_settings(**kafka)).ok
    assert everything_counts(load_settings()).ok


def test_what_an_adapter_would_not_start_with_is_told_before_it_is_started(tmp_path: Path) -> None:
    assert list(adapters_can_start(load_settings())) == []
    (tmp_path / "hello.txt.liquid").write_text("{% include 'secrets' %}")
    (tmp_path / "endpoints.yaml").write_text(f"crm: {{url: 'no address', secret: {SECRET}}}")
    settings = load_settings(
        adapter_templates_dir=tmp_path,
        webhook_endpoints_file=tmp_path / "endpoints.yaml",
        smtp_from="Shop",
        adapter_reports_secret=SECRET,
    )
    found = {each.what: each for each in adapters_can_start(settings)}
    assert {what for what, each in found.items() if not each.ok} == set(found)
    assert set(found) == {"templates", "endpoints", "sender", "secret of reports"}
    assert SECRET not in "".join(map(str, found.values()))
    mended = load_settings(smtp_from="Shop <news@shop.example>", adapter_templates_dir="deploy/templates")
    assert [each.ok for each in adapters_can_start(mended)] == [True, True]
