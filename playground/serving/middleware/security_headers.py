"""What browsers are told about every answer: what it may load, who may show it, what they may keep."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_Header = tuple[bytes, bytes]

_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        # The width of a bar, the place of a tip: set on single elements. Style sheets and `<style>` stay forbidden.
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ]
)
# No `upgrade-insecure-requests`: it would leave a page that is served over plain HTTP in a local network without its scripts.

_UNUSED_POWERS = ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone", "payment", "usb")

_ALWAYS: list[_Header] = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    # With `no-referrer` some browsers hide the page's origin from its own service, which asks for it before it takes the cookie.
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", ", ".join(f"{power}=()" for power in _UNUSED_POWERS).encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
# This host alone: what else there is below its domain may not have TLS.
_OVER_TLS: list[_Header] = [*_ALWAYS, (b"strict-transport-security", b"max-age=31536000")]

_DO_NOT_KEEP: _Header = (b"cache-control", b"no-store")
_PRIVATE_TYPES = (b"application/json", b"application/problem+json", b"text/csv")
"""Somebody's records, and tokens, which no disk should keep."""


class SecurityHeaders:
    """Adds the headers to the start of every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scheme = scope["scheme"]

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = secured(message.get("headers", ()), scheme)
            await send(message)

        await self._app(scope, receive, send_secured)


def secured(headers: Sequence[_Header], scheme: str | None) -> list[_Header]:
    """The headers of an answer to a request that came by `scheme`, with those that every answer has."""
    return [*headers, *(_OVER_TLS if scheme == "https" else _ALWAYS), *([_DO_NOT_KEEP] if _is_private(headers) else [])]


def _is_private(headers: Sequence[_Header]) -> bool:
    """Whether it holds records, and says nothing of caching itself."""
    private = False
    for name, value in headers:
        if name == b"cache-control":
            return False
        private = private or (name == b"content-type" and value.startswith(_PRIVATE_TYPES))
    return private
