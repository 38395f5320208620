"""Logging to stderr, one line a fact, as text or JSON; library loggers use the same format."""

import logging
import sys
import time
from collections.abc import Callable
from typing import Any, Literal, cast

import structlog

QUIET = ("aiohttp.access", "asyncio", "grpc")
"""Library loggers that log nothing below WARNING."""

BURST = 50
"""Lines of one text that are written at once; then REFILL a second."""
REFILL = 1.0
MOST_TEXTS = 1000
"""Texts that are counted apart; a library may put a number into each."""
_OTHERS = ("", "")


class Cap(logging.Filter):
    """Leaves out lines of a text that comes too often; the next one says how many in `left_out`.

    A text is the logger's name and what the line says without its facts.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._texts: dict[tuple[str, str], list[float]] = {}
        self.left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        structured = isinstance(cast("object", record.msg), dict)
        fields = cast("dict[str, Any]", record.msg) if structured else None
        key = (record.name, str(fields["event"] if fields and "event" in fields else record.msg))
        now_s = self._clock()
        if key not in self._texts and len(self._texts) >= MOST_TEXTS:
            key = _OTHERS
        bucket = self._texts.setdefault(key, [float(BURST), now_s, 0.0])
        bucket[0] = min(bucket[0] + (now_s - bucket[1]) * REFILL, BURST)
        bucket[1] = now_s
        if bucket[0] < 1:
            bucket[2] += 1
            self.left_out += 1
            return False
        bucket[0] -= 1
        if bucket[2]:
            _say(record, fields, int(bucket[2]))
            bucket[2] = 0.0
        return True


def _say(record: logging.LogRecord, fields: dict[str, Any] | None, count: int) -> None:
    if fields is None:
        record.msg = f"{record.msg} (left_out={count})"
    else:
        record.msg = cast("str", fields | {"left_out": count})


CAP = Cap()


def left_out() -> int:
    """Lines of this process that were left out."""
    return CAP.left_out


def configure(level: str, form: Literal["human", "json"]) -> None:
    """Set up logging to stderr. level: debug | info | warning | error."""
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    last = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    handler.addFilter(CAP)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))
