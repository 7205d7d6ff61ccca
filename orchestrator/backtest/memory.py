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
    import resource  # not on every system

    before = resource.getrlimit(resource.RLIMIT_DATA)
    if mib is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (mib * _MIB, before[1]))
    try:
        yield
    except MemoryError as error:
        # What it holds is held by the error until it has been told, for which there must be room again.
        resource.setrlimit(resource.RLIMIT_DATA, before)
        allowed = "there is" if mib is None else f"the {mib:,} MiB that it may take"
        raise OutOfMemory(
            f"running a backtest: the history takes more memory than {allowed}; choose an earlier end of the period, "
            "or allow more memory"
        ) from error
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)
