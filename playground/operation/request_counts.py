"""Counts every request by its route: a stream when it starts, all others when they end, with their duration."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .labels import OTHER
from .metrics import Metrics

_STREAM = b"text/event-stream"


class RequestCounts:
    """A middleware outside of those that refuse requests, so that refusals are counted too."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_at = time.monotonic()
        metrics = self._metrics
        status: int | None = None

        async def send_counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                if _is_stream(message):
                    metrics.request_answered(scope["method"], _route(scope), message["status"])
                else:
                    status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_counted)
        finally:
            if status is not None:
                metrics.request_answered(scope["method"], _route(scope), status)
                metrics.request_ended(scope["method"], _route(scope), time.monotonic() - started_at)


def _route(scope: Scope) -> str:
    """Return the template of the path, such as `/playground/sessions/{session_id}`, or `other` for page files, refusals, unknown paths."""
    path: str = getattr(scope.get("route"), "path", OTHER)
    return path


def _is_stream(message: Message) -> bool:
    return any(name == b"content-type" and value.startswith(_STREAM) for name, value in message.get("headers", ()))
