"""Structured logs: one event per line, with the id of its request, and without secrets and prompts."""

import logging
import os
import re
import sys
import traceback
from types import TracebackType
from typing import cast

import structlog
from structlog.typing import EventDict, Processor

from playground.settings import Settings

from .log_lines import human_lines

# Their messages quote the failing input, which may be a prompt or an answer.
_QUOTING_LIBRARIES = re.compile(r"(playground\.database\.generated|pydantic|pydantic_core|msgspec|json)\b")

# A JWT, or an API key of this service.
_CREDENTIAL = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*|\bpg_[\w-]{20,}")

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def configure(settings: Settings) -> None:
    """Send all logs of the process, including those of libraries, to standard error in the configured format."""
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _render_exception,
        _cut_credentials,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    renderer: Processor = structlog.processors.JSONRenderer() if as_json else human_lines(colours=_takes_colours())
    output = logging.StreamHandler(sys.stderr)
    output.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer]
        )
    )
    root = logging.getLogger()
    root.handlers = [output]
    root.setLevel(logging.WARNING)
    logging.getLogger("playground").setLevel(settings.log_level.upper())
    # At debug level, these log bodies and headers.
    for library in ("playground.database.generated", "httpx", "httpcore", "httpx2", "httpcore2", "openai", "aiohttp", "sse_starlette"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _takes_colours() -> bool:
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _render_exception(_logger: object, _method: str, event: EventDict) -> EventDict:
    info = event.pop("exc_info", None)
    if info:
        error = cast(ExceptionInfo, info if isinstance(info, tuple) else sys.exc_info())[1]
        if error is not None:
            event["exception"] = "\n".join(_lines(error))
    return event


def _cut_credentials(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Remove credentials. Our code logs none, but a client may send one in the wrong place, such as in the path."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _CREDENTIAL.sub("[cut]", value)
    return event


def _lines(error: BaseException) -> list[str]:
    lines = []
    if error.__cause__ is not None:
        lines += [*_lines(error.__cause__), "which led to"]
    lines += [frame.rstrip() for frame in traceback.format_tb(error.__traceback__)]
    quotes = _QUOTING_LIBRARIES.match(type(error).__module__)
    lines.append(type(error).__qualname__ + ("" if quotes else f": {error}"))
    if isinstance(error, BaseExceptionGroup):
        for number, part in enumerate(error.exceptions, 1):
            lines += [f"part {number}:", *_lines(part)]
    return lines
