"""Settings of every process, from the environment (prefix ``ORCHESTRATOR_``), read once and frozen.

A secret may come from a file instead: ``ORCHESTRATOR_SECRETS_DIR`` names a folder whose files are called like the
variables (as Docker and Kubernetes mount them).
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from orchestrator.errors import ConfigurationError

KafkaSecurity = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
TimeMode = Literal["wall", "stream"]

PREFIX = "ORCHESTRATOR_"
SECRETS_DIR = "ORCHESTRATOR_SECRETS_DIR"


# A URL in which what is the password cannot be mistaken: its own @ : / ? # are written as %40 %3A %2F %3F %23.
POSTGRES_URL = re.compile(
    r"(?P<scheme>postgres(?:ql)?)://"
    r"(?:(?P<user>[^:@/?#]*)(?P<password>:[^@/?#]*)?@)?"
    r"(?P<hosts>(?:\[[0-9A-Fa-f:.]+\]|[^:@/?#\[\],]*)(?::\d+)?(?:,(?:\[[0-9A-Fa-f:.]+\]|[^:@/?#\[\],]*)(?::\d+)?)*)"
    r"(?P<path>/[^@?#:]*)?"
    r"(?:\?(?P<parameters>[^@#?]*))?"
)
_BROKER = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[\w.-]+)(?::(?P<port>\d{1,5}))?")


class Settings(BaseSettings):
    """Everything that can be configured. Durations carry their unit in the name."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore", allow_inf_nan=False
    )

    kafka: str = Field(
        "127.0.0.1:9092", description="Bootstrap servers of the Kafka cluster, host:port separated by commas."
    )
    kafka_security: KafkaSecurity = Field(
        "PLAINTEXT", description="How to talk to Kafka: TLS (…SSL), with a name and a password (SASL_…), or plainly."
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="How the password is proved."
    )
    kafka_username: str = Field("", description="The name to log in to Kafka with.")
    kafka_password: SecretStr = Field(SecretStr(""), description="Its password.")
    kafka_ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed the brokers' certificates; default: the system's."
    )
    kafka_cert_file: Path | None = Field(None, description="PEM file of our own certificate, for mutual TLS.")
    kafka_key_file: Path | None = Field(None, description="PEM file of its key, where the certificate's lacks it.")
    kafka_key_password: SecretStr = Field(SecretStr(""), description="The password of the key, if it has one.")
    postgres: SecretStr = Field(
        SecretStr("postgresql://orchestrator@127.0.0.1:5432/orchestrator"),
        description="PostgreSQL connection URL; with TLS add ?sslmode=verify-full&sslrootcert=/path/to/ca.pem.",
    )
    sealing_keys: SecretStr = Field(
        SecretStr(""),
        description="Keys by which secrets stand sealed in PostgreSQL, separated by commas: the first seals, all open.",
    )
    data_dir: Path = Field(Path(".local"), description="Folder for local state; one sub-folder per process.")
    slot: str = Field(
        "worker-0",
        description="Stable name of this worker; used for its data folder and its static group membership.",
        pattern=r"^[a-z0-9][a-z0-9-]{0,62}$",
    )
    group: str = Field("journey-orchestrator", description="Consumer group and application id of the workers.")
    sink_group: str = Field("journey-sink", description="Name under which the sink keeps its offsets.")
    time: TimeMode = Field(
        "wall",
        description="'wall': decisions are made at the worker's clock. 'stream': at the events' times, for replays.",
    )
    topics_dir: Path | None = Field(
        None, description="Folder of topic files; default: the ones shipped with the program."
    )
    topic_prefix: str = Field(
        "",
        pattern=r"^[A-Za-z0-9.-]{0,100}$",
        description="Put before every topic name, to share a cluster (such as 'staging.').",
    )
    replicas: int | None = Field(
        None, ge=1, description="Overrides the replica count of every topic (1 for one broker)."
    )
    partitions: int | None = Field(None, ge=1, description="Overrides the partition count of every customer topic.")
    standbys: int = Field(
        0,
        ge=0,
        description="Copies of every partition that other workers keep up to date, to take it over without recovery.",
    )
    batch_max_records: int = Field(2_000, ge=1, description="Most records decided in one batch.")
    session_timeout_s: float = Field(
        8.0, ge=6.0, le=60.0, description="After this long without a heartbeat a worker is dead."
    )
    metrics_port: int = Field(0, ge=0, le=65_535, description="Port of the Prometheus endpoint; 0 turns it off.")
    api_host: str = Field("127.0.0.1", description="Address the API listens on.")
    api_port: int = Field(8_080, ge=0, le=65_535, description="Port the API listens on.")
    api_cert_file: Path | None = Field(
        None, description="PEM file of the API's certificate: it then speaks HTTPS itself, without a proxy in front."
    )
    api_cert_key_file: Path | None = Field(None, description="PEM file of its key, where the certificate's lacks it.")
    api_requests_per_minute: int = Field(
        3_000, ge=0, description="Requests a caller may make in a minute at each API process; 0: as many as they like."
    )
    hook_requests_per_minute: int = Field(
        6_000, ge=0, description="Webhooks that one hook takes in a minute at each API process; 0: as many as come."
    )
    oidc_issuer: str = Field(
        "", description="Address of an OpenID Connect provider whose access tokens the API takes; empty: keys only."
    )
    oidc_audience: str = Field("", description="What the tokens' claim 'aud' must have; needed with an issuer.")
    oidc_jwks_url: str = Field(
        "", description="Where the provider's public keys are; empty: as its discovery document says."
    )
    oidc_workspace_claim: str = Field("workspace", description="The claim that names the workspace.")
    oidc_role_claim: str = Field(
        "role", description="The claim that names the role: publisher, viewer, editor, approver, admin."
    )
    oidc_name_claim: str = Field("email", description="The claim by which people are named in the audit.")
    oidc_client_id: str = Field(
        "", description="The dashboard's id at the provider, where people then sign in to it; empty: by a key only."
    )
    oidc_scopes: str = Field(
        "openid profile email", description="What the dashboard asks the provider for, separated by spaces."
    )
    oidc_name: str = Field(
        "", max_length=100, description="What the provider is called on the page; empty: its host's name."
    )
    steward_interval_s: float = Field(
        5.0, ge=0.1, le=3_600, description="How often the API looks after experiments and brakes, in seconds."
    )
    backtests_at_once: int = Field(
        2, ge=0, le=64, description="Backtests that an API process runs at once, each in a process beside it; 0: none."
    )
    backtest_timeout_s: float = Field(
        600.0, ge=1, le=86_400, description="How long a backtest on request may take, in seconds."
    )
    backtest_memory_mib: int = Field(
        1_024, ge=128, description="Memory that a backtest on request may take, in MiB: about a KiB for an event."
    )
    outgoing_hosts: str = Field(
        "",
        description="Hosts that subscriptions may send to, as host or host:port, separated by commas; +private behind "
        "one lets it lead to private addresses, +http lets it do without TLS; empty: none.",
    )
    activity_retention_days: int = Field(
        0, ge=0, le=36_500, description="Days after which activities are deleted from PostgreSQL; 0: they stay."
    )
    traces_endpoint: str = Field(
        "",
        pattern=r"^(https?://\S+)?$",
        description="Collector that takes traces by OTLP over HTTP, such as http://collector:4318; empty: no traces.",
    )
    traces_share: float = Field(
        0.01, ge=0.0, le=1.0, description="Share of events and requests without a trace of their own that is traced."
    )
    adapter_group: str = Field(
        "journey-adapter", description="Consumer group of the reference adapters; the channel's name is added to it."
    )
    adapter_rate_per_s: float = Field(
        0.0, ge=0, description="Messages a second that an adapter process sends at most; 0: as fast as it can."
    )
    adapter_concurrency: int = Field(
        16, ge=1, le=1_000, description="Messages that an adapter process sends at the same time."
    )
    adapter_window: int = Field(
        10_000, ge=1, le=1_000_000, description="How far a partition is read beyond the oldest command not answered."
    )
    adapter_most_tries: int = Field(20, ge=1, le=1_000, description="Tries to send a message before it is given up.")
    adapter_first_pause_s: float = Field(
        1.0, gt=0, le=3_600, description="Pause after the first try that failed for the moment; it doubles each time."
    )
    adapter_longest_pause_s: float = Field(300.0, gt=0, le=86_400, description="Longest pause between two tries.")
    adapter_try_for_s: float = Field(
        86_400.0, gt=0, le=604_800, description="How long after the first try a message is given up."
    )
    adapter_unknown_outcome: Literal["fail", "repeat"] = Field(
        "fail",
        description="What an adapter does with a message of which nobody knows whether it went out (it died meanwhile, "
        "or no answer came), where the provider would not know it again: report it as failed, or send it once more.",
    )
    adapter_templates_dir: Path | None = Field(None, description="Folder of the templates of an adapter's messages.")
    adapter_file_dir: Path | None = Field(
        None, description="Folder into which the file adapter writes; default: standard output."
    )
    adapter_reports_port: int = Field(
        0, ge=0, le=65_535, description="Port on which an adapter takes reports of its provider; 0 turns it off."
    )
    adapter_reports_host: str = Field("127.0.0.1", description="Address it listens on for them.")
    adapter_reports_secret: SecretStr = Field(
        SecretStr(""),
        description="Secret (whsec_…) that signs reports and seals the references given out with messages.",
    )
    smtp_host: str = Field("127.0.0.1", description="Mail server of the SMTP adapter.")
    smtp_port: int = Field(587, ge=1, le=65_535, description="Its port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How to talk to the mail server: STARTTLS, TLS from the first byte on, or plainly."
    )
    smtp_ca_file: Path | None = Field(
        None, description="PEM file of the authority that signed the mail server's certificate; default: the system's."
    )
    smtp_username: str = Field("", description="The name to log in to the mail server with; empty: without a login.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Its password.")
    smtp_timeout_s: float = Field(30.0, gt=0, le=600, description="How long the mail server may take for an answer.")
    smtp_from: str = Field("", description="Sender of the mails, as 'Shop <news@shop.example>'.")
    smtp_to_variable: str = Field("email", description="The variable of a command that has the recipient's address.")
    smtp_unsubscribe_url: str = Field(
        "",
        description="Address for one-click unsubscription, with {reference} in it; empty: no List-Unsubscribe header.",
    )
    webhook_endpoints_file: Path | None = Field(
        None, description="YAML file of the endpoints of the webhook adapter, by the names that journeys use."
    )
    webhook_timeout_s: float = Field(15.0, gt=0, le=300, description="How long an endpoint may take for its answer.")
    log_format: Literal["json", "text"] = Field("json", description="One JSON object a line, or plain text for people.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least level that is printed.")

    @field_validator("kafka")
    @classmethod
    def _brokers_are_addresses(cls, given: str) -> str:
        """Told without the text: who writes something else may have written a password into it."""
        found = [_BROKER.fullmatch(each.strip()) for each in given.split(",") if each.strip()]
        if not found or not all(match and int(match["port"] or 1) in range(1, 65_536) for match in found):
            raise ValueError(
                "it is not host:port, several separated by commas; a name and a password go in "
                "ORCHESTRATOR_KAFKA_USERNAME and ORCHESTRATOR_KAFKA_PASSWORD"
            )
        return given

    @field_validator("postgres")
    @classmethod
    def _the_password_is_where_it_is_looked_for(cls, given: SecretStr) -> SecretStr:
        """Else it would be taken for a host or a port, and stand in messages about them."""
        if not POSTGRES_URL.fullmatch(given.get_secret_value()):
            raise ValueError(
                "it is not postgresql://user:password@host:port/database; in the password write @ : / ? # as "
                "%40 %3A %2F %3F %23"
            )
        return given

    @model_validator(mode="before")
    @classmethod
    def _only_what_is_said_counts(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Space around a value and a line's end, Windows' too, are no part of it; an empty value is none at all."""
        bare = {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}
        return {name: value for name, value in bare.items() if value != ""}

    @model_validator(mode="after")
    def _a_login_is_whole(self) -> "Settings":
        if self.kafka_security.startswith("SASL") and not (
            self.kafka_username and self.kafka_password.get_secret_value()
        ):
            raise ValueError(
                f"ORCHESTRATOR_KAFKA_SECURITY is {self.kafka_security}, so ORCHESTRATOR_KAFKA_USERNAME and "
                "ORCHESTRATOR_KAFKA_PASSWORD must be set"
            )
        return self

    @model_validator(mode="after")
    def _reports_are_signed(self) -> "Settings":
        if (self.adapter_reports_port or self.smtp_unsubscribe_url) and not (
            self.adapter_reports_secret.get_secret_value()
        ):
            raise ValueError(
                "ORCHESTRATOR_ADAPTER_REPORTS_PORT or ORCHESTRATOR_SMTP_UNSUBSCRIBE_URL is set, so "
                "ORCHESTRATOR_ADAPTER_REPORTS_SECRET must be set too"
            )
        return self

    @model_validator(mode="after")
    def _a_sign_in_is_whole(self) -> "Settings":
        if self.oidc_client_id and not self.oidc_issuer:
            raise ValueError("ORCHESTRATOR_OIDC_CLIENT_ID is set, so ORCHESTRATOR_OIDC_ISSUER must be set too")
        if self.oidc_client_id and self.oidc_client_id == self.oidc_audience:
            raise ValueError(
                "ORCHESTRATOR_OIDC_CLIENT_ID is the same as ORCHESTRATOR_OIDC_AUDIENCE, so that an ID token would pass "
                "for an access token; register the dashboard and the API apart"
            )
        if self.oidc_client_id and "openid" not in self.oidc_scopes.split():
            raise ValueError(
                "ORCHESTRATOR_OIDC_SCOPES lacks openid, without which a provider does not say who signed in; add it"
            )
        return self


def load_settings(**overrides: object) -> Settings:
    """Reads the settings; ``overrides`` win over the environment.

    Raises:
        ConfigurationError: naming every variable that has a value it cannot have, or a file that cannot be read.
    """
    folder = secrets_dir()
    for file in secret_files(folder):
        _can_be_read(file)
    try:
        return Settings(_secrets_dir=folder, **overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [_line(e) for e in error.errors()]
        raise ConfigurationError("reading the settings: " + "; ".join(lines)) from error


def secrets_dir() -> str | None:
    """The folder of files with secrets that the environment names, if it does.

    Raises:
        ConfigurationError: it is not there; what it should say would else be missing without a word.
    """
    folder = os.environ.get(SECRETS_DIR)
    if folder and not Path(folder).is_dir():
        raise ConfigurationError(f"reading the settings: {SECRETS_DIR} is {folder}, which is no folder; is it mounted?")
    return folder or None


def secret_files(folder: str | None) -> list[Path]:
    """The files of the folder that settings are read from, in order."""
    names = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    return sorted(each for each in Path(folder).iterdir() if each.name.upper() in names) if folder else []


def _can_be_read(file: Path) -> None:
    try:
        file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"reading the settings: {file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"reading the settings: {file} has no value: it is not plain text in UTF-8") from error


def _line(detail: Mapping[str, Any]) -> str:
    """One thing wrong with the settings; what is wrong with several together names them itself."""
    message = str(detail["msg"]).removeprefix("Value error, ")
    name = "_".join(str(part) for part in detail["loc"]).upper()
    return f"{PREFIX}{name}: {message}" if name else message
