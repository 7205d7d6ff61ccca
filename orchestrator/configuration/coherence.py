"""Whether settings are coherent, as far as that can be said without a server: files that are there, hosts that can be
called, and nothing that is set and changes nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address
from pathlib import Path

from orchestrator.adapters.endpoints import read_endpoints
from orchestrator.adapters.mail import sender_of
from orchestrator.adapters.reference import seal_of
from orchestrator.adapters.templates import read_templates
from orchestrator.api.outgoing_hosts import AllowedHost, forbidden_among, read_hosts
from orchestrator.configuration.finding import Finding
from orchestrator.configuration.variables import variable_of
from orchestrator.errors import OrchestratorError
from orchestrator.settings import Settings

_WRITTEN_TO = {"data_dir", "adapter_file_dir"}


def files_can_be_read(settings: Settings) -> Finding:
    """Whether every file and folder that a setting names is there."""
    problems = []
    for name in Settings.model_fields:
        path = getattr(settings, name)
        if isinstance(path, Path) and name not in _WRITTEN_TO and (why := _unreadable(path, is_folder="_dir" in name)):
            problems.append(f"{variable_of(name)} is {path}: {why}")
    return _of("files", problems, "each that is named can be read", "mount them, or name others")


def _unreadable(path: Path, *, is_folder: bool) -> str:
    try:
        if is_folder:
            next(path.iterdir(), None)
        else:
            with path.open("rb") as file:
                file.read(1)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def everything_counts(settings: Settings) -> Finding:
    """Whether nothing is set that changes nothing, because of another setting."""
    has_login, has_tls = settings.kafka_security.startswith("SASL"), settings.kafka_security.endswith("SSL")
    kafka = f"ORCHESTRATOR_KAFKA_SECURITY is {settings.kafka_security}"
    rules: list[tuple[bool, str, tuple[str, ...]]] = [
        (has_login, kafka, ("kafka_username", "kafka_password", "kafka_sasl_mechanism")),
        (has_tls, kafka, ("kafka_ca_file", "kafka_cert_file", "kafka_key_file", "kafka_key_password")),
        (bool(settings.api_cert_file), "ORCHESTRATOR_API_CERT_FILE is not set", ("api_cert_key_file",)),
        (
            bool(settings.oidc_issuer),
            "ORCHESTRATOR_OIDC_ISSUER is not set",
            ("oidc_audience", "oidc_jwks_url", "oidc_name"),
        ),
        (bool(settings.smtp_username), "ORCHESTRATOR_SMTP_USERNAME is not set", ("smtp_password",)),
        (settings.smtp_security != "none", "ORCHESTRATOR_SMTP_SECURITY is none", ("smtp_ca_file",)),
        (bool(settings.traces_endpoint), "ORCHESTRATOR_TRACES_ENDPOINT is not set", ("traces_share",)),
    ]
    idle = [
        f"{variable_of(name)} changes nothing, since {why}"
        for counts, why, names in rules
        if not counts
        for name in names
        if name in settings.model_fields_set
    ]
    return _of("settings", idle, "none is without effect", "set what is missing, or remove it")


def outgoing_hosts_can_be_called(settings: Settings) -> Finding:
    """Whether subscriptions can send to what ``ORCHESTRATOR_OUTGOING_HOSTS`` names."""
    what = "outgoing hosts"
    try:
        hosts = read_hosts(settings.outgoing_hosts)
    except OrchestratorError as error:
        return Finding(what, False, str(error))
    said = ", ".join(map(_described, hosts)) or "none, so there can be no subscriptions"
    return _of(what, [*_never_called(hosts)], said, "mend ORCHESTRATOR_OUTGOING_HOSTS")


def _never_called(hosts: Iterable[AllowedHost]) -> Iterator[str]:
    seen: set[tuple[str, int | None]] = set()
    for each in hosts:
        if not _is_host(each.host):
            yield f"{each.host} is no name of a host and no IP address"
        elif _is_private(each.host) and not each.is_private:
            yield f"{each.host} leads to a private address and is not marked +private, so it is never called"
        if (each.host, each.port) in seen:
            yield f"{each.host} is named twice, and the first counts"
        seen.add((each.host, each.port))


def _is_host(text: str) -> bool:
    if ":" in text or text.replace(".", "").isdigit():
        return _address(text) is not None
    return all(0 < len(label) < 64 and label.strip("-") == label for label in text.removesuffix(".").split("."))


def _is_private(host: str) -> bool:
    return bool(forbidden_among([host])) if _address(host) else host == "localhost" or host.endswith(".localhost")


def _address(text: str) -> object:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _described(host: AllowedHost) -> str:
    port = f":{host.port}" if host.port else ""
    return f"{host.host}{port}{'+private' * host.is_private}{'+http' * host.is_plain}"


def adapters_can_start(settings: Settings) -> Iterator[Finding]:
    """What the settings of channel adapters name, as far as it is set."""
    folder = settings.adapter_templates_dir
    if folder is not None and not _unreadable(folder, is_folder=True):
        found = read_templates(folder)
        cure = "`orchestrator adapter check-templates` says more"
        yield _of("templates", map(str, found.problems), f"{len(found.templates)} in {folder}", cure)
    if settings.webhook_endpoints_file is not None and not _unreadable(
        settings.webhook_endpoints_file, is_folder=False
    ):
        yield _tried("endpoints", lambda: f"{len(read_endpoints(settings.webhook_endpoints_file))} can be called")
    if settings.smtp_from:
        yield _tried("sender", lambda: sender_of(settings.smtp_from).address)
    if settings.adapter_reports_secret.get_secret_value():
        yield _tried("secret of reports", lambda: "can be used" if seal_of(settings) else "none")


def _tried(what: str, attempt: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, attempt())
    except OrchestratorError as error:
        return Finding(what, False, str(error))


def _of(what: str, problems: Iterable[str], fine: str, cure: str) -> Finding:
    found = "; ".join(problems)
    return Finding(what, not found, found or fine, cure if found else "")
