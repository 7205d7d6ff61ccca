"""One thing that must be so before a process can work, and what to do when it is not."""

from typing import NamedTuple


class Finding(NamedTuple):
    """``detail`` says how it is; ``cure`` what to do, empty where nothing need be done."""

    what: str
    ok: bool
    detail: str
    cure: str = ""

    def __str__(self) -> str:
        return f"{'ok' if self.ok else 'not ok'}: {self.what}: {self.detail}" + (f"; {self.cure}" if self.cure else "")


# A decision is made at the worker's clock and recorded at the broker's; below this a person sees no difference.
CLOCK_TOLERANCE_S = 2.0


def clock(whose: str, ahead_s: float, doubt_s: float) -> Finding:
    """Whether another machine's clock goes as ours; it counts as wrong only where that is certain."""
    what = f"clock of {whose}"
    how = f"{abs(ahead_s):.1f} s {'ahead of' if ahead_s > 0 else 'behind'} this machine's"
    if abs(ahead_s) - doubt_s <= CLOCK_TOLERANCE_S:
        return Finding(what, True, f"within {abs(ahead_s) + doubt_s:.1f} s of this machine's")
    return Finding(what, False, how, "let both be set by NTP: quiet hours, waits and caps go by the worker's clock")
