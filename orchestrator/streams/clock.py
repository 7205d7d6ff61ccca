"""Time on an input partition, for replays in stream time.

In stream mode a partition's clock is the greatest event time seen in it. A tick is an event of type
``orchestrator.clock.ticked`` without a customer, produced to every partition: it moves the clock where no customer
does anything, so that waits come due at the end of a replay too.
"""

import msgspec

from orchestrator.errors import DecodeError
from orchestrator.messages.cloudevents import parse_time_ms
from orchestrator.messages.event import CLOCK_TICKED
from orchestrator.messages.headers import headers_by_name
from orchestrator.streams.record import InputRecord


class _Tick(msgspec.Struct):
    type: str
    time: str | None = None


_decode = msgspec.json.Decoder(_Tick).decode


def tick_time_ms(record: InputRecord) -> int | None:
    """The time a tick tells, milliseconds since 1970 UTC; None when the record is no (readable) tick."""
    headers = headers_by_name(record.headers)
    try:
        if "ce_type" in headers:
            type_, time = headers["ce_type"].decode(), headers.get("ce_time", b"").decode() or None
        else:
            tick = _decode(record.value or b"")
            type_, time = tick.type, tick.time
        if type_ != CLOCK_TICKED:
            return None
        return record.timestamp if time is None else parse_time_ms(time)
    except (msgspec.MsgspecError, UnicodeDecodeError, DecodeError):
        return None
