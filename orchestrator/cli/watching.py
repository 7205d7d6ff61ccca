"""Watches a topic: shows its records as they come, or those that came since a moment."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import typer

from orchestrator.catalog import Catalog
from orchestrator.cli.moments import moment_ms
from orchestrator.cli.seen import Seen, reader_of
from orchestrator.cli.show import print_json_line, say, tell
from orchestrator.kafka.tail import Tail, TailRecord
from orchestrator.settings import Settings, load_settings
from orchestrator.telemetry.log import set_up_logging

ROLE = "events-tail"
WAIT_MS = 250
PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Watched:
    """Which records of which topic are shown; None or empty: all."""

    topic: str
    types: frozenset[str]
    customer: str | None
    workspace: str | None

    def takes(self, seen: Seen) -> bool:
        """Whether it is one of them. What cannot be read has no type, and may be of any."""
        return (
            (not self.types or seen.message is None or seen.type in self.types)
            and (self.customer is None or seen.customer_id == self.customer)
            and (self.workspace is None or seen.workspace_id == self.workspace)
        )


def watch(watched: Watched, since: str | None, limit: int | None, follow: bool, as_json: bool) -> None:
    """Prints records until there have been ``limit``, the topic ends and is not followed, or Ctrl-C.

    Raises:
        typer.BadParameter: there is no such topic, or ``since`` is no moment.
        Unavailable: the cluster does not answer.
    """
    since_ms = None if since is None else moment_ms(since, time.time())
    settings = load_settings(log_format="text")
    set_up_logging(settings)
    catalog = Catalog(settings)
    topic = _real_name(catalog, settings, watched.topic)
    watching = _Watching(watched, reader_of(catalog, topic), as_json, limit)
    try:
        asyncio.run(watching.carry_out(settings, topic, catalog.spec(topic).partitions, since_ms, follow))
    except KeyboardInterrupt:
        tell(f"stopped after {watching.shown:,} of {watching.looked_at:,} records")


class _Watching:
    def __init__(self, watched: Watched, read: Callable[[TailRecord], Seen], as_json: bool, limit: int | None) -> None:
        self.shown = 0
        self.looked_at = 0
        self._watched = watched
        self._read = read
        self._as_json = as_json
        self._limit = limit

    async def carry_out(
        self, settings: Settings, topic: str, partitions: int, since_ms: int | None, follow: bool
    ) -> None:
        async with await Tail.open(settings, ROLE, [(topic, partitions)], patience_s=PATIENCE_S) as tail:
            if since_ms is not None:
                await tail.go_to(since_ms)
            elif follow:
                await tail.go_to_end()
            if follow:
                tell(f"watching {topic}; Ctrl-C ends it")
                while not self._is_enough:
                    self._show(await tail.read(WAIT_MS))
                return
            async for records in tail.parts_to_end():
                self._show(records)
                if self._is_enough:
                    return

    @property
    def _is_enough(self) -> bool:
        return self._limit is not None and self.shown >= self._limit

    def _show(self, records: list[TailRecord]) -> None:
        """In the order in which they arrived, as far as they were read together; a partition's own order holds."""
        for record in sorted(records, key=lambda each: each.timestamp):
            self.looked_at += 1
            seen = self._read(record)
            if not self._watched.takes(seen):
                continue
            if self._as_json:
                print_json_line(seen.document())
            else:
                say(seen.line())
            self.shown += 1
            if self._is_enough:
                return


def _real_name(catalog: Catalog, settings: Settings, name: str) -> str:
    for real in (name, settings.topic_prefix + name):
        if any(spec.name == real for spec in catalog.specs):
            return real
    names = ", ".join(spec.name for spec in catalog.specs)
    raise typer.BadParameter(f"--topic: there is no topic {name!r}; there are {names}")
