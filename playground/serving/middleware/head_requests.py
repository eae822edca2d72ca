"""HEAD, which every server takes where it takes GET (RFC 9110, 9.1): load balancers ask whether a service is well by it."""

from starlette.types import ASGIApp, Receive, Scope, Send

_STREAM = "/stream"


class HeadRequests:
    """Has HEAD answered as GET; the server leaves the body out. Not for streams: a run would begin that nobody reads."""

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
