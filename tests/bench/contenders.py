"""Who does the same work: our shell and its peers, each a process that is started, watched and checked alike."""

import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from tests.bench.counter import ReadCount
from tests.bench.faust_idiom import TABLE
from tests.bench.peers import kafka_streams, peers_python
from tests.worker_process import COUNTING

OURS = "worker shell"
STREAMS_ONCE = "Kafka Streams, exactly_once_v2"
STREAMS_LEAST = "Kafka Streams, at_least_once"
QUIX_LEAST = "Quix Streams, at-least-once"
QUIX_ONCE = "Quix Streams, exactly-once"
FAUST = "plain Faust idiom"
RAW = "raw aiokafka without state"
CONFLUENT = "confluent-kafka without state"

# Milliseconds between commits. Kafka Streams' own default for exactly_once_v2; its default for at_least_once is 30 s,
# after which nobody here would wait for the last commit, and a flush of the producer in each second costs little.
STREAMS_ONCE_MS = 100
STREAMS_LEAST_MS = 1_000
IS_CACHED = "false"


@dataclass(frozen=True, slots=True)
class Changelog:
    """The topic in which a peer keeps its counts, and how they stand there."""

    name: Callable[[Settings], str]
    read: ReadCount


@dataclass(frozen=True, slots=True)
class Contender:
    """``command`` is the whole command line. Without a changelog it keeps no state, or keeps it as only ours does."""

    name: str
    command: Callable[[Settings], Sequence[str]]
    changelog: Changelog | None = None


def contenders(say: Callable[[str], None]) -> list[Contender]:
    """All of them, in the order in which they run; what has to be built or installed first is.

    Raises:
        StackError: that cannot be done.
    """
    java, python = kafka_streams(say), peers_python(say)
    streams = Changelog(lambda settings: f"{settings.group}-counts-changelog", _read_long)
    quix = Changelog(lambda settings: f"changelog__{settings.group}--{Catalog(settings).events}--default", _read_quix)
    faust = Changelog(lambda settings: f"{settings.group}-{TABLE}-changelog", _read_json)
    return [
        Contender(OURS, lambda _: (sys.executable, *COUNTING)),
        Contender(STREAMS_ONCE, _streams(java, "exactly_once_v2", STREAMS_ONCE_MS), streams),
        Contender(QUIX_LEAST, _quix(python, "at-least-once"), quix),
        Contender(FAUST, lambda _: (sys.executable, "-m", "tests.bench.faust_idiom"), faust),
        Contender(STREAMS_LEAST, _streams(java, "at_least_once", STREAMS_LEAST_MS), streams),
        Contender(QUIX_ONCE, _quix(python, "exactly-once"), quix),
        Contender(RAW, lambda _: (sys.executable, "-m", "tests.bench.raw_loop")),
        Contender(CONFLUENT, lambda settings: (python, "-m", "tests.bench.confluent_loop", *_topics(settings))),
    ]


def _streams(java: Sequence[str], guarantee: str, commit_ms: int) -> Callable[[Settings], Sequence[str]]:
    return lambda settings: (*java, *_topics(settings), _folder(settings), guarantee, str(commit_ms), IS_CACHED)


def _quix(python: str, guarantee: str) -> Callable[[Settings], Sequence[str]]:
    return lambda settings: (
        python, "-m", "tests.bench.quix_idiom", *_topics(settings), _folder(settings), guarantee
    )  # fmt: skip


def _topics(settings: Settings) -> tuple[str, ...]:
    catalog = Catalog(settings)
    return settings.kafka, settings.group, catalog.events, catalog.commands("email")


def _folder(settings: Settings) -> str:
    return str(settings.data_dir / "peer")


def _read_long(key: bytes, value: bytes) -> tuple[str, int]:
    return key.decode(), struct.unpack(">q", value)[0]


def _read_json(key: bytes, value: bytes) -> tuple[str, int]:
    return key.decode(), msgspec.json.decode(value, type=int)


def _read_quix(key: bytes, value: bytes) -> tuple[str, int]:
    return key.decode().partition("|")[0], msgspec.json.decode(value, type=int)
