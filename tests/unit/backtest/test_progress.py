"""Whoever waits for a backtest hears how far it is, and not too often."""

import io
import json

from orchestrator.backtest.progress import Telling, nobody, told


def test_a_line_is_written_twice_a_second_at_most() -> None:
    file, now = io.StringIO(), [0.0]
    tell = Telling(file, lambda: now[0])
    for second in (0.0, 0.1, 0.4, 0.6, 0.7, 1.2):
        now[0] = second
        tell("reading", int(second * 10), 10)
    assert [json.loads(line) for line in file.getvalue().splitlines()] == [
        {"phase": "reading", "done": 0, "of": 10},
        {"phase": "reading", "done": 6, "of": 10},
        {"phase": "reading", "done": 10, "of": 10},
    ]


def test_items_are_the_same_whether_it_is_told_or_not() -> None:
    heard: list[tuple[str, int, int]] = []
    items = list(range(600))
    assert list(told(items, "running", lambda *what: heard.append(what))) == items
    assert heard == [("running", 0, 600), ("running", 256, 600), ("running", 512, 600)]
    assert list(told(items, "running", nobody)) == items
