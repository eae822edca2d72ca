"""The body of a request: read up to a limit, and looked at before anything parses it."""

from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.errors import BadInput, FieldError, Problem
from playground.problems import respond

from .nesting import nested_deeper


class BodyTooLarge(Problem):
    """The body of the request is larger than this service takes."""

    status = 413
    title = "The request is too large"
    code = "body_too_large"


class _BodyToCome(NamedTuple):
    """What the headers say of the body."""

    length: int
    """In bytes; 0: they don't say."""
    is_json: bool


class BodyLimit:
    """Refuses bodies of more than `most_bytes`, and JSON nested more than `deepest` deep; the rest reach the application in one piece.

    A body that says its length is refused before any of it is read, another as soon as it is over. The server goes on reading what
    the client still sends and throws it away, so that the client gets the answer and its connection can take the next request.
    """

    def __init__(self, app: ASGIApp, *, most_bytes: int, deepest: int) -> None:
        self._app = app
        self._most_bytes = most_bytes
        self._deepest = deepest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        coming = _body_to_come(scope)
        if coming is None:
            await self._app(scope, receive, send)
            return
        try:
            body = await self._read(receive, coming.length)
            if coming.is_json and body is not None and nested_deeper(body, self._deepest):
                detail = f"is JSON that is nested more than {self._deepest} deep"
                raise BadInput(f"body: {detail}", errors=[FieldError("body", detail)])
        except Problem as problem:
            await respond(problem)(scope, receive, send)
        else:
            if body is not None:
                await self._app(scope, _giving(body, receive), send)

    async def _read(self, receive: Receive, length: int) -> bytes | None:
        """The whole body; `None` when the client left. Raises `BodyTooLarge`."""
        pieces, size = [], 0
        while max(length, size) <= self._most_bytes:
            message = await receive()
            if message["type"] != "http.request":
                return None
            pieces.append(message["body"])
            size += len(message["body"])
            if not message["more_body"] and size <= self._most_bytes:
                return b"".join(pieces)
        raise BodyTooLarge(f"The body of the request is larger than {self._most_bytes:,} bytes, which is the most this service takes.")


def _body_to_come(scope: Scope) -> _BodyToCome | None:
    """`None`: there is no body (RFC 9112, 6.3: neither of the two headers that announce one)."""
    length, in_chunks, is_json = 0, False, False
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = int(value)
        elif name == b"transfer-encoding":
            in_chunks = True
        elif name == b"content-type":
            is_json = b"json" in value.lower()
    return _BodyToCome(length, is_json) if length or in_chunks else None


def _giving(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body, and then what the server says. It does not keep the body: a stream may be long."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return left.pop() if left else await receive()

    return give
