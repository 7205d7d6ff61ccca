"""What a person can choose about the demo."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """``keep``: leave everything running until Ctrl-C. ``personas``: how many made-up customers take part.

    ``days_per_second``: how many days of history pass in a second. ``port``: of the dashboard; 0: any free one.
    """

    keep: bool = False
    personas: int = 10_000
    days_per_second: float = 30.0
    port: int = 0
