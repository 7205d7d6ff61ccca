"""The settings of a workspace in words: what holds for all its journeys together. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from orchestrator.api import rule_sentences as say
from orchestrator.api.documents import SettingInWords
from orchestrator.api.gauge import guardrails_of
from orchestrator.definitions.guardrail import Guardrails

NO_GUARDRAILS = "The workspace sets no guardrails of its own: those of each journey hold"
NO_HOLDOUT = "Nobody is held out of all journeys"


def in_words(settings: Mapping[str, Any]) -> list[SettingInWords]:
    """Each thing that the settings say, with its path; those that are not there say nothing.

    The fields are those of :class:`orchestrator.store.workspaces.Workspace`; they are in order, or guardrails empty.
    """
    found: list[tuple[str, str]] = []
    if "is_sending" in settings:
        found.append(("is_sending", say.of_kill_switch(is_sending=settings["is_sending"])))
    if "holdout_percent" in settings:
        percent = settings["holdout_percent"]
        found.append(("holdout_percent", say.of_holdout(percent, "workspace") if percent else NO_HOLDOUT))
    if "guardrails" in settings:
        document = settings["guardrails"]
        found += _rules(guardrails_of(document)) if document else [("guardrails", NO_GUARDRAILS)]
    found += [(f"costs.{channel}", say.of_cost(channel, cost)) for channel, cost in settings.get("costs", {}).items()]
    if "needs_approval" in settings:
        found.append(("needs_approval", say.of_approval(is_needed=settings["needs_approval"])))
    return [SettingInWords(path=f"$.{path}", sentence=sentence) for path, sentence in found]


def words_or_none(settings: Mapping[str, Any]) -> list[SettingInWords]:
    """The settings in words; none where they were written by rules that this program does not know."""
    try:
        return in_words(settings)
    except ValidationError:
        return []


def _rules(guardrails: Guardrails) -> Iterator[tuple[str, str]]:
    yield from _each("caps", (say.of_cap(cap, everywhere=True) for cap in guardrails.caps))
    if guardrails.minimum_gap is not None:
        yield "guardrails.minimum_gap", say.of_gap(guardrails.minimum_gap)
    if guardrails.quiet_hours is not None:
        yield "guardrails.quiet_hours", say.of_quiet_hours(guardrails.quiet_hours)
    is_by_the_clock = guardrails.quiet_hours is not None or any(cap.per in ("day", "week") for cap in guardrails.caps)
    if is_by_the_clock or guardrails.fallback_zones != ("UTC",):
        yield "guardrails.fallback_zones", say.of_zones(guardrails.fallback_zones)
    yield "guardrails.consent", say.of_consent(guardrails.consent)
    yield from _each("budgets", (say.of_budget(budget, everywhere=True) for budget in guardrails.budgets))
    yield from _each("rates", (say.of_rate(rate, everywhere=True) for rate in guardrails.rates))
    yield from _each("brakes", (say.of_brake(brake, everywhere=True) for brake in guardrails.brakes))


def _each(name: str, sentences: Iterable[str]) -> Iterator[tuple[str, str]]:
    for index, sentence in enumerate(sentences):
        yield f"guardrails.{name}[{index}]", sentence
