"""A provider for tests: an HTTP server that writes exactly the bytes that a test gives, and keeps what it received."""

import json
import socket
import struct
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

import anyio
from anyio.abc import SocketAttribute, SocketStream, TaskStatus
from anyio.streams.buffered import BufferedByteReceiveStream

Framing = Literal["chunked", "close", "cut", "reset"]
"""`chunked`: ended in order; `close`: the end of the connection is the end of the body; `cut`: chunked, closed without the last
chunk; `reset`: the connection is reset."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. A piece is written by itself; an `anyio.Event` is waited for first."""

    pieces: Sequence[bytes | anyio.Event] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    framing: Framing = "chunked"
    content_type: str = "text/event-stream"
    before: anyio.Event | None = None
    """Waited for before anything is written."""
    raw: bytes | None = None
    """Written in place of a proper answer; then the connection is closed."""


@dataclass
class Received:
    """One request, and whether its client has gone."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int
    gone: anyio.Event = field(default_factory=anyio.Event)

    @property
    def json(self) -> dict[str, object]:
        return dict(json.loads(self.body))


class Upstream:
    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.connections = 0
        self.url = ""
        self._answers: deque[Answer] = deque()
        self._arrived = anyio.Event()

    def will_answer(self, *answers: Answer) -> None:
        """Answer the next requests so; the last answer is given to all that follow."""
        self._answers = deque(answers)

    async def request(self, number: int = 0) -> Received:
        """The request with this number, as soon as it has come."""
        while len(self.requests) <= number:
            await self._arrived.wait()
        return self.requests[number]

    async def serve(self, *, task_status: TaskStatus[None]) -> None:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
        self.url = f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}/v1"  # noqa: S610 - nothing of Django's
        async with listener:
            task_status.started()
            await listener.serve(self._connection)

    async def _connection(self, stream: SocketStream) -> None:
        self.connections += 1
        number = self.connections
        receive = BufferedByteReceiveStream(stream)
        async with stream:
            try:
                while True:
                    received = await self._receive(receive, number)
                    self.requests.append(received)
                    self._arrived.set()
                    self._arrived = anyio.Event()
                    if not await self._answer(stream, receive, received):
                        return
            except (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError, anyio.ClosedResourceError):
                return

    async def _receive(self, receive: BufferedByteReceiveStream, number: int) -> Received:
        head = (await receive.receive_until(b"\r\n\r\n", 65_536)).decode("latin-1")
        first, *lines = head.split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await receive.receive_exactly(int(headers.get("content-length", "0")))
        return Received(method, path, headers, body, number)

    async def _answer(self, stream: SocketStream, receive: BufferedByteReceiveStream, received: Received) -> bool:
        """True: the connection can take another request."""
        answer = self._answers.popleft() if len(self._answers) > 1 else self._answers[0]
        try:
            async with anyio.create_task_group() as watching:
                watching.start_soon(self._watch, receive, received, watching.cancel_scope)
                await self._write(stream, answer)
                watching.cancel_scope.cancel()
        except* (anyio.BrokenResourceError, anyio.ClosedResourceError):
            received.gone.set()
        if answer.framing == "reset":
            linger = struct.pack("ii", 1, 0)
            stream.extra(SocketAttribute.raw_socket).setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)  # noqa: S610 - nothing of Django's
        return answer.framing == "chunked" and answer.raw is None and not received.gone.is_set()

    async def _watch(self, receive: BufferedByteReceiveStream, received: Received, scope: anyio.CancelScope) -> None:
        """Nothing is expected from the client while it is answered, but that it goes away."""
        try:
            await receive.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            received.gone.set()
            scope.cancel()

    async def _write(self, stream: SocketStream, answer: Answer) -> None:
        if answer.before is not None:
            await answer.before.wait()
        if answer.raw is not None:
            await stream.send(answer.raw)
            return
        chunked = answer.framing in {"chunked", "cut"}
        headers = {"Content-Type": answer.content_type, **answer.headers}
        headers |= {"Transfer-Encoding": "chunked"} if chunked else {"Connection": "close"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        await stream.send(f"HTTP/1.1 {answer.status} Test\r\n{lines}\r\n".encode("latin-1"))
        for piece in answer.pieces:
            if isinstance(piece, anyio.Event):
                await piece.wait()
            elif piece:
                await stream.send(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if answer.framing == "chunked":
            await stream.send(b"0\r\n\r\n")


@asynccontextmanager
async def running_upstream() -> AsyncIterator[Upstream]:
    upstream = Upstream()
    async with anyio.create_task_group() as group:
        await group.start(upstream.serve)
        yield upstream
        group.cancel_scope.cancel()


def event(payload: object, eol: str = "\n") -> bytes:
    """One event of a stream: `payload` as JSON, or as it is when it is text."""
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return f"data: {text}{eol}{eol}".encode()


def text_chunk(content: object = None, **fields: object) -> dict[str, object]:
    """A chunk with a piece of text; more fields go into its delta."""
    return {
        "id": "c1",
        "object": "chat.completion.chunk",
        "model": "m-1",
        "choices": [{"index": 0, "delta": {"content": content, **fields}}],
    }


def finish_chunk(reason: str = "stop", **fields: object) -> dict[str, object]:
    """The chunk that says why the answer ended; more fields go beside `choices`."""
    return {"id": "c1", "model": "m-1", "choices": [{"index": 0, "delta": {}, "finish_reason": reason}], **fields}


DONE = event("[DONE]")
