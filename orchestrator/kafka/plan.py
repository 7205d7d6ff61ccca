"""What has to change for the cluster to have the topics that the files declare: a pure difference of two pictures.

A plan never deletes a topic, never takes partitions away, and never moves keys: where that would be needed it refuses.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.catalog import TopicSpec


@dataclass(frozen=True, slots=True)
class TopicPicture:
    """One topic as it is on the cluster.

    ``config`` holds every value in force, ``overrides`` those set on the topic itself. ``records`` is the sum of the
    partitions' end offsets: how many records were ever written, including those that have expired.
    """

    partitions: int
    replicas: int
    config: Mapping[str, str]
    overrides: Mapping[str, str]
    records: int


@dataclass(frozen=True, slots=True)
class CreateTopic:
    """A topic that does not exist yet."""

    spec: TopicSpec

    @property
    def name(self) -> str:
        """The topic's name."""
        return self.spec.name

    def __str__(self) -> str:
        return f"create {self.name}: {self.spec.partitions} partitions, {self.spec.replicas} replicas"


@dataclass(frozen=True, slots=True)
class AddPartitions:
    """A topic that needs more partitions, and whose keys nobody remembers by partition."""

    name: str
    before: int
    after: int

    def __str__(self) -> str:
        return f"add partitions to {self.name}: {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True)
class AlterConfig:
    """Values to change. ``overrides`` is the full set afterwards, with what others have set, since Kafka's request
    replaces all of it."""

    name: str
    before: Mapping[str, str]
    after: Mapping[str, str]
    overrides: Mapping[str, str]

    def __str__(self) -> str:
        changes = ", ".join(f"{key} {self.before.get(key, 'unset')} -> {value}" for key, value in self.after.items())
        return f"alter {self.name}: {changes}"


Action = CreateTopic | AddPartitions | AlterConfig


@dataclass(frozen=True, slots=True)
class Plan:
    """``actions`` to carry out in this order; ``refusals`` that forbid carrying out any; ``notes`` to tell a person."""

    actions: tuple[Action, ...] = ()
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        """Whether the cluster is as declared."""
        return not self.actions and not self.refusals

    def lines(self) -> Iterator[str]:
        """The plan for people, one line each."""
        yield from (f"refuse {reason}" for reason in self.refusals)
        yield from (str(action) for action in self.actions)
        yield from (f"note: {note}" for note in self.notes)


def plan(specs: Sequence[TopicSpec], cluster: Mapping[str, TopicPicture]) -> Plan:
    """The difference between what is declared and the pictures of the topics that exist, by name."""
    actions: list[Action] = []
    refusals: list[str] = []
    notes: list[str] = []
    for spec in specs:
        picture = cluster.get(spec.name)
        if picture is None:
            refusal = _refuse_new_member(spec, specs, cluster)
            if refusal is None:
                actions.append(CreateTopic(spec))
            else:
                refusals.append(refusal)
            continue
        if spec.partitions != picture.partitions:
            refusal = _refuse_partitions(spec, picture, specs, cluster)
            if refusal is None:
                actions.append(AddPartitions(spec.name, picture.partitions, spec.partitions))
            else:
                refusals.append(refusal)
        if spec.replicas != picture.replicas:
            notes.append(
                f"{spec.name} has {picture.replicas} replicas, declared are {spec.replicas}: "
                "moving replicas is the work of kafka-reassign-partitions"
            )
        changes = {key: value for key, value in spec.config.items() if picture.config.get(key) != value}
        if changes:
            before = {key: picture.config[key] for key in changes if key in picture.config}
            actions.append(AlterConfig(spec.name, before, changes, {**picture.overrides, **spec.config}))
    return Plan(tuple(actions), tuple(refusals), tuple(notes))


def _refuse_partitions(
    spec: TopicSpec, picture: TopicPicture, specs: Sequence[TopicSpec], cluster: Mapping[str, TopicPicture]
) -> str | None:
    if spec.partitions < picture.partitions:
        return (
            f"{spec.name}: it has {picture.partitions} partitions, declared are {spec.partitions}; Kafka cannot take "
            f"partitions away: declare {picture.partitions}, or make a new topic and move to it"
        )
    used = _used_members(spec, specs, cluster)
    if used:
        return (
            f"{spec.name}: {picture.partitions} -> {spec.partitions} partitions would move customers' keys away from "
            f"their state ({', '.join(used)} already hold records); declare {picture.partitions}, or copy the events "
            "to topics with a new prefix, read by a new group"
        )
    return None


def _refuse_new_member(spec: TopicSpec, specs: Sequence[TopicSpec], cluster: Mapping[str, TopicPicture]) -> str | None:
    """A new topic must have the count of the members of its group that already hold records."""
    differing = [
        f"{name} has {cluster[name].partitions}"
        for name in _used_members(spec, specs, cluster)
        if cluster[name].partitions != spec.partitions
    ]
    if not differing:
        return None
    return (
        f"{spec.name}: {spec.partitions} partitions would not fit its group {spec.copartition!r} "
        f"({', '.join(differing)} and holds records); declare the same count"
    )


def _used_members(spec: TopicSpec, specs: Sequence[TopicSpec], cluster: Mapping[str, TopicPicture]) -> list[str]:
    """The topics of the spec's copartition group that were ever written to; none for a topic without a group."""
    if spec.copartition is None:
        return []
    members = [other.name for other in specs if other.copartition == spec.copartition]
    return [name for name in members if name in cluster and cluster[name].records > 0]
