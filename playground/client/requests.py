"""The requests of the client, as both of its forms send them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import httpx

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 60.0
"""The service sends a comment at least every 15 seconds, so a stream that is silent for this long is lost."""
RESUMPTIONS = 5
"""How often in a row a stream is resumed without an event in between."""
RESUME_SECONDS = 1.0
"""The wait before a stream is resumed, times the number of attempts so far."""


def authorization(key: str | None, token: str | None) -> dict[str, str]:
    """Return the header for an API key or an access token. Raises `ValueError` for both."""
    if key is not None and token is not None:
        raise ValueError("Use either key or token, not both.")
    if key is not None:
        return {"X-API-Key": key}
    return {"Authorization": f"Bearer {token}"} if token is not None else {}


def timeouts() -> httpx.Timeout:
    """Return the timeouts of all requests."""
    return httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)


def comparison(prompt: str, models: Sequence[str] | None, session_id: str | None, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the body of `POST /playground/stream`. Names such as `max_tokens` become `maxTokens`."""
    body: dict[str, Any] = {"prompt": prompt, **{camel(name): value for name, value in parameters.items()}}
    if models is not None:
        body["models"] = list(models)
    if session_id is not None:
        body["sessionId"] = session_id
    return body


def start_headers() -> dict[str, str]:
    """Return headers with which a start can be repeated: the same run is joined, and paid for once."""
    return {"Accept": "text/event-stream", "Idempotency-Key": uuid4().hex}


def query(filters: dict[str, Any]) -> dict[str, str]:
    """Return query parameters; moments and days as ISO 8601. `from_` is `from`, which Python has taken."""
    return {camel(name.rstrip("_")): _text(value) for name, value in filters.items() if value is not None}


def camel(name: str) -> str:
    """Return `maxTokens` for `max_tokens`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _text(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)
