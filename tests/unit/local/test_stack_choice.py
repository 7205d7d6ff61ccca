"""Which stack the tests run against."""

import pytest

from orchestrator.errors import StackError
from tests.stack import KAFKA_VARIABLE, KIND_VARIABLE, POSTGRES_VARIABLE, Kind, choose, kafka_environment, running_stack

ADDRESSES = {KAFKA_VARIABLE: "broker:9092", POSTGRES_VARIABLE: "postgresql://somewhere"}


def never() -> bool:
    raise AssertionError("Docker is not to be asked")


def test_given_addresses_win_and_docker_is_not_asked() -> None:
    assert choose(ADDRESSES, never) is Kind.EXTERNAL


def test_containers_are_used_where_an_engine_answers() -> None:
    assert choose({}, lambda: True) is Kind.CONTAINERS


def test_without_an_engine_the_stack_is_embedded() -> None:
    assert choose({}, lambda: False) is Kind.EMBEDDED


@pytest.mark.parametrize("name", ADDRESSES)
def test_one_address_alone_is_refused(name: str) -> None:
    with pytest.raises(StackError, match="go together"):
        choose({name: ADDRESSES[name]}, never)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_kind_can_be_forced(kind: Kind) -> None:
    assert choose({**ADDRESSES, KIND_VARIABLE: kind.value}, never) is kind


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    with pytest.raises(StackError, match="external, testcontainers, embedded"):
        choose({KIND_VARIABLE: "cloud"}, never)


def test_an_external_stack_without_addresses_fails_rather_than_skips() -> None:
    with pytest.raises(StackError, match=KAFKA_VARIABLE), running_stack(Kind.EXTERNAL, {}):
        pass


def test_the_containers_broker_tells_clients_the_address_they_can_reach() -> None:
    environment = kafka_environment("10.0.0.1:40000")
    assert environment["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://10.0.0.1:40000"
    assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
