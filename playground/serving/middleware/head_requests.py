"""HEAD, which a server must support wherever it supports GET (RFC 9110, 9.1): load balancers check health with it."""

from starlette.types import ASGIApp, Receive, Scope, Send

_STREAM = "/stream"


class HeadRequests:
    """Handles HEAD like GET; the server omits the body. Not for streams, which would start a run that no one reads."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] == "HEAD" and not scope["path"].endswith(_STREAM):
            # A copy: by its own the server knows what was asked.
            copy = {**scope, "method": "GET"}
            await self._app(copy, receive, send)
            scope["route"] = copy.get("route")  # For those outside, who count requests by their route.
            return
        await self._app(scope, receive, send)
