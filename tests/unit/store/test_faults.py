"""PostgreSQL's errors in our words."""

import asyncpg
import pytest

from orchestrator.errors import Conflict, DecodeError, Unavailable
from orchestrator.store.faults import translated


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError("refused"),
        TimeoutError(),
        asyncpg.AdminShutdownError("terminating connection due to administrator command"),
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.TooManyConnectionsError("sorry, too many clients already"),
        asyncpg.DeadlockDetectedError("deadlock detected"),
        asyncpg.InterfaceError("connection is closed"),
        RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed"),
    ],
)
def test_what_may_work_later_is_unavailable(error: Exception) -> None:
    with pytest.raises(Unavailable, match=r"^reading the journey: ") as caught, translated("reading the journey"):
        raise error
    assert caught.value.__cause__ is error


def test_a_row_that_exists_already_is_a_conflict() -> None:
    with pytest.raises(Conflict, match="adding a key"), translated("adding a key"):
        raise asyncpg.UniqueViolationError("duplicate key value")


def test_a_value_no_column_takes_is_a_decode_error() -> None:
    with pytest.raises(DecodeError) as caught, translated("writing"):
        raise asyncpg.UntranslatableCharacterError("unsupported Unicode escape sequence")
    assert caught.value.reason == "unstorable"


def test_a_bug_stays_a_bug() -> None:
    with pytest.raises(asyncpg.UndefinedTableError), translated("reading"):
        raise asyncpg.UndefinedTableError("relation does not exist")
    with pytest.raises(RuntimeError, match="another loop"), translated("reading"):
        raise RuntimeError("attached to another loop")
