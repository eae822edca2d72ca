"""A connection to a server, byte by byte, for what no HTTP library would send."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.abc
import httpx
from anyio.streams.buffered import BufferedByteReceiveStream


class Connection:
    """One connection."""

    def __init__(self, stream: anyio.abc.SocketStream) -> None:
        self._stream = stream
        self._incoming = BufferedByteReceiveStream(stream)

    async def send(self, *parts: bytes) -> None:
        for part in parts:
            await self._stream.send(part)

    async def answer(self) -> tuple[int, dict[str, str], Any]:
        """The next answer's status, headers and JSON."""
        status, lines = await self.answer_head()
        headers = dict(lines)
        body = await self._incoming.receive_exactly(int(headers["content-length"]))
        return status, headers, json.loads(body)

    async def answer_head(self) -> tuple[int, list[tuple[str, str]]]:
        """The next answer's status, and its headers one by one."""
        first, *lines = (await self._incoming.receive_until(b"\r\n\r\n", 65_536)).decode("latin-1").split("\r\n")
        headers = [line.split(": ", 1) for line in lines]
        return int(first.split()[1]), [(name.lower(), value) for name, value in headers]

    async def rest(self) -> bytes:
        """All that still comes, until the server closes the connection."""
        return b"".join([piece async for piece in self._incoming])


@asynccontextmanager
async def connection(url: httpx.URL) -> AsyncIterator[Connection]:
    async with await anyio.connect_tcp(url.host, url.port or 80) as stream:
        with anyio.fail_after(30):
            yield Connection(stream)


def head(method: str, path: str, *headers: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: service", *headers, "", ""]).encode()
