"""A bound to the memory that a backtest takes, so that a long history ends the backtest and nothing beside it."""

from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.errors import OutOfMemory

_MIB = 1 << 20


@contextmanager
def at_most(mib: int | None) -> Iterator[None]:
    """From here on the process gets no more memory for its data than this; None: as much as there is.

    Raises:
        OutOfMemory: it needs more.
    """
    if mib is not None:
        import resource  # not on every system

        _, hardest = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (mib * _MIB, hardest))
    try:
        yield
    except MemoryError as error:
        raise OutOfMemory(
            f"running a backtest: the history takes more than the {mib:,} MiB of memory that it may take; "
            "choose an earlier end of the period, or allow more memory"
            if mib is not None
            else "running a backtest: the history takes more memory than there is"
        ) from error
