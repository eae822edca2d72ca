#!/usr/bin/env python3
"""Measures how the worst requests affect another user: the largest gap in that user's stream during each request.

Starts the service, lets one user read a stream of many tokens a second, and sends, as another user and as no one, the largest request of
each kind to every operation of the OpenAPI document. `python benchmarks/hostile.py --help` lists the options.
"""

import json
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Annotated, Any, NamedTuple

import anyio
import httpx
import typer
from processes import Server, running_server
from rich.console import Console
from rich.table import Table

ALLOWED_GAP_MS = 100
_BODY = 8_000_000
_SMALL = 65_000
_HEAD = 60_000
_PASSWORD = "a long password of the benchmark"  # noqa: S105 - of a database that is deleted at the end

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


class Sample(NamedTuple):
    """One request and its effect."""

    kind: str
    operation: str
    status: str
    answer_bytes: int
    gap_ms: float


def bodies(size: int) -> Iterator[tuple[str, bytes]]:
    """The largest JSON bodies of each kind in about `size` bytes."""
    many = size // 12
    yield "fields", b"{" + b",".join(b'"f%d":1' % number for number in range(many)) + b"}"
    yield "numbers", b'{"models":[' + b"1," * (size // 2 - 10) + b'1],"scopes":[1],"lanes":[]}'
    yield "lists", b'{"lanes":[' + b"{}," * (size // 3 - 10) + b"{}]}"
    yield "depth", b"[" * size
    yield "text", b'{"prompt":"' + b"a" * (size - 20) + b'"}'
    yield "escapes", b'{"prompt":"' + rb"\u00e9" * (size // 6 - 4) + b'"}'
    yield "commas", b'{"prompt":"' + b'\\",' * (size // 3 - 8) + b'"}'
    yield "digits", b'{"maxTokens":' + b"9" * (size - 20) + b"}"
    yield "exponent", b'{"temperature":1e' + b"9" * 4_000 + b"}"
    yield "no JSON", b"\xff" * size
    # What passes the count of values, and so reaches the parser and the schemas.
    yield "4,900 fields", b"{" + b",".join(b'"f%d":1' % number for number in range(4_900)) + b"}"
    yield "4,900 entries", b'{"models":[' + b"1," * 4_800 + b'1],"scopes":["x"]}'


async def _user(http: httpx.AsyncClient, name: str) -> dict[str, str]:
    body = {"email": f"{name}@example.com", "password": _PASSWORD, "name": name}
    answer = (await http.post("/auth/register", json=body)).raise_for_status().json()
    return {"Authorization": f"Bearer {answer['accessToken']}"}


class Watch(Thread):
    """Reads streams of one user without a pause, in a separate thread, and records the largest gap between two reads."""

    def __init__(self, port: int, login: dict[str, str]) -> None:
        super().__init__(daemon=True)
        body = json.dumps({"prompt": "Write on and on", "models": ["sim/quick"] * 4})
        self._port = port
        self._request = (
            f"POST /playground/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {login['Authorization']}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        self._last = time.monotonic()
        self._largest = 0.0
        self._ended = False

    def run(self) -> None:
        """Read until `end`. Gaps count from the first chunk of each stream."""
        while not self._ended:
            with socket.create_connection(("127.0.0.1", self._port)) as connection:
                connection.sendall(self._request)
                while b'"chunk"' not in (piece := connection.recv(65_536)) and piece:
                    pass
                self._last = time.monotonic()
                while not self._ended and connection.recv(65_536):
                    now = time.monotonic()
                    self._largest = max(self._largest, now - self._last)
                    self._last = now

    def end(self) -> None:
        """Stop reading."""
        self._ended = True
        self.join()

    def take(self) -> float:
        """Return the largest gap since the last call, in ms."""
        largest, self._largest = self._largest, 0.0
        return largest * 1000


def requests_to(path: str, *, takes_body: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """The worst requests to one operation, by kind."""
    yield "query", {"params": {f"p{number}": "1" for number in range(4_000)}}
    yield "query value", {"params": {"q": "%" * (_HEAD // 4), "cursor": "x" * (_HEAD // 4)}}
    yield "headers", {"headers": {f"x-{number}": "v" for number in range(4_000)}}
    yield "cookies", {"headers": {"Cookie": "; ".join(f"c{number}=v" for number in range(5_000))}}
    yield "token", {"headers": {"Authorization": f"Bearer {'a.' * (_HEAD // 2)}"}}
    if takes_body:
        size = _BODY if path in ("/playground/stream", "/playground/estimate") else _SMALL
        for kind, body in bodies(size):
            yield kind, {"content": body, "headers": {"Content-Type": "application/json"}}


async def measure(server: Server, seconds: float, console: Console) -> list[Sample]:
    """Send every request, one after the other, and note what each did. Of an answer `seconds` are read."""
    samples: list[Sample] = []
    async with httpx.AsyncClient(base_url=server.url, timeout=120, trust_env=False) as http:
        watched, hostile = await _user(http, "watched"), await _user(http, "hostile")
        document = (await http.get("/openapi.json")).json()
        watch = Watch(server.port, watched)
        watch.start()
        await anyio.sleep(2)
        watch.take()
        await anyio.sleep(2)
        console.print(f"By itself, the watched stream has gaps of up to {watch.take():.0f} ms.")
        operations = [(method, path, operation) for path, methods in document["paths"].items() for method, operation in methods.items()]
        for method, path, operation in operations:
            for kind, given in requests_to(path, takes_body="requestBody" in operation):
                for login in (hostile, {}):
                    headers = {**login, **given.get("headers", {})}
                    request = http.build_request(method.upper(), re.sub(r"\{[^}]+\}", "x", path), **{**given, "headers": headers})
                    watch.take()
                    status, size = await _send(http, request, seconds)
                    await anyio.sleep(0.02)
                    samples.append(Sample(kind, f"{method.upper()} {path}", status, size, watch.take()))
        watch.end()
    return samples


async def _send(http: httpx.AsyncClient, request: httpx.Request, seconds: float) -> tuple[str, int]:
    """The status, and how many bytes came."""
    size = 0
    try:
        response = await http.send(request, stream=True)
        with anyio.move_on_after(seconds):
            async for piece in response.aiter_raw():
                size += len(piece)
        await response.aclose()
    except httpx.HTTPError as error:
        return type(error).__name__, size
    return str(response.status_code), size


def _show(samples: list[Sample], console: Console) -> None:
    table = Table("kind", "requests", "largest gap, ms", "at", "largest answer, bytes", title="Another user's stream meanwhile")
    for kind in dict.fromkeys(sample.kind for sample in samples):
        of_kind = [sample for sample in samples if sample.kind == kind]
        worst = max(of_kind, key=lambda sample: sample.gap_ms)
        largest = max(sample.answer_bytes for sample in of_kind)
        table.add_row(kind, str(len(of_kind)), f"{worst.gap_ms:.0f}", f"{worst.operation} ({worst.status})", f"{largest:,}")
    console.print(table)
    over = [sample for sample in samples if sample.gap_ms > ALLOWED_GAP_MS]
    console.print(f"{len(over)} of {len(samples)} requests came with a gap of more than {ALLOWED_GAP_MS} ms.")
    defects = [sample for sample in samples if sample.status.startswith("5")]
    for sample in defects:
        console.print(f"A fault of the service: {sample.operation}, {sample.kind}: {sample.status}")


@app.command()
def main(seconds: Annotated[float, typer.Option(help="How much of each answer is read.")] = 0.2) -> None:
    """Measure, and print a table by kind of request."""
    console = Console()

    async def run() -> list[Sample]:
        with TemporaryDirectory() as folder:
            unlimited = {"LIMIT_USER_REQUESTS", "LIMIT_ADDRESS_REQUESTS", "LIMIT_AUTH", "LIMIT_STREAMS"}
            variables = dict.fromkeys(unlimited, "1000000000 per 15 minutes")
            command = ["-m", "playground", "serve"]
            async with running_server(
                "service", command, Path(folder), PLAYGROUND_DATA_DIR=f"{folder}/data", PORT="0", LOG_FORMAT="json", **variables
            ) as server:
                return await measure(server, seconds, console)

    _show(anyio.run(run, backend_options={"use_uvloop": True}), console)


if __name__ == "__main__":
    app()
