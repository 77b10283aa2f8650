"""The log: what the service says about itself, on standard error, for people or for programs."""

import logging
import sys
from typing import Any

import structlog

from monitor.service_settings import Log

# Libraries that talk about every packet; what matters of it, our own parts say.
_QUIET = ("aiortc", "aioice", "libav", "httpx", "httpcore", "websockets", "uvicorn", "alembic")


def configure(settings: Log) -> None:
    """Write lines of ``settings.format`` from ``settings.level`` on; those of libraries too."""
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendered(settings)],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _rendered(settings: Log) -> list[Any]:
    # Without the values of variables: those may be keys, pictures or people.
    traces = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    match settings.format:
        case "json":
            return [
                structlog.processors.ExceptionRenderer(traces),
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ]
        case "text":
            return [
                structlog.dev.ConsoleRenderer(
                    colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
                )
            ]
