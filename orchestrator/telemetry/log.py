"""Logging: a sentence for people and an ``action`` key for machines; JSON lines in production.

Use ``log.info("Applied 3 topics", extra={"action": "topics_applied", "count": 3})``. Normal operation is quiet:
what happens per record is never logged above DEBUG.
"""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

from orchestrator.settings import Settings

_TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
# Libraries that report routine: reconnects as errors or warnings, each request; ours say what matters.
_NOISY = ("aiokafka", "faust", "mode", "asyncio", "kafka", "httpx", "httpcore")

# A broker that is away is reported by every client ten times a second, and a collector that is by every try; once in a
# while says as much.
_REPETITIVE = ("aiokafka", "opentelemetry")
REPEAT_S = 30.0


class OncePerInterval(logging.Filter):
    """Lets each message of a library (and its sub-loggers) pass once per interval, in seconds."""

    def __init__(self, name: str, interval_s: float) -> None:
        super().__init__(name)
        self._interval_s = interval_s
        self._passed: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether ``record`` is somebody else's, or has not been seen lately."""
        if not super().filter(record):
            return True
        message = (record.name, str(record.msg))
        last = self._passed.get(message)
        if last is not None and record.created - last < self._interval_s:
            return False
        self._passed[message] = record.created
        return True


def set_up_logging(settings: Settings) -> None:
    """Sends every log record to standard error in the configured format; replaces earlier handlers."""
    handler = logging.StreamHandler(sys.stderr)
    if settings.log_format == "json":
        handler.setFormatter(
            JsonFormatter(
                "%(asctime)s %(levelname)s %(name)s %(message)s",
                rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            )
        )
    else:
        handler.setFormatter(logging.Formatter(_TEXT))
    for name in _REPETITIVE:
        handler.addFilter(OncePerInterval(name, REPEAT_S))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
