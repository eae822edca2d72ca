"""A server with many providers on it, each with a list of models that a test writes; every model answers in the same words."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

CHUNKS = (
    {"choices": [{"index": 0, "delta": {"content": "Good morning"}, "finish_reason": None}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {"choices": [], "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 100_000, "total_tokens": 1_100_000}},
)


class ListingServer:
    """`<url>/<provider>/v1` is the base URL of each. It doesn't know models named `absent`, and accepts no key for `locked`."""

    def __init__(self) -> None:
        self.url = ""
        self.lists: dict[str, list[dict[str, Any]]] = {}
        """By provider. A test may change them until they are fetched."""
        self.asked: list[str] = []
        """As `provider/model`."""

    def providers_toml(self) -> str:
        """The providers file of a service that has all of them."""
        return "".join(f'[[provider]]\nid = "{name}"\nname = "{name.title()}"\nbase_url = "{self.url}/{name}/v1"\n' for name in self.lists)

    async def list_models(self, request: web.Request) -> web.Response:
        """The list of a provider."""
        return web.json_response({"object": "list", "data": self.lists[request.match_info["provider"]]})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The answer of any model."""
        model = (await request.json())["model"]
        self.asked.append(f"{request.match_info['provider']}/{model}")
        if model == "absent":
            error = {"message": "No such model.", "code": "model_not_found"}
            return web.json_response({"error": error}, status=404)
        if model == "locked":
            return web.json_response({"error": {"message": "Incorrect API key provided.", "code": "invalid_api_key"}}, status=401)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for chunk in CHUNKS:
            await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        await response.write(b"data: [DONE]\n\n")
        return response


@asynccontextmanager
async def listing_server(lists: dict[str, list[dict[str, Any]]]) -> AsyncIterator[ListingServer]:
    """A running server with these lists."""
    server = ListingServer()
    server.lists = lists
    app = web.Application(client_max_size=32 * 1024**2)
    app.router.add_get("/{provider}/v1/models", server.list_models)
    app.router.add_post("/{provider}/v1/chat/completions", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()
