"""The way past the middlewares, for the body of a stream."""

from starlette.types import Scope, Send

_DIRECT_SEND = "playground.direct_send"


def keep_direct_send(scope: Scope, send: Send) -> None:
    """Remember the server's own `send`: for the outermost middleware."""
    scope[_DIRECT_SEND] = send


def direct_send(scope: Scope, send: Send) -> Send:
    """`send` as the outermost middleware got it, past all within.

    For the body of a stream: the others have seen its start, and each of them would cost every chunk.
    """
    known: Send = scope.get(_DIRECT_SEND, send)
    return known
