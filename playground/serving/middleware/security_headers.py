"""Security headers: what a page may load, who may embed it, and what browsers may cache."""

from collections.abc import Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_Header = tuple[bytes, bytes]

_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        # For styles of single elements, such as the width of a bar. Other style sheets and `<style>` stay forbidden.
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ]
)
# Without `upgrade-insecure-requests`: it would break the scripts of a page that is served over plain HTTP in a local network.

_UNUSED_POWERS = ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone", "payment", "usb")

_ALWAYS: list[_Header] = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    # With `no-referrer`, some browsers hide the page's origin from this service, which checks it before it accepts the cookie.
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", ", ".join(f"{power}=()" for power in _UNUSED_POWERS).encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
# Only for this host: its subdomains may not have TLS.
_OVER_TLS: list[_Header] = [*_ALWAYS, (b"strict-transport-security", b"max-age=31536000")]

_DO_NOT_KEEP: _Header = (b"cache-control", b"no-store")
_PRIVATE_TYPES = (b"application/json", b"application/problem+json", b"text/csv")
"""Types with records or tokens of a user, which must not be stored on disk."""


class SecurityHeaders:
    """Adds the headers to every response."""

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
    """Return the headers of a response with the security headers, for a request with `scheme`."""
    return [*headers, *(_OVER_TLS if scheme == "https" else _ALWAYS), *([_DO_NOT_KEEP] if _is_private(headers) else [])]


def _is_private(headers: Sequence[_Header]) -> bool:
    """Return whether the response has records and no caching headers."""
    private = False
    for name, value in headers:
        if name == b"cache-control":
            return False
        private = private or (name == b"content-type" and value.startswith(_PRIVATE_TYPES))
    return private
