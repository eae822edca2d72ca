"""A bypass of the middlewares for the body of a stream."""

from starlette.types import ASGIApp, Receive, Scope, Send

_DIRECT_SEND = "playground.direct_send"


class DirectSend:
    """Wraps the whole application, including Starlette's outermost middleware, and stores the server's `send`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        scope[_DIRECT_SEND] = send
        await self._app(scope, receive, send)


def direct_send(scope: Scope, send: Send) -> Send:
    """Return the server's `send`, which bypasses all middlewares.

    For the body of a stream: the middlewares have seen its start, and each would cost time for every chunk.
    """
    known: Send = scope.get(_DIRECT_SEND, send)
    return known
