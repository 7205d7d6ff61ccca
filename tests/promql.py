"""As much of PromQL as it takes to say which metrics an expression asks for, and by which labels.

Prometheus itself parses every expression in ``tests/integration/test_prometheus.py``.
"""

import re
from dataclasses import dataclass

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_RANGE = re.compile(r"\[[^\]]*\]")
_DURATION = re.compile(r"\boffset\s+\w+")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"(?<![\w:.$])([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?")
_CALL = re.compile(r"(?<![\w:.$])[a-zA-Z_]\w*\s*(?=\()")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_WORDS = {"and", "or", "unless", "bool", "by", "on"}
# Prometheus puts these on everything it reads.
OF_A_TARGET = frozenset({"job", "instance"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What an expression asks for: by which labels each metric is chosen, and by which results are grouped."""

    chosen_by: dict[str, frozenset[str]]
    grouped_by: frozenset[str]


def asked_by(expression: str) -> Asked:
    """What ``expression`` asks for."""
    text = _DURATION.sub(" ", _RANGE.sub(" ", _STRING.sub('""', expression)))
    grouped = frozenset(name.strip() for found in _GROUPING.findall(text) for name in found.split(",") if name.strip())
    text = _CALL.sub(" ", _GROUPING.sub(" ", text))
    chosen: dict[str, frozenset[str]] = {}
    for name, matchers in _SELECTOR.findall(text):
        if name not in _WORDS:
            chosen[name] = chosen.get(name, frozenset()) | frozenset(_MATCHER.findall(matchers))
    return Asked(chosen, grouped)
