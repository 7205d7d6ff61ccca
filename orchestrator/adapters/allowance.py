"""How fast a process may send: a token bucket that holds one second's worth."""


class Allowance:
    """``rate_per_s`` sends a second on average, and as many at once after a second of rest; 0: as fast as may be.

    Time is an argument, in milliseconds, and may jump back: then nothing is added.
    """

    def __init__(self, rate_per_s: float, now_ms: int) -> None:
        self._rate_per_s = rate_per_s
        self._most = max(1.0, rate_per_s)
        self._left = self._most
        self._filled_ms = now_ms

    def take(self, now_ms: int) -> bool:
        """Whether one may go now; if so, it is counted."""
        if not self._rate_per_s:
            return True
        self._fill(now_ms)
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def next_ms(self, now_ms: int) -> int:
        """When the next one may go: now, or later."""
        if not self._rate_per_s:
            return now_ms
        self._fill(now_ms)
        missing = max(0.0, 1 - self._left)
        return now_ms + int(-(-missing * 1_000 // self._rate_per_s))

    def _fill(self, now_ms: int) -> None:
        passed_ms = max(0, now_ms - self._filled_ms)
        self._left = min(self._most, self._left + passed_ms * self._rate_per_s / 1_000)
        self._filled_ms = now_ms
