"""Limits the size of request bodies, and checks their structure before they are parsed."""

from typing import NamedTuple

from anyio import sleep
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.kit.errors import BadInput, Problem
from playground.kit.problems import respond

from .json_nesting import has_more_values, nested_deeper

_LARGE = frozenset({"/playground/stream", "/playground/estimate"})
"""The calls with a prompt. All other bodies are small."""
_SMALL_BYTES = 65_536
_UPLOADS = {"/attachments": 10 * 1_048_576 + _SMALL_BYTES}
"""Where a file comes, of 10 MB at most, and what stands around it."""
_LONG_BYTES = 1_048_576
_PAUSE_SECONDS = 0.005
_MOST_VALUES = 5_000
"""The maximum in one JSON document. The largest useful one, 16 lanes with all parameters, has a few hundred."""


class BodyTooLarge(Problem):
    """The body of the request is larger than this service accepts."""

    status = 413
    title = "The request is too large"
    code = "body_too_large"


class _BodyToCome(NamedTuple):
    """What the headers say about the body."""

    length: int
    """In bytes; 0: unknown."""
    is_json: bool


class BodyLimit:
    """Refuses bodies of more than `most_bytes` (64 KB for calls without a prompt), and JSON with more than `deepest` levels or 5,000
    values. The application gets all other bodies in one piece. Parsing millions of values would delay every other request.

    A body with a declared length is refused before it is read, others as soon as they exceed the limit. The server still reads and
    discards what the client sends, so that the client gets the response and can reuse the connection.
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
            most_bytes = self._most(scope["path"])
            body = await _read(receive, coming.length, most_bytes)
            if coming.is_json and body is not None:
                self._check_shape(body)
                if len(body) > _LONG_BYTES:
                    await sleep(_PAUSE_SECONDS)  # The check took as long as parsing will, so other requests get a turn in between.
        except Problem as problem:
            await respond(problem)(scope, receive, send)
        else:
            if body is not None:
                await self._app(scope, _giving(body, receive), send)

    def _most(self, path: str) -> int:
        if path in _UPLOADS:
            return _UPLOADS[path]
        return self._most_bytes if path in _LARGE else min(self._most_bytes, _SMALL_BYTES)

    def _check_shape(self, body: bytes) -> None:
        if nested_deeper(body, self._deepest):
            detail = f"should be JSON with at most {self._deepest} levels of nesting"
        elif has_more_values(body, _MOST_VALUES):
            detail = f"should be JSON with at most {_MOST_VALUES:,} values"
        else:
            return
        raise BadInput.at("body", detail)


async def _read(receive: Receive, length: int, most_bytes: int) -> bytes | None:
    """Return the whole body; `None` if the client disconnected. Raises `BodyTooLarge`."""
    pieces, size = [], 0
    while max(length, size) <= most_bytes:
        message = await receive()
        if message["type"] != "http.request":
            return None
        pieces.append(message["body"])
        size += len(message["body"])
        if not message["more_body"] and size <= most_bytes:
            return b"".join(pieces)
    raise BodyTooLarge(f"The body of the request is larger than {most_bytes:,} bytes, the maximum at this address.")


def _body_to_come(scope: Scope) -> _BodyToCome | None:
    """Return what the headers say; `None`: there is no body (RFC 9112, 6.3: neither of the two headers that announce one)."""
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
    """Return a `receive` with the body, and then the server's messages. It doesn't keep the body, because a stream may be long."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return left.pop() if left else await receive()

    return give
