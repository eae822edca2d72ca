"""Sends a completion word by word, at its model's pace, and stops when the client disconnects."""

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final

import anyio
from starlette.types import Receive, Scope, Send

from .chunks import ChunkEncoder, whole_body
from .completion import Completion
from .errors import SIMULATED_HEADER
from .pace import Pace

HANG_UP: Final = "playground.hang_up"
"""The ASGI extension with which a response breaks its connection: `{"close": a function}`. `server.py` provides it."""

# Words that are due within this time are sent with the one that is due now. A write takes about 0.1 ms of this shared process, and no one
# sees words earlier than the next frame of a screen. Up to 100 words per second, each word has its own write, and no lane is faster.
_TOGETHER_SECONDS = 0.01

_STREAM_HEADERS = {**SIMULATED_HEADER, "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
_JSON_HEADERS = {**SIMULATED_HEADER, "content-type": "application/json"}


class Answering:
    """An ASGI response that runs `write` until it is done or the client disconnects, whichever comes first."""

    def __init__(self, write: Callable[[Scope, Send], Awaitable[None]]) -> None:
        self._write = write

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with anyio.create_task_group() as group:

            async def watch() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                group.cancel_scope.cancel()

            group.start_soon(watch)
            await self._write(scope, send)
            group.cancel_scope.cancel()


def stream(completion: Completion, pace: Pace, started: float, *, include_usage: bool, cut_off: bool) -> Answering:
    """Send the completion as server-sent events. `started` is when the request arrived, by the monotonic clock.

    With `cut_off`, send a third of it, and then break the connection.
    """
    encoder = ChunkEncoder(completion, include_usage=include_usage)
    pieces = completion.pieces[: max(1, len(completion.pieces) // 3)] if cut_off else completion.pieces

    async def write(scope: Scope, send: Send) -> None:
        await _start(send, _STREAM_HEADERS)
        waiting = encoder.opening()
        sent = 0
        while sent < len(pieces):
            await _sleep_until(started + pace.moment(sent))
            due = max(sent + 1, pace.due(monotonic() - started + _TOGETHER_SECONDS))
            await _send_body(send, waiting + encoder.pieces(pieces[sent:due]))
            waiting = b""
            sent = due
        if cut_off:
            await _hang_up(scope)
        else:
            await _send_body(send, waiting + encoder.closing(), more=False)

    return Answering(write)


def whole(completion: Completion, pace: Pace, started: float, *, cut_off: bool) -> Answering:
    """Send the completion as one JSON body, when its last word would have been written. With `cut_off`, send a third of the body."""
    body = whole_body(completion)

    async def write(scope: Scope, send: Send) -> None:
        await _sleep_until(started + pace.moment(max(0, len(completion.pieces) - 1)))
        await _start(send, _JSON_HEADERS)
        if cut_off:
            await _send_body(send, body[: len(body) // 3])
            await _hang_up(scope)
        else:
            await _send_body(send, body, more=False)

    return Answering(write)


def hang(*, streaming: bool) -> Answering:
    """Send headers, for a stream also a keep-alive comment, and then nothing until the client disconnects."""

    async def write(_: Scope, send: Send) -> None:
        await _start(send, _STREAM_HEADERS if streaming else _JSON_HEADERS)
        if streaming:
            await _send_body(send, b": keep-alive\n\n")
        await anyio.sleep_forever()

    return Answering(write)


async def _sleep_until(moment: float) -> None:
    # If it is behind schedule, this still lets other tasks run.
    await anyio.sleep(max(0, moment - monotonic()))


async def _hang_up(scope: Scope) -> None:
    extension = scope.get("extensions", {}).get(HANG_UP)
    if extension is not None:
        extension["close"]()
        # The server still has to notice the disconnect; returning earlier would be logged as an error.
        await anyio.sleep_forever()


async def _start(send: Send, headers: dict[str, str]) -> None:
    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": 200, "headers": encoded})


async def _send_body(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})
