"""Python's garbage collector, set as the measured program sets it, and back."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collecting_seldom(thresholds: tuple[int, int, int]) -> Iterator[None]:
    """What is there by now is not looked through, and what comes as often as ``thresholds`` say."""
    gc.collect()
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*thresholds)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
