"""Every request gets an id, and one line in the log."""

import re
import time

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.kit.ids import new_id
from playground.kit.request_origin import ORIGIN, Origin

from .response_headers import add_headers, added_headers

_USABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_QUIET_PATHS = frozenset({"/health"})

_logger = structlog.get_logger(__name__)


class RequestLog:
    """Gives each request an id (the caller's `X-Request-ID` where it has a usable one), which answers and log lines carry.

    Queries are never logged: they may hold tokens and prompts.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _given_id(scope) or new_id()
        add_headers(scope, {"X-Request-ID": request_id})
        ORIGIN.set(Origin(scope["client"][0] if scope.get("client") else None, request_id))
        started_at = time.perf_counter()
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
                    duration = round((time.perf_counter() - started_at) * 1000, 1)
                    _logger.info("request", method=scope["method"], path=scope["path"], status=status, duration_ms=duration)


def _given_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text = value.decode("latin-1")
            return text if _USABLE_ID.fullmatch(text) else None
    return None
