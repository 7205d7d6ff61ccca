"""A clock that goes on only when a test moves its hand."""


class Clock:
    """``now_s`` is what it shows."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s
