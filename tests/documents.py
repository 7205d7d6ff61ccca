"""The documents of the repository, and what stands in them between fences."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]

_FENCE = re.compile(r"^```(?P<language>\w*)[ ]?(?P<rest>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Fence(NamedTuple):
    """A block between fences: ``rest`` is what stands behind the language, ``line`` the number of its first line."""

    language: str
    rest: str
    text: str
    line: int


def fences(document: str) -> list[Fence]:
    """Every block between fences, in order."""
    return [
        Fence(found["language"], found["rest"], found["text"], document.count("\n", 0, found.start("text")) + 1)
        for found in _FENCE.finditer(document)
    ]


def looks_like(said: str, shown: str) -> bool:
    """Whether that is what a document shows. There "…" stands for anything within a line; alone, for any lines."""
    lines = "\n".join(line.rstrip() for line in said.splitlines()).strip("\n").splitlines()
    reached = {0}  # how many of the lines may be behind us
    for expected in shown.strip("\n").splitlines():
        if expected.strip() == "…":
            reached = set(range(min(reached, default=len(lines) + 1), len(lines) + 1))
        else:
            line = re.compile(".*".join(map(re.escape, expected.rstrip().split("…"))))
            reached = {place + 1 for place in reached if place < len(lines) and line.fullmatch(lines[place])}
    return len(lines) in reached
