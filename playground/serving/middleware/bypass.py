"""The way past the middlewares, for the body of a stream."""

from starlette.types import ASGIApp, Receive, Scope, Send

_DIRECT_SEND = "playground.direct_send"


class DirectSend:
    """Goes around the whole application, Starlette's own outermost middleware too, and remembers the server's own `send`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        scope[_DIRECT_SEND] = send
        await self._app(scope, receive, send)


def direct_send(scope: Scope, send: Send) -> Send:
    """The server's `send`, past all middlewares.

    For the body of a stream: the others have seen its start, and each of them would cost every chunk.
    """
    known: Send = scope.get(_DIRECT_SEND, send)
    return known
