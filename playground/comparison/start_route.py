"""A route that parses the usual request for a new run without FastAPI.

FastAPI resolves an endpoint's parameters again for every request. That takes 0.4 ms, which would delay the first token. Unusual or invalid
requests are left to FastAPI, so that they get the same response everywhere.
"""

from collections.abc import Callable, Coroutine
from inspect import signature
from typing import Any, TypedDict

from anyio import sleep
from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import ValidationError

from playground.accounts.authorization import streamer
from playground.accounts.identity import User
from playground.kit.provided import services_of
from playground.limits.service import LimitService

from .schemas import StreamRequest
from .service import ComparisonService
from .streams import Streams

LONGEST_IDEMPOTENCY_KEY = 200
_LONG_BYTES = 1_048_576
_PAUSE_SECONDS = 0.005


class _Arguments(TypedDict):
    """The arguments of the endpoint."""

    request: Request
    comparisons: ComparisonService
    limits: LimitService
    streams: Streams
    user: User
    body: StreamRequest
    idempotency_key: str | None
    last_event_id: str | None


class StartRoute(APIRoute):
    """The route of an endpoint that accepts `_Arguments`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler; FastAPI calls this once, at start. Raises `TypeError` if the endpoint has other parameters."""
        if signature(self.endpoint).parameters.keys() != _Arguments.__annotations__.keys():
            raise TypeError(f"{self.endpoint.__name__} has other parameters than the arguments of this route")
        by_fastapi = super().get_route_handler()

        async def handle(request: Request) -> Response:
            arguments = await _usual(request)
            if arguments is None:
                return await by_fastapi(request)
            response: Response = await self.endpoint(**arguments)
            return response

        return handle


async def _usual(request: Request) -> _Arguments | None:
    """Return the endpoint's arguments, or `None` if FastAPI has to parse the request. Raises the errors of `streamer`."""
    query = request.scope["query_string"]
    if query and "token" in request.query_params:
        return None
    # Authenticate first. FastAPI parses the body first, and would report errors in it to unauthenticated clients.
    user = await streamer(request)
    headers = request.headers
    key = headers.get("idempotency-key")
    if (
        headers.get("content-type") != "application/json"
        or "last-event-id" in headers
        or query
        or not (key is None or 0 < len(key) <= LONGEST_IDEMPOTENCY_KEY)
    ):
        return None
    content = await request.body()
    try:
        body = StreamRequest.model_validate_json(content)
    except ValidationError:
        if len(content) > _LONG_BYTES:
            await sleep(_PAUSE_SECONDS)  # FastAPI will parse it again; let other requests run in between.
        return None
    services = services_of(request.scope)
    return _Arguments(
        request=request,
        comparisons=services.get(ComparisonService),
        limits=services.get(LimitService),
        streams=services.get(Streams),
        user=user,
        body=body,
        idempotency_key=key,
        last_event_id=None,
    )
