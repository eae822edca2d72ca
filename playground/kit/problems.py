"""Turns every error into `application/problem+json` (RFC 9457), and describes these responses in the OpenAPI schema."""

from typing import Any

from fastapi import FastAPI, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from .errors import BadInput, FieldError, Problem
from .wire import FIELDS_AT_FAULT

_MOST_ERRORS = 20
_MOST_NAME_CHARACTERS = 100
_MOST_MESSAGE_CHARACTERS = 500
_NO_OBJECT = ("missing", "model_attributes_type")
"""pydantic's errors for a missing body, `null`, another value, or bytes of another type, which FastAPI doesn't parse."""


class ProblemField(BaseModel):
    """The error of one field."""

    field: str
    message: str


class ProblemBody(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ProblemField] | None = None
    limit: str | None = Field(
        None, description="The limit that is reached, such as `daily-requests`. This member and the following come with status 429."
    )
    used: int | str | None = Field(None, description="Requests or tokens used; for a budget, US dollars as a decimal string.")
    reserved: int | str | None = Field(None, description="What running comparisons have reserved.")
    wanted: int | str | None = Field(None, description="The most that this request may use.")
    max: int | str | None = None
    resetsAt: str | None = Field(None, description="When the limit resets.")  # noqa: N815 - as on the wire


class ProblemResponse(JSONResponse):
    """A problem on the wire."""

    media_type = "application/problem+json"


def documented(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Return the `responses=` of a route for the problems that it raises, by status."""
    responses: dict[int | str, dict[str, Any]] = {}
    for problem in problems:
        examples = responses.setdefault(
            problem.status, {"description": problem.title, "content": {"application/problem+json": {"examples": {}}}}
        )
        body = {
            "type": f"urn:playground:problem:{problem.code}",
            "title": problem.title,
            "status": problem.status,
            "detail": (problem.__doc__ or "").strip().splitlines()[0],
            **vars(problem).get("example", {}),  # Not inherited: the example of a base class is about something else.
        }
        content = examples["content"]["application/problem+json"]
        content["schema"] = {"$ref": "#/components/schemas/ProblemBody"}
        content["examples"][problem.code] = {"value": body}
    return responses


def respond(problem: Problem) -> ProblemResponse:
    """Return the response for `problem`."""
    return ProblemResponse(problem.body(), status_code=problem.status, headers=problem.headers)


def install(app: FastAPI) -> None:
    """Let `app` respond to every error with a problem."""

    @app.exception_handler(Problem)
    async def handle_problem(_request: Request, problem: Problem) -> ProblemResponse:
        return respond(problem)

    @app.exception_handler(RequestValidationError)
    async def handle_validation_error(_request: Request, error: RequestValidationError) -> ProblemResponse:
        return respond(_bad_input(error))

    @app.exception_handler(HTTPException)
    async def handle_http_error(request: Request, error: HTTPException) -> ProblemResponse:
        if error.status_code == status.HTTP_400_BAD_REQUEST:  # FastAPI could not parse the body.
            detail = "should be JSON in UTF-8"
            if "content-encoding" in request.headers:
                detail = "should be sent without Content-Encoding, which is not supported"
            elif "integer string conversion" in str(error.__cause__):
                # Python refuses to parse so many digits, because it takes quadratic time.
                detail = "contains a number with too many digits"
            return respond(BadInput.at("body", detail))
        headers = {**(error.headers or {}), **_allow(request, error)}
        detail = str(error.detail)
        if error.status_code == status.HTTP_404_NOT_FOUND:
            detail = "This address doesn't exist. See /docs for all addresses."
        elif "Allow" in headers:
            detail = f"This address doesn't support {request.method}. It supports {headers['Allow']}."
        body = {"type": "about:blank", "title": str(error.detail), "status": error.status_code, "detail": detail}
        return ProblemResponse(body, status_code=error.status_code, headers=headers)


def _allow(request: Request, error: HTTPException) -> dict[str, str]:
    """Return the header with all methods of the address. The router only names those of its first route (RFC 9110, 15.5.6)."""
    route = request.scope.get("route")
    if error.status_code != status.HTTP_405_METHOD_NOT_ALLOWED or route is None:
        return {}
    methods = request.app.openapi()["paths"].get(route.path_format, {})
    return {"Allow": ", ".join(method.upper() for method in methods)} if methods else {}


def _bad_input(error: RequestValidationError) -> BadInput:
    """Return the problem in a limited size: the first 20 errors, and how many more there are."""
    fields: list[FieldError] = []
    more = 0
    for each in error.errors():
        if len(fields) < _MOST_ERRORS:
            fields += _field_errors(each)
        else:
            more += 1
    more += max(0, len(fields) - _MOST_ERRORS)
    fields = [
        FieldError(_cut(field, _MOST_NAME_CHARACTERS), _cut(message, _MOST_MESSAGE_CHARACTERS)) for field, message in fields[:_MOST_ERRORS]
    ]
    detail = "; ".join(f"{name}: {message}" for name, message in fields)
    return BadInput(f"{detail}; and {more:,} more" if more else detail, errors=fields)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _field_errors(error: dict[str, Any]) -> list[FieldError]:
    if error["type"] == "json_invalid":  # FastAPI's, whose location is that of the character.
        return [FieldError("body", f"is not valid JSON: {error['ctx']['error']}, at character {error['loc'][-1]}")]
    if error["type"] == FIELDS_AT_FAULT:
        return [FieldError(_path((*error["loc"], name)), error["ctx"]["message"]) for name in error["ctx"]["fields"]]
    if error["loc"] == ("body",) and error["type"] in _NO_OBJECT:
        return [FieldError("body", "should be a JSON object, sent with Content-Type: application/json")]
    return [FieldError(_path(error["loc"]), _sentence(error))]


def _path(location: tuple[int | str, ...]) -> str:
    """Return `("body", "lanes", 1, "temperature")` as `lanes.1.temperature`."""
    return ".".join(str(part) for part in location[1:]) or str(location[0])


def _sentence(error: dict[str, Any]) -> str:
    """Return pydantic's message, except for internal terms: it counts the characters of a text as "items after validation"."""
    kind, context = error["type"], error.get("ctx", {})
    unit = "characters" if isinstance(error.get("input"), str) else "entries"
    if kind == "too_long":
        return f"should have at most {context['max_length']:,} {unit}"
    if kind == "too_short":
        return "should not be empty" if context["min_length"] == 1 else f"should have at least {context['min_length']:,} {unit}"
    if kind == "extra_forbidden":
        return "is not a known field"
    return str(error["msg"]).removeprefix("Value error, ")
