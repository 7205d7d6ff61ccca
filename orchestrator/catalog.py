"""The topics: what each is for, how it is laid out, who writes and who reads it. Read from one TOML file per topic.

The files are the complete list of what exists on the cluster: brokers and Faust create nothing by themselves.
``Catalog`` gives the names under the settings of one installation (prefix, group, replicas, partitions).
"""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Protocol, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from orchestrator.definitions.guardrail import Channel
from orchestrator.errors import ConfigurationError

EVENTS = "engagement.events.v1"
DELIVERIES = "channel.delivery-events.v1"
TIMERS = "journeys.timers.v1"
CONFIGS = "journeys.configs.v1"
ACTIVITIES = "journeys.activities.v1"
DEAD_LETTERS = "journeys.dead-letters.v1"
ADAPTER_LEDGER = "channel.adapter-ledger.v1"
# Faust derives the name of a table's changelog from the application id, which is the setting ``group``.
CHANGELOG = "{group}-customers-changelog"
CHANNELS: tuple[str, ...] = get_args(Channel)
CUSTOMER_KEY = "workspace_id:customer_id"

DEFAULT_GROUP = "journey-orchestrator"
LONGEST_NAME = 249  # Kafka's limit; underscores are refused too: Kafka's metrics cannot tell them from dots


def commands_topic(channel: str) -> str:
    """The topic whose records ask an adapter of this channel to send."""
    return f"channel.send-commands.{channel}.v1"


REQUIRED = (
    EVENTS,
    DELIVERIES,
    TIMERS,
    CONFIGS,
    ACTIVITIES,
    DEAD_LETTERS,
    ADAPTER_LEDGER,
    CHANGELOG,
    *map(commands_topic, CHANNELS),
)


def _as_text(value: object) -> object:
    """A value of Kafka's configuration as Kafka writes it."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case _:
            return value


Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1, strict=True)]
ConfigText = Annotated[str, BeforeValidator(_as_text)]


class TopicSpec(BaseModel):
    """One topic as declared. ``copartition`` names the group of topics that must have the same partition count.

    ``schema_name`` (``schema`` in the file) is the JSON Schema of its values; ``key`` says in words what its keys are;
    ``config`` is Kafka's own configuration of the topic.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(max_length=LONGEST_NAME, pattern=r"^(\{group\})?[A-Za-z0-9.-]+$")
    about: Text
    schema_name: Text = Field(alias="schema")
    key: Text
    copartition: Text | None = None
    partitions: Count
    replicas: Count
    producers: tuple[Text, ...] = Field(min_length=1)
    consumers: tuple[Text, ...] = Field(min_length=1)
    config: Mapping[str, ConfigText]


class TopicSettings(Protocol):
    """The settings that decide names and sizes; ``orchestrator.settings.Settings`` has them."""

    @property
    def group(self) -> str:
        """Application id of the workers."""

    @property
    def topic_prefix(self) -> str:
        """Put before every name but the changelog's, which has the group in it."""

    @property
    def replicas(self) -> int | None:
        """Overrides the replica count of every topic."""

    @property
    def partitions(self) -> int | None:
        """Overrides the partition count of every topic that is keyed by customer."""

    @property
    def topics_dir(self) -> Path | None:
        """Folder of topic files; None for the ones shipped."""


class Catalog:
    """The topics of one installation, under their real names.

    Raises:
        ConfigurationError: naming every problem in every topic file.
    """

    def __init__(self, settings: TopicSettings) -> None:
        declared = read_specs(settings.topics_dir or shipped_topics())
        problems = [f"{name}: there is no file for this topic" for name in REQUIRED if name not in declared]
        if problems:
            raise ConfigurationError("reading the topic files: " + "; ".join(problems))
        self._by_declared_name = {name: installed(spec, settings) for name, spec in declared.items()}
        self.specs: tuple[TopicSpec, ...] = tuple(self._by_declared_name.values())
        too_long = [spec.name for spec in self.specs if len(spec.name) > LONGEST_NAME]
        if too_long:
            raise ConfigurationError(
                f"naming the topics: {', '.join(too_long)} would be longer than {LONGEST_NAME} characters; "
                "choose a shorter ORCHESTRATOR_TOPIC_PREFIX or ORCHESTRATOR_GROUP"
            )
        self.events = self._by_declared_name[EVENTS].name
        self.deliveries = self._by_declared_name[DELIVERIES].name
        self.timers = self._by_declared_name[TIMERS].name
        self.configs = self._by_declared_name[CONFIGS].name
        self.activities = self._by_declared_name[ACTIVITIES].name
        self.dead_letters = self._by_declared_name[DEAD_LETTERS].name
        self.ledger = self._by_declared_name[ADAPTER_LEDGER].name
        self.changelog = self._by_declared_name[CHANGELOG].name
        self.customer_partitions = self._by_declared_name[EVENTS].partitions
        self.command_topics: Mapping[str, str] = MappingProxyType(
            {channel: self._by_declared_name[commands_topic(channel)].name for channel in CHANNELS}
        )
        self._by_name = {spec.name: spec for spec in self.specs}

    def commands(self, channel: str) -> str:
        """The topic of send commands for this channel (a ``KeyError`` for one that is not in ``CHANNELS``)."""
        return self.command_topics[channel]

    def written_by(self, room: str) -> list[tuple[str, int]]:
        """Every partition to which a room (``streams``, ``api``, …) may write, as (topic, number)."""
        return [
            (spec.name, number) for spec in self.specs if room in spec.producers for number in range(spec.partitions)
        ]

    def spec(self, name: str) -> TopicSpec:
        """The topic with this real name (a ``KeyError`` when there is none)."""
        return self._by_name[name]


def installed(spec: TopicSpec, settings: TopicSettings) -> TopicSpec:
    """The topic as it is to be on this cluster: its real name, and the counts that the settings override."""
    templated = "{group}" in spec.name
    name = spec.name.replace("{group}", settings.group) if templated else settings.topic_prefix + spec.name
    replicas = settings.replicas or spec.replicas
    partitions = (settings.partitions if spec.copartition or spec.key == CUSTOMER_KEY else None) or spec.partitions
    config = dict(spec.config)
    if "min.insync.replicas" in config:
        # With fewer copies than declared, one of them must still be allowed to be away.
        config["min.insync.replicas"] = str(min(int(config["min.insync.replicas"]), max(1, replicas - 1)))
    changes = {"name": name, "replicas": replicas, "partitions": partitions, "config": config}
    return spec.model_copy(update=changes)


def shipped_topics() -> Path:
    """The folder of topic files inside the installed program, or in the checkout that it runs from."""
    package = Path(__file__).parent
    inside = package / "_data" / "topics"
    return inside if inside.is_dir() else package.parent / "topics"


def read_specs(folder: Path) -> dict[str, TopicSpec]:
    """Every ``*.toml`` in the folder, by declared name, in the order of the files' names.

    Raises:
        ConfigurationError: naming every problem in every file.
    """
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise ConfigurationError(f"reading the topic files: there is none in {folder}")
    specs: list[TopicSpec] = []
    problems: list[str] = []
    for file in files:
        try:
            spec = TopicSpec.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            problems.append(f"{file.name}: not TOML: {error}")
        except ValidationError as error:
            problems += [f"{file.name}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        else:
            specs.append(spec)
            expected = spec.name.replace("{group}", DEFAULT_GROUP)
            if file.stem != expected:
                problems.append(f"{file.name}: the name in it is {spec.name!r}, so it must be called {expected}.toml")
    problems += group_problems(specs)
    if problems:
        raise ConfigurationError("reading the topic files: " + "; ".join(problems))
    return {spec.name: spec for spec in specs}


def group_problems(specs: Sequence[TopicSpec]) -> list[str]:
    """Topics with the same name, and copartition groups with unequal partition counts."""
    problems = [f"{name} is declared {n} times" for name, n in Counter(spec.name for spec in specs).items() if n > 1]
    for group in sorted({spec.copartition for spec in specs if spec.copartition}):
        counts = {spec.name: spec.partitions for spec in specs if spec.copartition == group}
        if len(set(counts.values())) > 1:
            listing = ", ".join(f"{name} {count}" for name, count in counts.items())
            problems.append(f"the copartition group {group!r} has different partition counts ({listing})")
    return problems
