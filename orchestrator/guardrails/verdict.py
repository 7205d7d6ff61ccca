"""The three answers to "may this be sent now?", each with what it was decided on.

``rule`` is a stable key for metrics and reports, ``reason`` a sentence for people, ``inputs`` the values compared:
plain JSON, ready for the details of an activity.
"""

from typing import Literal, TypeAlias

import msgspec

Rule = Literal["channel_suppressed", "consent", "quiet_hours", "minimum_gap", "frequency_cap"]

Inputs: TypeAlias = dict[str, object]


class Allow(msgspec.Struct, frozen=True, gc=False):
    """Send now. ``checked`` has one entry for each rule that was looked at: its key as ``rule``, and its inputs."""

    checked: tuple[Inputs, ...]


class Defer(msgspec.Struct, frozen=True, gc=False):
    """Ask again at ``until_ms``, the first moment that quiet hours and minimum gap allow; decide anew then."""

    until_ms: int
    rule: Rule
    reason: str
    inputs: Inputs


class Suppress(msgspec.Struct, frozen=True, gc=False):
    """Do not send. ``next_eligible_ms``: when ``rule`` alone will no longer refuse; None when no time heals it."""

    rule: Rule
    reason: str
    inputs: Inputs
    next_eligible_ms: int | None = None


Verdict = Allow | Defer | Suppress
