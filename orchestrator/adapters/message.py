"""A message as a template and a command's variables make it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """``subject`` is one line; of ``text`` and ``html`` at least one is not None."""

    subject: str | None
    text: str | None
    html: str | None
