"""The usual request for a new run, taken apart without FastAPI's help.

FastAPI finds out again for every request what an endpoint wants, which takes 0.4 ms that a first token would wait for. What is unusual or
wrong about a request is left to FastAPI, so that there is one answer to it.
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
    """What the endpoint takes."""

    request: Request
    comparisons: ComparisonService
    limits: LimitService
    streams: Streams
    user: User
    body: StreamRequest
    idempotency_key: str | None
    last_event_id: str | None


class StartRoute(APIRoute):
    """The route of an endpoint that takes `_Arguments`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI asks once, at the start. Raises `TypeError` for an endpoint that takes something else."""
        if signature(self.endpoint).parameters.keys() != _Arguments.__annotations__.keys():
            raise TypeError(f"{self.endpoint.__name__} takes other arguments than this route gives")
        by_fastapi = super().get_route_handler()

        async def handle(request: Request) -> Response:
            arguments = await _usual(request)
            if arguments is None:
                return await by_fastapi(request)
            response: Response = await self.endpoint(**arguments)
            return response

        return handle


async def _usual(request: Request) -> _Arguments | None:
    """What the request gives; `None`: FastAPI has to look at it. Raises what `streamer` raises."""
    query = request.scope["query_string"]
    if query and "token" in request.query_params:
        return None
    # Before all else, as FastAPI does not: it parses the body first, and would tell anybody what is wrong with that.
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
            await sleep(_PAUSE_SECONDS)  # FastAPI parses it again: others have their turn in between.
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
