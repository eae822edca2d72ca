"""Error responses in OpenAI's form: `{"error": {"message", "type", "param", "code"}}`.

Codes, types and statuses are those of OpenAI's API reference and its servers.
"""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

SIMULATED_HEADER = {"x-simulated": "true"}
"""Sent with every response of the simulator."""


class ApiError(Exception):
    """A response with 4xx or 5xx."""

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
        self.headers = dict(headers or {})


def bad_request(message: str, *, param: str | None = None) -> ApiError:
    """400: the body is invalid."""
    return ApiError(HTTPStatus.BAD_REQUEST, message, param=param)


def body_too_large() -> ApiError:
    """413: larger than any context window."""
    return ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body of your request is too large.")


def unknown_model(name: str) -> ApiError:
    """404: there is no such model."""
    message = f"The model `{name}` does not exist or you do not have access to it."
    return ApiError(HTTPStatus.NOT_FOUND, message, param="model", code="model_not_found")


def prompt_too_long(tokens: int, window: int) -> ApiError:
    """400: the prompt doesn't fit into the model's context window."""
    message = (
        f"This model's maximum context length is {window} tokens. However, your messages resulted in {tokens} tokens. "
        "Please reduce the length of the messages."
    )
    return ApiError(HTTPStatus.BAD_REQUEST, message, param="messages", code="context_length_exceeded")


def content_refused() -> ApiError:
    """400: the content policy forbids an answer."""
    message = "Your request was rejected as a result of our safety system. (Simulated: this model refuses every prompt.)"
    return ApiError(HTTPStatus.BAD_REQUEST, message, param="messages", code="content_policy_violation")


def overloaded() -> ApiError:
    """503: try again."""
    message = "The model is currently overloaded with other requests. Please try again. (Simulated.)"
    return ApiError(HTTPStatus.SERVICE_UNAVAILABLE, message, kind="service_unavailable_error", code="overloaded")


def rate_limited(retry_after: int) -> ApiError:
    """429: try again after this many seconds."""
    message = f"Rate limit reached for requests. Please try again in {retry_after}s. (Simulated.)"
    return ApiError(
        HTTPStatus.TOO_MANY_REQUESTS, message, kind="requests", code="rate_limit_exceeded", headers={"retry-after": str(retry_after)}
    )


def answer_with_error(_: Request, error: Exception) -> Response:
    """Starlette's handler for `ApiError`, and for what its router raises."""
    if isinstance(error, HTTPException):
        error = ApiError(HTTPStatus(error.status_code), error.detail, headers=error.headers)
    if not isinstance(error, ApiError):
        raise error
    return respond(error)


def respond(error: ApiError) -> Response:
    """Return the response for `error`."""
    return Response(
        msgspec.json.encode(error.body),
        status_code=error.status,
        media_type="application/json",
        headers={**error.headers, **SIMULATED_HEADER},
    )
