"""A bound to the memory that a backtest takes, so that a long history ends the backtest and nothing beside it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil

from orchestrator.errors import OutOfMemory

_MIB = 1 << 20
_NEARLY = 0.9


@contextmanager
def at_most(mib: int | None) -> Iterator[Callable[[], None]]:
    """From here on the process gets no more memory for its data than this; None: as much as there is.

    It yields a look at what is taken, which raises when that is nearly all. Look while Kafka is read: its client lives
    in tasks of its own, and where one of them gets no memory nothing more comes, and nobody is told.

    Raises:
        OutOfMemory: it needs more.
    """
    import resource  # not on every system

    before = resource.getrlimit(resource.RLIMIT_DATA)
    if mib is not None:
        resource.setrlimit(resource.RLIMIT_DATA, (mib * _MIB, before[1]))
    own = psutil.Process()

    def look() -> None:
        if mib is not None and own.memory_info().rss > _NEARLY * mib * _MIB:
            raise MemoryError

    try:
        yield look
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
