"""The transport that calls other systems: a signed POST to the endpoint that the command names.

The command's id is the id of the webhook and the ``Idempotency-Key``: whoever gets it twice can know that. So a call
whose answer is missing is made again, with the same id.
"""

import asyncio
import time
from collections.abc import Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import msgspec

from orchestrator import __version__
from orchestrator.adapters.endpoints import read_endpoints
from orchestrator.adapters.message import outer_id
from orchestrator.adapters.reference import reference_of, seal_of
from orchestrator.adapters.result import Later, Refused, Result, Sent, Unknown
from orchestrator.adapters.templates import TemplateError, Templates
from orchestrator.messages.cloudevents import format_time
from orchestrator.messages.codec import COMMAND_TYPE
from orchestrator.messages.command import SendCommand
from orchestrator.messages.standard_webhook import signed_headers
from orchestrator.messages.trace import TraceContext
from orchestrator.settings import Settings

_AGAIN = (408, 425, 429)
_MOST_RETRY_AFTER_S = 86_400
_encode = msgspec.json.Encoder().encode


class WebhookTransport:
    """Calls the endpoints of the settings. Of the channel ``webhook`` a command's template is the endpoint's name; of
    other channels the endpoint is called like the channel.

    Raises:
        ConfigurationError: the file of endpoints or the templates cannot be used.
    """

    def __init__(self, settings: Settings, channel: str) -> None:
        self._channel = channel
        self._endpoints = read_endpoints(settings.webhook_endpoints_file)
        folder = settings.adapter_templates_dir
        self._templates = None if folder is None or channel == "webhook" else Templates(folder)
        self._seal = seal_of(settings)
        # What a call may take, connecting aside: httpx looks at each read by itself, and an endpoint may make many.
        self._longest_s = 2 * settings.webhook_timeout_s
        self._client = httpx.AsyncClient(
            follow_redirects=False,
            timeout=settings.webhook_timeout_s,
            limits=httpx.Limits(max_connections=settings.adapter_concurrency),
            headers={"User-Agent": f"journey-orchestrator/{__version__}"},
        )

    @property
    def is_repeatable(self) -> bool:
        """The other side knows the id again."""
        return True

    async def found(self, partition: int, ids: Collection[str]) -> Collection[str]:
        """Nobody is asked: it is called again."""
        return ()

    async def send(self, partition: int, command: SendCommand, trace: TraceContext | None = None) -> Result:
        """Makes the call."""
        name = command.template if self._channel == "webhook" else self._channel
        endpoint = self._endpoints.get(name)
        if endpoint is None:
            return Refused("failed", f"endpoint: there is none of the name {name[:100]!r}")
        try:
            body = self._body(command)
        except TemplateError as error:
            return Refused("failed", str(error))
        except (ValueError, OverflowError) as error:
            return Refused("failed", f"the call cannot be made: {type(error).__name__}")
        id_ = outer_id(command.id)
        headers = {
            **signed_headers(endpoint.keys, id_, int(time.time()), body),
            "Content-Type": "application/json",
            "Idempotency-Key": id_,
        }
        if trace is not None:
            headers |= {name: value.decode() for name, value in trace.headers()}
        try:
            # The answer's body is not read: its length is the other side's choice.
            async with (
                asyncio.timeout(self._longest_s),
                self._client.stream("POST", str(endpoint.url), content=body, headers=headers) as response,
            ):
                return answer(response.status_code, response.headers.get("Retry-After"), time.time())
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return Later(f"http: {type(error).__name__}")
        except (httpx.TransportError, TimeoutError) as error:
            return Unknown(f"http: {type(error).__name__}")

    async def close(self) -> None:
        """Ends the connections."""
        await self._client.aclose()

    def _body(self, command: SendCommand) -> bytes:
        data: dict[str, object] = msgspec.to_builtins(command)
        if self._templates is not None:
            message = self._templates.render(command.template, command.variables)
            data |= {"message": {"subject": message.subject, "text": message.text, "html": message.html}}
        if self._seal is not None:
            data |= {"reference": self._seal.seal(reference_of(command))}
        return _encode({"type": COMMAND_TYPE, "timestamp": format_time(command.decided_at_ms), "data": data})


def answer(status: int, retry_after: str | None, now_s: float) -> Result:
    """What an HTTP status means: 2xx sent; 408, 425, 429 and 5xx later; everything else that it was refused."""
    if 200 <= status < 300:
        return Sent()
    if status in _AGAIN or status >= 500:
        return Later(f"http {status}", int(1_000 * _pause_s(retry_after, now_s)))
    return Refused("failed", f"http {status}")


def _pause_s(retry_after: str | None, now_s: float) -> float:
    """The pause that ``Retry-After`` asks for, by seconds or by a date (RFC 9110 10.2.3); a day at most."""
    if not retry_after:
        return 0
    if retry_after.isascii() and retry_after.isdecimal():
        return min(_MOST_RETRY_AFTER_S, int(retry_after[:9]))
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return 0
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return min(_MOST_RETRY_AFTER_S, max(0.0, (moment - datetime.fromtimestamp(now_s, UTC)).total_seconds()))
