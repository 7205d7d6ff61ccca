"""The Kafka and PostgreSQL that the tests run against: given addresses, else containers, else embedded.

A stack that was chosen and cannot start fails the tests; it never skips them.
"""

import gc
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from orchestrator.errors import StackError
from orchestrator.kafka.clients import wait_for_broker
from orchestrator.local.ports import free_ports
from orchestrator.local.stack import private_stack

KAFKA_VARIABLE = "ORCHESTRATOR_TEST_KAFKA"
POSTGRES_VARIABLE = "ORCHESTRATOR_TEST_POSTGRES"
KIND_VARIABLE = "ORCHESTRATOR_TEST_STACK"  # forces one kind, where the order of choice is not what one wants
# Kept between runs (and ignored by git), so that the broker's jars are fetched once per checkout.
JARS = Path(__file__).parents[1] / ".local" / "kafka" / "libs"
KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18.1"
KAFKA_PORT = 9092  # inside the container
DOCKER_DEADLINE_S = 10
KAFKA_DEADLINE_S = 120.0


class Kind(StrEnum):
    """Where the stack comes from."""

    EXTERNAL = "external"
    CONTAINERS = "testcontainers"
    EMBEDDED = "embedded"


@dataclass(frozen=True, slots=True)
class TestStack:
    """``kafka`` is ``host:port``; ``postgres`` the URL of a superuser, or of a user who may create databases."""

    __test__ = False  # a value, not a class of tests

    kind: Kind
    kafka: str
    postgres: str = field(repr=False)


def choose(environment: Mapping[str, str], docker_answers: Callable[[], bool]) -> Kind:
    """Which stack to use. ``docker_answers`` is asked only when no addresses are given.

    Raises:
        StackError: when only one of the two addresses is given, or the kind is not one.
    """
    if forced := environment.get(KIND_VARIABLE):
        if forced not in list(Kind):
            raise StackError(f"choosing the test stack: {KIND_VARIABLE}={forced}, but it can be {', '.join(Kind)}")
        return Kind(forced)
    given = [name for name in (KAFKA_VARIABLE, POSTGRES_VARIABLE) if environment.get(name)]
    if len(given) == 1:
        raise StackError(
            f"choosing the test stack: {given[0]} is set, but {KAFKA_VARIABLE} and {POSTGRES_VARIABLE} go together"
        )
    if given:
        return Kind.EXTERNAL
    return Kind.CONTAINERS if docker_answers() else Kind.EMBEDDED


def docker_answers() -> bool:
    """Whether a Docker engine answers where testcontainers will look for one."""
    import docker

    with warnings.catch_warnings():
        # The client forgets the socket of a refused connection; it must go while that is no error.
        warnings.simplefilter("ignore", ResourceWarning)
        answers = False
        try:
            with closing(docker.from_env(timeout=DOCKER_DEADLINE_S)) as engine:
                answers = bool(engine.ping())
        except (docker.errors.DockerException, OSError):
            pass  # which is the answer: no
        gc.collect()
    return answers


@contextmanager
def running_stack(kind: Kind, environment: Mapping[str, str] = os.environ) -> Iterator[TestStack]:
    """A running stack of this kind; what was started for it is stopped at the end of the block."""
    match kind:
        case Kind.EXTERNAL:
            missing = [name for name in (KAFKA_VARIABLE, POSTGRES_VARIABLE) if not environment.get(name)]
            if missing:
                raise StackError(f"using the external test stack: {' and '.join(missing)} is not set")
            yield TestStack(kind, environment[KAFKA_VARIABLE], environment[POSTGRES_VARIABLE])
        case Kind.CONTAINERS:
            with _containers() as stack:
                yield stack
        case Kind.EMBEDDED:
            with private_stack(JARS) as stack:
                yield TestStack(kind, stack.kafka, stack.postgres)


@contextmanager
def _containers() -> Iterator[TestStack]:
    # Not at the top: testcontainers looks for a Docker engine when it is imported.
    from testcontainers.community.postgres import PostgresContainer
    from testcontainers.core.container import DockerContainer

    kafka = DockerContainer(KAFKA_IMAGE)
    (port,) = free_ports(1)
    # The broker must know the address that clients see, so it is chosen before there is a container to ask.
    bootstrap = f"{kafka.get_docker_client().host()}:{port}"
    kafka.with_bind_ports(KAFKA_PORT, port)
    for name, value in kafka_environment(bootstrap).items():
        kafka.with_env(name, value)
    with kafka, PostgresContainer(POSTGRES_IMAGE, driver=None) as postgres:
        if not wait_for_broker(bootstrap, KAFKA_DEADLINE_S):
            output, errors = kafka.get_logs()
            raise StackError(f"starting {KAFKA_IMAGE}: no answer at {bootstrap}: {(output + errors)[-2_000:].decode()}")
        yield TestStack(Kind.CONTAINERS, bootstrap, postgres.get_connection_url())


def kafka_environment(bootstrap: str) -> dict[str, str]:
    """The settings of a single KRaft node in the image of Apache Kafka, reached by clients at ``bootstrap``."""
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": f"PLAINTEXT://0.0.0.0:{KAFKA_PORT},CONTROLLER://localhost:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{bootstrap}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    }
