"""What goes out: a message as a template and a command's variables make it, and the id that it goes by."""

import re
from dataclasses import dataclass

from orchestrator.messages.ids import derived_id

_PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


@dataclass(frozen=True, slots=True)
class Message:
    """``subject`` is one line; of ``text`` and ``html`` at least one is not None."""

    subject: str | None
    text: str | None
    html: str | None


def outer_id(command_id: str) -> str:
    """The id as others see it: the command's, or, where no header could have that, one that follows from it."""
    return command_id if _PLAIN_ID.fullmatch(command_id) else derived_id("message-id", command_id)
