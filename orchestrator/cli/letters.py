"""What the commands about records that could not be used do and print."""

import asyncio
import json
import math
import time
from collections.abc import Sequence
from typing import NamedTuple

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from orchestrator.catalog import Catalog
from orchestrator.cli.moments import moment_ms
from orchestrator.cli.raw import readable, text_of
from orchestrator.cli.show import err, out, plain, print_document, say
from orchestrator.definitions.moment import moment_at
from orchestrator.kafka.dead_letters import (
    Chosen,
    Found,
    Place,
    Redriven,
    Summary,
    Wanted,
    choose,
    destination,
    find,
    redrive,
)
from orchestrator.settings import Settings, load_settings
from orchestrator.telemetry.log import set_up_logging

SHOWN_CHARS = 80  # of a message, in a list


class Filters(NamedTuple):
    """Which letters are meant, in the words of the command line."""

    topic: str | None
    reason: str | None
    stage: str | None
    since: str | None
    key: str | None
    customer: str | None


def list_letters(filters: Filters, limit: int, by_place: bool, as_json: bool) -> None:
    """Prints them, newest first or by place, and how many there are by topic, stage and reason."""
    settings, catalog = _installation()
    chosen = asyncio.run(choose(settings, catalog, _wanted(settings, filters)))
    letters = (chosen.letters if by_place else chosen.newest_first())[:limit]
    if as_json:
        print_document(_list_document(chosen, letters))
        return
    _print_list(chosen, letters)


def show_letter(place: str, as_json: bool) -> None:
    """Prints all of a letter.

    Raises:
        typer.BadParameter: that is no place.
        NotFound: there is no letter there.
    """
    settings, catalog = _installation()
    found = asyncio.run(find(settings, catalog, _place(place)))
    if as_json:
        print_document(_letter_document(catalog, found))
        return
    for line in _letter_lines(catalog, found):
        # As it is: what a terminal would act on is written out already, and a value has lines and tabs of its own.
        out.print(line, highlight=False, markup=False, soft_wrap=True)


def redrive_letters(places: Sequence[str], filters: Filters, dry_run: bool, yes: bool) -> None:
    """Sends the records of letters again, those at the places, or those that are meant.

    Raises:
        typer.BadParameter: there is no letter at one of the places.
        typer.Exit: 1 if a record could not be sent.
    """
    settings, catalog = _installation()
    wanted = Wanted(places=frozenset(map(_place, places))) if places else _wanted(settings, filters)
    chosen = asyncio.run(choose(settings, catalog, wanted))
    letters = chosen.letters if places else [each for each in chosen.letters if not each.has_come_back]
    if wanted.places is not None and (absent := wanted.places - {each.place for each in letters}):
        raise typer.BadParameter(f"there is no dead letter at {', '.join(map(str, sorted(absent)))}")
    _print_counts(letters)
    if come_back := len(chosen.letters) - len(letters):
        say(f"{come_back:,} more were redriven before and came back: only their newest letters count")
    if cut := sum(each.is_cut for each in letters):
        say(f"{cut:,} of them were too large to be kept whole and will be refused; show says where the record is")
    if not letters:
        return
    if dry_run:
        say(f"would redrive {len(letters):,}; nothing was sent")
        return
    if not yes:
        typer.confirm(f"Send {len(letters):,} records again?", abort=True)
    done = asyncio.run(redrive(settings, catalog, [each.place for each in letters]))
    _print_redriven(done)
    raise typer.Exit(1 if done.refused else 0)


def _installation() -> tuple[Settings, Catalog]:
    settings = load_settings(log_format="text")
    set_up_logging(settings)
    return settings, Catalog(settings)


def _wanted(settings: Settings, filters: Filters) -> Wanted:
    topic = filters.topic
    if topic is not None and not topic.startswith(settings.topic_prefix):
        topic = settings.topic_prefix + topic
    since_ms = None if filters.since is None else moment_ms(filters.since, time.time())
    return Wanted(topic, filters.reason, filters.stage, since_ms, filters.key, filters.customer)


def _place(text: str) -> Place:
    partition, _, offset = text.partition("/")
    if not (partition.isascii() and partition.isdigit() and offset.isascii() and offset.isdigit()):
        raise typer.BadParameter(f"{text!r} is no place; write PARTITION/OFFSET, such as 2/117")
    return Place(int(partition), int(offset))


def _print_list(chosen: Chosen, letters: Sequence[Summary]) -> None:
    if letters:
        table = Table("place", "set aside", "record", "why", box=box.SIMPLE_HEAD)
        for each in letters:
            table.add_row(
                str(each.place),
                f"{moment_at(each.set_aside_ms):%Y-%m-%d\n%H:%M:%S}",
                Text(f"{each.origin}\n{text_of(each.key) or 'no key'}, {_size(each)}", overflow="fold"),
                Text(
                    f"{each.stage}: {each.reason}{_redriven(each)}\n{plain(each.message[:SHOWN_CHARS])}",
                    overflow="fold",
                ),
            )
        out.print(table)
    _print_counts(chosen.letters)
    if len(letters) < len(chosen.letters):
        say(f"shown are {len(letters):,} of {len(chosen.letters):,}; see --limit and the filters")
    if chosen.unreadable:
        err.print(f"{chosen.unreadable:,} records of the topic are no dead letters of ours", style="yellow")


def _size(each: Summary) -> str:
    return f"{each.value_bytes:,} bytes" + (", of which a part is kept" if each.is_cut else "")


def _redriven(each: Summary) -> str:
    times = f", redriven {each.redriven}×" if each.redriven else ""
    return times + (", came back" if each.has_come_back else "")


def _print_counts(letters: Sequence[Summary]) -> None:
    counts = Chosen(list(letters), 0).by_reason()
    if not counts:
        say("no dead letters")
        return
    for (topic, stage, reason), count in counts.most_common():
        say(f"{count:>9,}  {topic}  {stage}  {reason}")


def _print_redriven(done: Redriven) -> None:
    for topic, count in sorted(done.sent.items()):
        say(f"sent {count:,} to {topic}")
    for place, reason in done.refused:
        err.print(f"not sent: {place}: {reason}", style="red", markup=False, highlight=False, soft_wrap=True)
    say(f"redriven: {done.sent.total():,}; refused: {len(done.refused):,}")


def _list_document(chosen: Chosen, letters: Sequence[Summary]) -> dict[str, object]:
    return {
        "letters": [
            {
                "place": str(each.place),
                "set_aside_at": moment_at(each.set_aside_ms).isoformat(),
                "origin": each.origin,
                "stage": each.stage,
                "reason": each.reason,
                "message": each.message,
                "key": text_of(each.key),
                "value_bytes": each.value_bytes,
                "is_cut": each.is_cut,
                "redriven": each.redriven,
                "has_come_back": each.has_come_back,
            }
            for each in letters
        ],
        "total": len(chosen.letters),
        "unreadable": chosen.unreadable,
        "counts": [
            {"topic": topic, "stage": stage, "reason": reason, "count": count}
            for (topic, stage, reason), count in chosen.by_reason().most_common()
        ],
    }


def _letter_document(catalog: Catalog, found: Found) -> dict[str, object]:
    letter = found.letter
    kind, value = readable(letter.value)
    return {
        "place": str(found.place),
        "set_aside_at": moment_at(found.set_aside_ms).isoformat(),
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "timestamp": moment_at(letter.timestamp_ms).isoformat(),
        "stage": letter.stage,
        "reason": letter.reason,
        "message": letter.message,
        "key": text_of(letter.key),
        "headers": [[name, text_of(content)] for name, content in letter.headers],
        "redriven_from": list(letter.redriven_from),
        "cut_from_bytes": letter.cut_from_bytes,
        "value_kind": kind,
        "value": json.loads(value, parse_float=_number) if kind == "json" else value,
        "redrive": _fate(catalog, found),
    }


def _letter_lines(catalog: Catalog, found: Found) -> list[str]:
    letter = found.letter
    kind, value = readable(letter.value)
    size = len(letter.value or b"")
    lines = [
        f"place      {found.place}, set aside {moment_at(found.set_aside_ms):%Y-%m-%d %H:%M:%S} UTC",
        f"stood at   {letter.place}, arrived {moment_at(letter.timestamp_ms):%Y-%m-%d %H:%M:%S} UTC",
        f"stage      {letter.stage}",
        f"reason     {letter.reason}",
        f"message    {plain(letter.message)}",
        f"key        {text_of(letter.key)}",
        *(f"header     {plain(name)}: {text_of(content)}" for name, content in letter.headers),
        *(f"redriven   from {plain(origin)}" for origin in letter.redriven_from),
        f"redrive    {_fate(catalog, found)}",
    ]
    if letter.cut_from_bytes is not None:
        lines.append(f"cut        the first {size:,} of {letter.cut_from_bytes:,} bytes; its own headers are not kept")
    return [*lines, f"value      {size:,} bytes, {kind}", value]


def _fate(catalog: Catalog, found: Found) -> str:
    match destination(catalog, found.letter):
        case str(reason):
            return f"not possible: {reason}"
        case topic, partition:
            return f"would go to {topic}/{partition}"


def _number(text: str) -> float | str:
    """A number of a JSON document; as text what is too large for one."""
    number = float(text)
    return number if math.isfinite(number) else text
