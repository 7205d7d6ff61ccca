"""The topic files, and the catalog under the settings of one installation."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.catalog import (
    CHANNELS,
    CUSTOMER_KEY,
    LONGEST_NAME,
    REQUIRED,
    Catalog,
    read_specs,
    shipped_topics,
)
from orchestrator.errors import ConfigurationError

GOOD = """
name = "a.topic.v1"
about = "What it is."
schema = "a.v1"
key = "nothing"
partitions = 2
replicas = 3
producers = ["one"]
consumers = ["other"]
[config]
"cleanup.policy" = "delete"
"retention.ms" = 1_000
"""


@dataclass(frozen=True)
class Given:
    group: str = "journey-orchestrator"
    topic_prefix: str = ""
    replicas: int | None = None
    partitions: int | None = None
    topics_dir: Path | None = None


def write(folder: Path, name: str, text: str) -> Path:
    (folder / f"{name}.toml").write_text(text)
    return folder


def test_the_shipped_files_are_exactly_the_topics_the_program_knows() -> None:
    assert set(read_specs(shipped_topics())) == set(REQUIRED)


def test_customer_topics_share_their_partition_count_and_key() -> None:
    catalog = Catalog(Given())
    members = [spec for spec in catalog.specs if spec.copartition == "customer"]
    assert {spec.name for spec in members} == {catalog.events, catalog.deliveries, catalog.timers, catalog.changelog}
    assert {spec.partitions for spec in members} == {catalog.customer_partitions} == {8}
    assert {spec.key for spec in members} == {CUSTOMER_KEY}


def test_only_state_is_compacted() -> None:
    catalog = Catalog(Given())
    compacted = {spec.name for spec in catalog.specs if spec.config["cleanup.policy"] == "compact"}
    assert compacted == {catalog.configs, catalog.changelog}


def test_retention_counts_from_arrival_since_events_may_be_old_when_they_arrive() -> None:
    assert {spec.config["message.timestamp.type"] for spec in Catalog(Given()).specs} == {"LogAppendTime"}


def test_every_channel_has_its_own_topic_of_commands() -> None:
    catalog = Catalog(Given())
    assert {catalog.commands(channel) for channel in CHANNELS} == {f"channel.send-commands.{c}.v1" for c in CHANNELS}


def test_the_prefix_is_put_before_every_name_but_the_changelogs_which_follows_the_group() -> None:
    catalog = Catalog(Given(group="mine", topic_prefix="staging."))
    assert catalog.events == "staging.engagement.events.v1"
    assert catalog.commands("in-app") == "staging.channel.send-commands.in-app.v1"
    assert catalog.changelog == "mine-customers-changelog"
    assert catalog.spec(catalog.changelog).copartition == "customer"


def test_overriding_partitions_reaches_all_customer_topics_and_no_other() -> None:
    catalog = Catalog(Given(partitions=3))
    assert {spec.partitions for spec in catalog.specs if spec.key == CUSTOMER_KEY} == {3}
    assert catalog.spec(catalog.configs).partitions == 1


@pytest.mark.parametrize(("replicas", "least_in_sync"), [(None, "2"), (3, "2"), (2, "1"), (1, "1"), (5, "2")])
def test_one_replica_may_always_be_away(replicas: int | None, least_in_sync: str) -> None:
    specs = Catalog(Given(replicas=replicas)).specs
    assert {spec.config["min.insync.replicas"] for spec in specs} == {least_in_sync}
    assert {spec.replicas for spec in specs} == {replicas or 3}


def test_names_that_kafka_would_refuse_are_told_before_it_is_asked() -> None:
    with pytest.raises(ConfigurationError, match=f"longer than {LONGEST_NAME} characters"):
        Catalog(Given(group="g" * 240))


def test_numbers_and_booleans_of_the_configuration_become_kafkas_texts(tmp_path: Path) -> None:
    text = GOOD + '"unclean.leader.election.enable" = false\n"min.cleanable.dirty.ratio" = 0.1\n'
    spec = read_specs(write(tmp_path, "a.topic.v1", text))["a.topic.v1"]
    assert spec.config["retention.ms"] == "1000"
    assert spec.config["unclean.leader.election.enable"] == "false"
    assert spec.config["min.cleanable.dirty.ratio"] == "0.1"


def test_all_problems_of_all_files_are_named_at_once(tmp_path: Path) -> None:
    write(
        tmp_path, "one.v1", GOOD.replace('"a.topic.v1"', '"one.v1"').replace("replicas = 3", "replicas = 0\nowner = 1")
    )
    write(tmp_path, "two.v1", GOOD.replace('"a.topic.v1"', '"two_v1"').replace('about = "What it is."', ""))
    write(tmp_path, "three.v1", "name = ")
    with pytest.raises(ConfigurationError) as caught:
        read_specs(tmp_path)
    message = str(caught.value)
    for expected in (
        "one.v1.toml: replicas",
        "one.v1.toml: owner",
        "two.v1.toml: name",
        "two.v1.toml: about",
        "three.v1.toml",
    ):
        assert expected in message


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("partitions = 2", "partitions = 0"), "partitions"),
        (("partitions = 2", "partitions = true"), "partitions"),
        (("partitions = 2", 'partitions = "2"'), "partitions"),
        (('producers = ["one"]', "producers = []"), "producers"),
        (('consumers = ["other"]', 'consumers = "other"'), "consumers"),
        (('schema = "a.v1"', 'schema = ""'), "schema"),
        (('"retention.ms" = 1_000', "retention.ms = 1_000"), "config.retention"),
        (('name = "a.topic.v1"', 'name = "an other"'), "name"),
    ],
)
def test_a_field_that_cannot_be_is_named(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    write(tmp_path, "a.topic.v1", GOOD.replace(*change))
    with pytest.raises(ConfigurationError, match=f"a.topic.v1.toml: {problem}"):
        read_specs(tmp_path)


def test_a_file_is_called_like_its_topic(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"must be called a\.topic\.v1\.toml"):
        read_specs(write(tmp_path, "another", GOOD))


def test_unequal_partition_counts_in_a_group_are_told_with_the_counts(tmp_path: Path) -> None:
    for name, count in (("one", 2), ("two", 4)):
        text = GOOD.replace('"a.topic.v1"', f'"{name}"\ncopartition = "pair"').replace(
            "partitions = 2", f"partitions = {count}"
        )
        write(tmp_path, name, text)
    with pytest.raises(ConfigurationError, match=r"'pair' has different partition counts \(one 2, two 4\)"):
        read_specs(tmp_path)


def test_a_folder_without_a_needed_topic_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"engagement\.events\.v1: there is no file"):
        Catalog(Given(topics_dir=write(tmp_path, "a.topic.v1", GOOD)))


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is none in"):
        read_specs(tmp_path)
