"""The baseline of the benchmark: the least that can be between a client and a provider in Python.

One ASGI function on the same uvicorn as the service (uvloop, httptools), with the same access to a provider (the openai client
over aiohttp, raw bytes). It forwards requests and responses unchanged. No accounts, no records, no events.

    python benchmarks/bare_relay.py http://127.0.0.1:8000/v1
"""

import json
import socket
import sys

import anyio
import httpx2
import uvicorn
from openai import AsyncOpenAI, DefaultAioHttpClient
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope


class Relay:
    """Relays chat completions to the provider at `base_url`."""

    def __init__(self, base_url: str) -> None:
        # As in playground/providers/transport/pool.py: unlimited connections, without compression.
        pool = DefaultAioHttpClient(
            timeout=httpx2.Timeout(None, connect=10, pool=10), limits=httpx2.Limits(max_connections=0, keepalive_expiry=15)
        )
        self._client = AsyncOpenAI(
            api_key="none", base_url=base_url, max_retries=0, http_client=pool, default_headers={"Accept-Encoding": "identity"}
        )

    async def __call__(self, _scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Relay one request."""
        request = json.loads(await _body(receive))
        async with self._client.chat.completions.with_streaming_response.create(**request) as response:
            await send(
                {
                    "type": "http.response.start",
                    "status": response.status_code,
                    "headers": [(b"content-type", b"text/event-stream")],
                    "trailers": False,
                }
            )
            async for data in response.http_response.aiter_raw():
                await send({"type": "http.response.body", "body": data, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _body(receive: ASGIReceiveCallable) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionResetError
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


async def _main(base_url: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(2_048)
        config = uvicorn.Config(Relay(base_url), lifespan="off", log_config=None, access_log=False, server_header=False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        print(json.dumps({"event": "listening", "url": url}), file=sys.stderr, flush=True)
        await uvicorn.Server(config).serve([listener])


if __name__ == "__main__":
    anyio.run(_main, sys.argv[1], backend_options={"use_uvloop": True})
