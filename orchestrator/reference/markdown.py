"""Pieces of Markdown: tables, code, links to headings."""

import re
from collections.abc import Iterable, Sequence

GENERATED = "<!-- Written by `orchestrator reference write`; whatever is changed here by hand is lost. -->"


def page(title: str, about: str, parts: Iterable[str]) -> str:
    """A whole page; ``parts`` are its paragraphs, tables and headings in order."""
    return "\n\n".join([GENERATED, f"# {title}", about, *(part for part in parts if part)]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; empty when it has no rows."""
    lines = ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines]) if lines else ""


def cell(text: str) -> str:
    """A text within a table."""
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")


def code(text: str) -> str:
    """A text as code; empty stays empty."""
    return f"`{text}`" if text else ""


def prose(docstring: str) -> str:
    """A docstring as text: its double backquotes become single ones, its lines one paragraph each."""
    return "\n\n".join(
        re.sub(r"\s+", " ", paragraph).strip() for paragraph in re.split(r"\n\s*\n", docstring.replace("``", "`"))
    )


def anchor(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def link(heading: str, words: str = "") -> str:
    """A link to a heading of the same page."""
    return f"[{words or heading}](#{anchor(heading)})"


def example(language: str, text: str) -> str:
    """A block of code."""
    return f"```{language}\n{text.rstrip()}\n```"
