"""Logging: a sentence for people and an ``action`` key for machines; JSON lines in production.

Use ``log.info("Applied 3 topics", extra={"action": "topics_applied", "count": 3})``. Normal operation is quiet:
what happens per record is never logged above DEBUG.
"""

import logging
import sys

from pythonjsonlogger.json import JsonFormatter

from orchestrator.settings import Settings

_TEXT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
# Libraries that report routine reconnects as errors or warnings; ours say what matters.
_NOISY = ("aiokafka", "faust", "mode", "asyncio", "kafka")


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
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
