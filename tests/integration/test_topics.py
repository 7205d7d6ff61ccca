"""The declared topics on a real broker."""

import logging

import pytest
from aiokafka.admin import NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from orchestrator.catalog import CHANNELS, Catalog
from orchestrator.errors import ConfigurationError
from orchestrator.kafka.clients import closing, open_admin, open_producer
from orchestrator.kafka.plan import AddPartitions, AlterConfig, CreateTopic
from orchestrator.kafka.topics import apply_topics, look, plan_topics
from orchestrator.settings import Settings

pytestmark = pytest.mark.integration


async def test_first_apply_creates_every_topic_as_declared_and_the_second_has_nothing_to_do(
    settings: Settings, topics: Catalog
) -> None:
    pictures = await look(settings, topics.specs)
    assert set(pictures) == {spec.name for spec in topics.specs}
    for spec in topics.specs:
        picture = pictures[spec.name]
        assert (picture.partitions, picture.replicas) == (spec.partitions, spec.replicas)
        assert spec.config.items() <= picture.config.items()
    assert (await apply_topics(settings)).is_empty


async def test_every_channel_has_a_topic_for_its_commands(settings: Settings, topics: Catalog) -> None:
    pictures = await look(settings, topics.specs)
    assert {topics.commands(channel) for channel in CHANNELS} <= set(pictures)


async def test_plan_says_what_apply_would_do_and_changes_nothing(settings: Settings, catalog: Catalog) -> None:
    planned = await plan_topics(settings)
    assert [type(action) for action in planned.actions] == [CreateTopic] * len(catalog.specs)
    assert await look(settings, catalog.specs) == {}


async def test_empty_customer_topics_get_the_missing_partitions(settings: Settings, topics: Catalog) -> None:
    wider = settings.model_copy(update={"partitions": 6})
    planned = await apply_topics(wider)
    assert AddPartitions(topics.events, 4, 6) in planned.actions
    pictures = await look(wider, topics.specs)
    assert {pictures[spec.name].partitions for spec in Catalog(wider).specs if spec.copartition} == {6}
    assert (await plan_topics(wider)).is_empty


async def test_customer_topics_that_hold_records_keep_their_partitions(settings: Settings, topics: Catalog) -> None:
    async with closing(await open_producer(settings, "test")) as producer:
        await producer.send_and_wait(topics.deliveries, b"{}", key=b"w:c")
    with pytest.raises(ConfigurationError, match="would move customers' keys"):
        await apply_topics(settings.model_copy(update={"partitions": 6}))
    # A refusal changes nothing at all, not even what could be changed.
    pictures = await look(settings, topics.specs)
    assert all(pictures[spec.name].partitions == spec.partitions for spec in topics.specs)


async def test_partitions_are_never_taken_away(settings: Settings, topics: Catalog) -> None:
    with pytest.raises(ConfigurationError, match="cannot take partitions away"):
        await apply_topics(settings.model_copy(update={"partitions": 2}))


async def test_a_changed_value_is_put_back_and_what_others_have_set_stays(settings: Settings, topics: Catalog) -> None:
    by_hand = {**topics.spec(topics.events).config, "retention.ms": "1000", "segment.ms": "3600000"}
    async with closing(await open_admin(settings)) as admin:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topics.events, by_hand)])
    planned = await apply_topics(settings)
    assert [type(action) for action in planned.actions] == [AlterConfig]
    picture = (await look(settings, topics.specs))[topics.events]
    assert picture.overrides["retention.ms"] == topics.spec(topics.events).config["retention.ms"]
    assert picture.overrides["segment.ms"] == "3600000"


async def test_a_topic_that_someone_else_has_just_made_is_no_error(settings: Settings, catalog: Catalog) -> None:
    spec = catalog.spec(catalog.configs)
    async with closing(await open_admin(settings)) as admin:
        await admin.create_topics([NewTopic(spec.name, spec.partitions, 1)])
    await apply_topics(settings)
    assert (await plan_topics(settings)).is_empty


async def test_more_replicas_than_brokers_is_told_with_the_topic(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match=r"creating topic .*replication factor"):
        await apply_topics(settings.model_copy(update={"replicas": 99}))


async def test_applying_is_logged_once_per_change(
    settings: Settings, topics: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    async with closing(await open_admin(settings)) as admin:
        await admin.create_partitions({topics.dead_letters: NewPartitions(5)})
    with caplog.at_level(logging.INFO, "orchestrator"), pytest.raises(ConfigurationError):
        await apply_topics(settings)
    assert not [record for record in caplog.records if getattr(record, "action", "") == "topic_changed"]
