"""Who does the same work: our shell and its peers, each a process that is started, watched and checked alike."""

import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from orchestrator.catalog import Catalog
from orchestrator.settings import Settings
from tests.bench.counter import ReadCount
from tests.bench.faust_idiom import TABLE
from tests.bench.peers import kafka_streams, peers_python
from tests.worker_process import COUNTING

OURS = "worker shell"
# By the names that --peers takes, in the order of the table: what each is called there, and the target.
PEERS: Mapping[str, tuple[str, float | None]] = MappingProxyType(
    {
        "faust": ("plain Faust idiom", 10),
        "streams": ("Kafka Streams, exactly_once_v2, one thread", 1),
        "quix": ("Quix Streams, at-least-once", 1.5),
        "streams-least": ("Kafka Streams, at_least_once, one thread", None),
        "quix-once": ("Quix Streams, exactly-once", None),
        "raw": ("raw aiokafka without state", None),
        "confluent": ("confluent-kafka without state", None),
    }
)

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


def ours() -> Contender:
    """Our shell."""
    return Contender(OURS, lambda _: (sys.executable, *COUNTING))


def peers(names: Sequence[str], say: Callable[[str], None]) -> list[Contender]:
    """The peers with these names; what has to be built or installed first is.

    Raises:
        StackError: that cannot be done.
    """
    return [_peer(name, say) for name in names]


def _peer(name: str, say: Callable[[str], None]) -> Contender:
    match name:
        case "faust":
            return Contender(name, lambda _: (sys.executable, "-m", "tests.bench.faust_idiom"), FAUST_LOG)
        case "streams":
            return Contender(name, _streams(kafka_streams(say), "exactly_once_v2", STREAMS_ONCE_MS), STREAMS_LOG)
        case "streams-least":
            return Contender(name, _streams(kafka_streams(say), "at_least_once", STREAMS_LEAST_MS), STREAMS_LOG)
        case "quix":
            return Contender(name, _quix(peers_python(say), "at-least-once"), QUIX_LOG)
        case "quix-once":
            return Contender(name, _quix(peers_python(say), "exactly-once"), QUIX_LOG)
        case "raw":
            return Contender(name, lambda _: (sys.executable, "-m", "tests.bench.raw_loop"))
        case "confluent":
            python = peers_python(say)
            return Contender(name, lambda settings: (python, "-m", "tests.bench.confluent_loop", *_topics(settings)))
    raise ValueError(f"no peer is called {name}")


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


STREAMS_LOG = Changelog(lambda settings: f"{settings.group}-counts-changelog", _read_long)
QUIX_LOG = Changelog(lambda settings: f"changelog__{settings.group}--{Catalog(settings).events}--default", _read_quix)
FAUST_LOG = Changelog(lambda settings: f"{settings.group}-{TABLE}-changelog", _read_json)
