"""CORS (https://fetch.spec.whatwg.org/#http-cors-protocol), without credentials: which other sites' pages can call this service.

Starlette's middleware also responds to other origins, in plain text and with the headers that it exposes.
"""

from collections.abc import Sequence

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = "GET, POST, PUT, PATCH, DELETE"
_REQUEST_HEADERS = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-API-Key, X-Request-ID"
_EXPOSED_HEADERS = b"Content-Disposition, RateLimit, RateLimit-Policy, Retry-After, X-Request-ID"
_PREFLIGHT_SECONDS = "7200"
"""How long browsers can cache a preflight response. Browsers limit this to between two hours and a day."""


class CrossOrigin:
    """Lets pages of `origins` read all responses, including errors, and responds to preflights. Other origins get no headers."""

    def __init__(self, app: ASGIApp, *, origins: Sequence[str]) -> None:
        self._app = app
        self._origins = frozenset(origin.lower().encode() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        origin, is_preflight = None, False
        for name, value in scope["headers"]:
            if name == b"origin":
                origin = value
            elif name == b"access-control-request-method":
                is_preflight = scope["method"] == "OPTIONS"
        allowed = origin is not None and origin in self._origins
        # Always sent, so that no cache returns a response for one origin to another.
        added = [(b"vary", b"Origin")]
        if origin is not None and allowed:
            added += [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", _EXPOSED_HEADERS)]

        async def send_for_origin(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *added]
            await send(message)

        if allowed and is_preflight:
            await _preflight()(scope, receive, send_for_origin)
        else:
            await self._app(scope, receive, send_for_origin)


def _preflight() -> Response:
    headers = {
        "Access-Control-Allow-Methods": _METHODS,
        "Access-Control-Allow-Headers": _REQUEST_HEADERS,
        "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
    }
    return Response(status_code=204, headers=headers)
