"""What has to change on the cluster: create, add, alter; and what is refused."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.catalog import TopicSpec
from orchestrator.kafka.plan import AddPartitions, AlterConfig, CreateTopic, TopicPicture, plan
from orchestrator.kafka.topics import show


def a_spec(name: str, partitions: int = 4, group: str | None = None, replicas: int = 1, **config: str) -> TopicSpec:
    return TopicSpec(
        name=name,
        about="A topic.",
        schema="a.v1",
        key="nothing",
        copartition=group,
        partitions=partitions,
        replicas=replicas,
        producers=("writer",),
        consumers=("reader",),
        config={key.replace("_", "."): value for key, value in config.items()},
    )


def a_picture(
    partitions: int = 4, records: int = 0, overrides: dict[str, str] | None = None, replicas: int = 1
) -> TopicPicture:
    in_force = {"retention.ms": "604800000", "cleanup.policy": "delete", **(overrides or {})}
    return TopicPicture(partitions, replicas, in_force, overrides or {}, records)


def test_a_cluster_as_declared_needs_nothing() -> None:
    planned = plan([a_spec("a", retention_ms="604800000")], {"a": a_picture()})
    assert planned.is_empty
    assert list(planned.lines()) == []


def test_a_missing_topic_is_created() -> None:
    spec = a_spec("a")
    assert plan([spec], {}).actions == (CreateTopic(spec),)


def test_topics_that_are_not_declared_are_left_alone() -> None:
    assert plan([a_spec("a")], {"a": a_picture(), "stranger": a_picture()}).is_empty


def test_a_topic_without_a_group_gets_partitions_even_when_it_holds_records() -> None:
    assert plan([a_spec("a", 6)], {"a": a_picture(4, records=9)}).actions == (AddPartitions("a", 4, 6),)


def test_partitions_are_never_taken_away_not_even_from_an_empty_topic() -> None:
    planned = plan([a_spec("a", 2)], {"a": a_picture(4)})
    assert planned.actions == ()
    assert "cannot take partitions away" in planned.refusals[0]


def test_a_customer_topic_gets_partitions_while_its_whole_group_is_empty() -> None:
    specs = [a_spec("events", 6, "customer"), a_spec("changelog", 6, "customer")]
    planned = plan(specs, {"events": a_picture(4), "changelog": a_picture(4)})
    assert planned.actions == (AddPartitions("events", 4, 6), AddPartitions("changelog", 4, 6))


def test_a_customer_topic_keeps_its_partitions_once_any_of_its_group_was_written_to() -> None:
    specs = [a_spec("events", 6, "customer"), a_spec("changelog", 6, "customer")]
    planned = plan(specs, {"events": a_picture(4), "changelog": a_picture(4, records=1)})
    assert planned.actions == ()
    assert len(planned.refusals) == 2
    assert all("would move customers' keys" in refusal and "changelog" in refusal for refusal in planned.refusals)


def test_a_new_member_must_fit_the_members_of_its_group_that_hold_records() -> None:
    specs = [a_spec("events", 4, "customer"), a_spec("timers", 8, "customer")]
    planned = plan(specs, {"events": a_picture(4, records=1)})
    assert planned.actions == ()
    assert "would not fit its group" in planned.refusals[0]


def test_a_changed_value_is_altered_and_the_values_others_have_set_are_sent_along() -> None:
    picture = a_picture(overrides={"segment.ms": "5"})
    (action,) = plan([a_spec("a", retention_ms="1")], {"a": picture}).actions
    assert action == AlterConfig(
        "a", {"retention.ms": "604800000"}, {"retention.ms": "1"}, {"segment.ms": "5", "retention.ms": "1"}
    )
    assert str(action) == "alter a: retention.ms 604800000 -> 1"


def test_another_replica_count_is_noted_and_stops_nothing() -> None:
    planned = plan([a_spec("a", replicas=3)], {"a": a_picture()})
    assert planned.is_empty
    assert "kafka-reassign-partitions" in planned.notes[0]


def test_every_line_of_a_plan_says_what_and_where() -> None:
    specs = [a_spec("new"), a_spec("small", 9), a_spec("big", 1)]
    planned = plan(specs, {"small": a_picture(4), "big": a_picture(4)})
    text = "\n".join(planned.lines())
    assert "create new: 4 partitions" in text
    assert "add partitions to small: 4 -> 9" in text
    assert "refuse big:" in text


def test_show_draws_writers_topic_and_readers() -> None:
    (line,) = show([a_spec("a", cleanup_policy="compact")])
    assert line == "writer ─► a ─► reader  (4 × 1, compact, a.v1)"


counts = st.integers(1, 6)


@given(
    st.dictionaries(st.sampled_from("abcd"), st.tuples(counts, counts, st.integers(0, 2), st.booleans()), min_size=1)
)
def test_no_plan_moves_a_key_or_takes_a_partition_away(topics: dict[str, tuple[int, int, int, bool]]) -> None:
    specs = [a_spec(name, want, "customer" if grouped else None) for name, (want, _, _, grouped) in topics.items()]
    cluster = {name: a_picture(have, records) for name, (_, have, records, _) in topics.items()}
    planned = plan(specs, cluster)
    used = any(records for _, _, records, grouped in topics.values() if grouped)
    for action in planned.actions:
        assert isinstance(action, AddPartitions)
        assert action.after > action.before
        assert not (topics[action.name][3] and used)
    unequal = {name for name, (want, have, _, _) in topics.items() if want != have}
    assert len(planned.actions) + len(planned.refusals) == len(unequal)
