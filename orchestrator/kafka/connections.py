"""What aiokafka's connections lack on uvloop: a connection that is cut may still be written to for a moment.

Between the loop's closing a connection and its telling so, asyncio drops what is written (a response that does not come
is a time-out); uvloop raises ``RuntimeError``, which aiokafka takes for a bug. Its tasks end by that, the producer's
sender among them, and the process with them, for what is a connection to be made again.
"""

from functools import wraps
from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

_send = AIOKafkaConnection.send


def bear_closed_transports() -> None:
    """From now on, writing to a connection that is closed is told as a lost connection; on every client alike."""
    AIOKafkaConnection.send = _send_or_lose


@wraps(_send)
def _send_or_lose(self: Any, request: Any, expect_response: bool = True) -> Any:  # noqa: ANN401 - as aiokafka has it
    try:
        return _send(self, request, expect_response)
    except RuntimeError as error:  # nothing in it raises one but the transport
        self.close(reason=CloseReason.CONNECTION_BROKEN)
        raise KafkaConnectionError(f"Connection at {self.host}:{self.port} broken: {error}") from error
