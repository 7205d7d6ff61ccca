"""What the API says of a definition's own tests: what each story came to, and what happened in it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, Field

from orchestrator.definitions.duration import format_duration
from orchestrator.definitions.moment import moment_at
from orchestrator.journeys.rehearsal import Rehearsed, reason_of

MOST_TOLD = 100  # of each list of a test
MOST_CHARS = 1_000  # of a difference or a note
MOST_VALUE_CHARS = 100  # of a value in a message
MOST_VALUES = 20  # of a message

Outcome = Literal["passed", "failed", "not_played"]


class RehearsedMessage(BaseModel):
    """A message that was asked for. Of its values the first 20 are told, long ones cut."""

    after: str = Field(description="How long after the story began: PT1H.")
    at: datetime
    customer_id: str
    step: str
    channel: str
    template: str
    variables: dict[str, Any]


class RehearsedEnd(BaseModel):
    """A run that ended."""

    after: str
    at: datetime
    customer_id: str
    reason: str


class RehearsedTest(BaseModel):
    """What became of one test.

    ``differences``: what went otherwise than expected, empty when it passed. ``notes``: what was held back or refused.
    ``entries``: runs that began. ``messages``, ``ends``: what happened, in order of time. Of each list at most the
    first 100; ``is_cut``: there is more. ``not_played``: the story could not be played to its end, because of a
    mistake in it or because that took too long; the only difference says why.
    """

    name: str
    outcome: Outcome
    differences: list[str]
    notes: list[str]
    entries: int
    messages: list[RehearsedMessage]
    ends: list[RehearsedEnd]
    is_cut: bool


class RehearsedDefinition(BaseModel):
    """Every test of a definition, in its order."""

    tests: list[RehearsedTest]


def document_of(result: Rehearsed) -> RehearsedTest:
    """The result of a test that was played."""
    told = (result.differences, result.notes, result.messages, result.ends)
    return RehearsedTest(
        name=result.name,
        outcome=_outcome(result),
        differences=_cut(result.differences),
        notes=_cut(result.notes),
        entries=result.entries,
        messages=[
            RehearsedMessage(
                after=_after(sent.decided_at_ms, result),
                at=moment_at(sent.decided_at_ms),
                customer_id=sent.customer_id,
                step=sent.step,
                channel=sent.channel,
                template=sent.template,
                variables=_values(sent.variables),
            )
            for sent in result.messages[:MOST_TOLD]
        ],
        ends=[
            RehearsedEnd(
                after=_after(end.at_ms, result),
                at=moment_at(end.at_ms),
                customer_id=end.customer_id,
                reason=reason_of(end),
            )
            for end in result.ends[:MOST_TOLD]
        ],
        is_cut=any(len(each) > MOST_TOLD for each in told),
    )


def not_played(name: str, why: str) -> RehearsedTest:
    """A test whose story was not played to its end."""
    return RehearsedTest(
        name=name, outcome="not_played", differences=[why], notes=[], entries=0, messages=[], ends=[], is_cut=False
    )


def _outcome(result: Rehearsed) -> Outcome:
    if not result.is_whole:
        return "not_played"
    return "failed" if result.differences else "passed"


def _after(at_ms: int, result: Rehearsed) -> str:
    return format_duration(timedelta(milliseconds=at_ms - result.start_ms))


def _values(variables: Mapping[str, object]) -> dict[str, object]:
    return {name: _short(value) for name, value in list(variables.items())[:MOST_VALUES]}


def _short(value: object) -> object:
    text = value if isinstance(value, str) else json.dumps(value)
    return value if len(text) <= MOST_VALUE_CHARS else f"{text[:MOST_VALUE_CHARS]}…"


def _cut(texts: Sequence[str]) -> list[str]:
    return [text if len(text) <= MOST_CHARS else f"{text[:MOST_CHARS]}…" for text in texts[:MOST_TOLD]]
