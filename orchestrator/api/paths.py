"""Where things are in the API, and what a path or a header may say about a journey."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Path
from starlette.convertors import StringConvertor, register_url_convertor

ROOT = "/api/v1"
BASE = f"{ROOT}/033-omnichannel-journey-orchestrator"
SIGN_IN = f"{ROOT}/sign-in"
EVENTS = f"{ROOT}/events"
HOOKS = f"{ROOT}/hooks"


class _AnyText(StringConvertor):
    """What stands between two parts of a path, slashes and line ends too: ``{customer_id:text}``."""

    regex = r"[\s\S]+"


register_url_convertor("text", _AnyText())

JourneyId = Annotated[UUID, Path(alias="id", description="The journey's id.")]
IfMatch = Annotated[str | None, Header(description="Change only what still has this ETag.", max_length=1_000)]
