"""The usual request for a new run, taken apart without FastAPI's help.

FastAPI finds out again for every request what an endpoint wants, which takes 0.4 ms that a first token would wait for. What is unusual or
wrong about a request is left to FastAPI, so that there is one answer to it.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import ValidationError

from playground.accounts.auth import streamer
from playground.services import services_of

from .schemas import StreamRequest

LONGEST_IDEMPOTENCY_KEY = 200


class StartRoute(APIRoute):
    """The route of an endpoint that takes what `_usual` gives."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI asks once, at the start."""
        by_fastapi = super().get_route_handler()

        async def handle(request: Request) -> Response:
            arguments = await _usual(request)
            if arguments is None:
                return await by_fastapi(request)
            response: Response = await self.endpoint(**arguments)
            return response

        return handle


async def _usual(request: Request) -> dict[str, Any] | None:
    """What the endpoint takes; `None`: FastAPI has to look at it. Raises what `streamer` raises."""
    headers = request.headers
    key = headers.get("idempotency-key")
    if (
        headers.get("content-type") != "application/json"
        or "last-event-id" in headers
        or request.scope["query_string"]
        or not (key is None or 0 < len(key) <= LONGEST_IDEMPOTENCY_KEY)
    ):
        return None
    user = await streamer(request)
    try:
        body = StreamRequest.model_validate_json(await request.body())
    except ValidationError:
        return None
    return {"request": request, "services": services_of(request), "user": user, "body": body, "idempotency_key": key, "last_event_id": None}
