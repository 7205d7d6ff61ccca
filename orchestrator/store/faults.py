"""What PostgreSQL may say, in the words of our own error tree: no other room knows asyncpg's exceptions."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from orchestrator.errors import Conflict, DecodeError, Unavailable

# The server is away, restarting, full, or gave up on this transaction: the same statement may succeed later.
_TRANSIENT = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TransactionRollbackError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.ReadOnlySQLTransactionError,  # a fail-over in progress: this server is no longer the primary one
    asyncpg.InternalClientError,
)
# What uvloop says of a connection that is gone while asyncpg has not been told yet.
_WRITTEN_TO_A_CUT_CONNECTION = "the handler is closed"
# A value that no column takes; asyncpg raises DataError too for what it cannot encode.
_UNSTORABLE = (asyncpg.DataError, asyncpg.CheckViolationError, asyncpg.ProgramLimitExceededError)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Raises errors of our own tree for what PostgreSQL reports during ``what`` (a gerund: "reading the journey").

    Raises:
        Unavailable: the database does not answer, or asks to try again.
        Conflict: a row of that identity exists already.
        DecodeError: with reason ``unstorable``: a value that PostgreSQL does not accept, such as text with a zero byte.
    """
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise Conflict(f"{what}: {error.detail or error}") from error
    except _UNSTORABLE as error:
        raise DecodeError("unstorable", f"{what}: PostgreSQL does not accept a value: {error}") from error
    except _TRANSIENT as error:
        raise Unavailable(f"{what}: PostgreSQL does not answer: {_one_line(error)}") from error
    except RuntimeError as error:
        if _WRITTEN_TO_A_CUT_CONNECTION not in str(error):
            raise
        raise Unavailable(f"{what}: the connection to PostgreSQL was cut") from error


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
