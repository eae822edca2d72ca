"""Gives every request an id and one line in the log."""

import re
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.kit.ids import new_id
from playground.kit.request_origin import ORIGIN, Origin

from .response_headers import add_headers, added_headers

_USABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET_PATHS = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})

_logger = structlog.get_logger(__name__)


class RequestLog:
    """Gives each request an id (the caller's `X-Request-ID` where it has a usable one), which answers and log lines carry.

    Queries are never logged: they may contain tokens and prompts.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_at = time.monotonic()
        request_id = _usable(_header(scope, b"x-request-id")) or new_id()
        add_headers(scope, {"X-Request-ID": request_id})
        address = scope["client"][0] if scope.get("client") else None
        ORIGIN.set(Origin(address, request_id, started_at, _header(scope, b"traceparent")))
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *added_headers(scope)]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_headers)
            finally:
                if scope["path"] not in _QUIET_PATHS:
                    duration = round((time.monotonic() - started_at) * 1000, 1)
                    _logger.info("request", method=scope["method"], path=scope["path"], status=status, duration_ms=duration)


def _header(scope: Scope, wanted: bytes) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), None)


def _usable(request_id: str | None) -> str | None:
    return request_id if request_id is not None and _USABLE_ID.fullmatch(request_id) else None
