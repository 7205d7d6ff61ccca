"""The declared topics on the cluster: look at them, plan, apply. Never deletes, never takes partitions away.

Kafka's old ``AlterConfigs`` request (all that aiokafka has) replaces every value set on a topic, so the full set is
sent: what others have set by hand stays.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code
from aiokafka.structs import TopicPartition

from orchestrator.catalog import Catalog, TopicSpec
from orchestrator.errors import ConfigurationError, Unavailable
from orchestrator.kafka.clients import closing, hushed, open_admin, open_reader
from orchestrator.kafka.plan import Action, AddPartitions, AlterConfig, CreateTopic, Plan, TopicPicture, plan
from orchestrator.settings import Settings

log = logging.getLogger(__name__)

ROLE = "topics"
APPLY_DEADLINE_S = 60.0
POLL_S = 0.05
# Where a value of a topic's configuration comes from (DescribeConfigs): 1 is the topic itself.
SET_ON_THE_TOPIC = 1


async def plan_topics(settings: Settings) -> Plan:
    """What ``apply_topics`` would do; changes nothing.

    Raises:
        ConfigurationError: when the topic files have problems.
        Unavailable: when the cluster does not answer.
    """
    specs = Catalog(settings).specs
    return plan(specs, await look(settings, specs))


async def apply_topics(settings: Settings) -> Plan:
    """Makes the cluster as declared, waits until every partition answers, and returns what was done.

    Raises:
        ConfigurationError: when the topic files have problems, or the plan has a refusal (then nothing is changed).
        Unavailable: when the cluster does not answer.
    """
    specs = Catalog(settings).specs
    done: list[Action] = []
    deadline = time.monotonic() + APPLY_DEADLINE_S
    async with closing(await open_admin(settings, ROLE)) as admin:
        # Planned again until nothing is left to do, since someone else may be making the same topics.
        while time.monotonic() < deadline:
            planned = plan(specs, await look(settings, specs))
            if planned.refusals:
                raise ConfigurationError("applying the topics: " + "; ".join(planned.refusals))
            if not planned.actions:
                return Plan(tuple(done), notes=planned.notes)
            carried_out = await _carry_out(planned, admin)
            for action in carried_out:
                log.info("Topics: %s", action, extra={"action": "topic_changed"})
            done += carried_out
            # The brokers tell nobody when they know, so there is no event to wait for.
            while not await _is_visible(carried_out, admin) and time.monotonic() < deadline:  # noqa: ASYNC110
                await asyncio.sleep(POLL_S)
    raise Unavailable(
        f"applying the topics: after {APPLY_DEADLINE_S:.0f} s the brokers do not show them as declared; "
        "is the cluster overloaded, or is someone else changing them? `orchestrator topics plan` shows what is left"
    )


async def look(settings: Settings, specs: Sequence[TopicSpec]) -> dict[str, TopicPicture]:
    """The pictures of those declared topics that exist."""
    async with closing(await open_admin(settings, ROLE)) as admin:
        layouts = await _layouts(admin, [spec.name for spec in specs])
        configs = await _configs(admin, list(layouts))
    records = await _records(settings, {name: partitions for name, (partitions, _) in layouts.items()})
    return {
        name: TopicPicture(partitions, replicas, *configs[name], records[name])
        for name, (partitions, replicas) in layouts.items()
        if name in configs
    }


def show(specs: Sequence[TopicSpec]) -> list[str]:
    """The data's way in lines: who writes, the topic, who reads."""
    rows = [(", ".join(spec.producers), spec.name, ", ".join(spec.consumers), spec) for spec in specs]
    left = max(len(row[0]) for row in rows)
    middle = max(len(row[1]) for row in rows)
    return [
        f"{writers:>{left}} ─► {name:<{middle}} ─► {readers}  "
        f"({spec.partitions} × {spec.replicas}, {spec.config.get('cleanup.policy', 'delete')}, {spec.schema_name})"
        for writers, name, readers, spec in rows
    ]


async def _layouts(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Partition and replica counts of those of the topics that exist."""
    layouts = {}
    for topic in await admin.describe_topics(list(names)):
        if topic["error_code"] == UnknownTopicOrPartitionError.errno:
            continue
        if topic["error_code"]:
            raise Unavailable(f"looking at topic {topic['topic']}: {for_code(topic['error_code']).__name__}")
        layouts[topic["topic"]] = len(topic["partitions"]), len(topic["partitions"][0]["replicas"])
    return layouts


async def _configs(
    admin: AIOKafkaAdminClient, names: Sequence[str]
) -> dict[str, tuple[dict[str, str], dict[str, str]]]:
    """For each topic the values in force, and those that are set on the topic itself."""
    if not names:
        return {}
    found = {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    for response in await admin.describe_configs(resources):
        for code, _message, _kind, name, entries in response.resources:
            if code == UnknownTopicOrPartitionError.errno:  # told of, but not everywhere yet
                continue
            if code:
                raise Unavailable(f"looking at the configuration of topic {name}: {for_code(code).__name__}")
            in_force = {entry[0]: entry[1] for entry in entries}
            found[name] = in_force, {entry[0]: entry[1] for entry in entries if entry[3] == SET_ON_THE_TOPIC}
    return found


async def _records(settings: Settings, counts: Mapping[str, int]) -> dict[str, int]:
    """How many records were ever written to each topic."""
    partitions = [TopicPartition(name, number) for name, count in counts.items() for number in range(count)]
    if not partitions:
        return {}
    async with closing(await open_reader(settings, ROLE, committed_only=False)) as reader:
        reader.assign(partitions)
        # A partition that is being made has no leader yet: the reader asks again until it has.
        with hushed("aiokafka.consumer.fetcher", "Failed fetch offsets"):
            ends = await reader.end_offsets(partitions)
    return {name: sum(ends[TopicPartition(name, number)] for number in range(count)) for name, count in counts.items()}


async def _carry_out(planned: Plan, admin: AIOKafkaAdminClient) -> list[Action]:
    """Does it, and returns what was really done: not the making of a topic that someone else has made meanwhile."""
    done: list[Action] = []
    new: dict[str, CreateTopic] = {}
    for action in planned.actions:
        match action:
            case CreateTopic(spec):
                new[spec.name] = action
                continue
            case AddPartitions(name, _, after):
                await admin.create_partitions({name: NewPartitions(after)})
            case AlterConfig(name, _, _, overrides):
                await _alter(admin, name, overrides)
        done.append(action)
    if new:
        response = await admin.create_topics([_new_topic(creation.spec) for creation in new.values()])
        for name, code, message in response.topic_errors:
            if code == 0:
                done.append(new[name])
            elif code != TopicAlreadyExistsError.errno:
                raise ConfigurationError(f"creating topic {name}: {message or for_code(code).__name__}")
    return done


def _new_topic(spec: TopicSpec) -> NewTopic:
    return NewTopic(spec.name, spec.partitions, spec.replicas, topic_configs=dict(spec.config))


async def _alter(admin: AIOKafkaAdminClient, name: str, overrides: Mapping[str, str]) -> None:
    for response in await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, dict(overrides))]):
        for code, message, _kind, topic in response.resources:
            if code:
                raise ConfigurationError(f"altering topic {topic}: {message or for_code(code).__name__}")


async def _is_visible(actions: Sequence[Action], admin: AIOKafkaAdminClient) -> bool:
    """Whether the brokers tell of these changes: the controller answers before they know."""
    names = [action.name for action in actions]
    layouts = await _layouts(admin, names)
    configs = await _configs(admin, list(layouts))

    def shows(action: Action) -> bool:
        in_force, _ = configs.get(action.name, ({}, {}))
        match action:
            case CreateTopic(spec):
                return action.name in layouts and spec.config.items() <= in_force.items()
            case AddPartitions(name, _, after):
                return name in layouts and layouts[name][0] == after
            case AlterConfig(_, _, after, _):
                return after.items() <= in_force.items()

    return all(shows(action) for action in actions)
