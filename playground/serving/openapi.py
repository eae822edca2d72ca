"""The OpenAPI document: FastAPI's own, with events, errors and examples added."""

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from playground.comparison.stream.event_docs import event_schemas
from playground.kit.errors import BadInput
from playground.kit.problems import ProblemBody, documented
from playground.limits.limit_errors import LimitReached
from playground.limits.middleware import is_counted
from playground.serving.middleware.body_limit import BodyTooLarge

_DESCRIPTION = """\
Sends one prompt to many language models at once and streams the answers side by side, with the cost and the time of each.

JSON is camelCase, times are ISO 8601 in UTC, durations are in milliseconds, and money is a decimal string in US dollars.
Errors are `application/problem+json` (RFC 9457). Simulated answers are marked `simulated`, and tokens that the service
counted itself are marked `estimated`. An unknown cost is `null`.
"""


_BAD_INPUT = documented(BadInput)[BadInput.status]["content"]["application/problem+json"]
_EXAMPLES = Path(__file__).with_name("openapi_examples.json")
"""By operation, such as `GET /models`: the `request`, and the response as JSON (`answer`) or `csv`. Taken from a running service."""


def describe(app: FastAPI) -> None:
    """Let `app` return its OpenAPI document with our additions."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, description=_DESCRIPTION, routes=app.routes)
    schemas = document["components"]["schemas"]
    schemas.update(event_schemas())
    problem = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs"))
    schemas["ProblemBody"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    examples = json.loads(_EXAMPLES.read_text(encoding="utf-8"))
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _add_examples(operation, examples.get(f"{method.upper()} {path}", {}))
            _replace_validation_answer(operation["responses"])
            if "requestBody" in operation:
                operation["responses"] |= {str(status): answer for status, answer in documented(BodyTooLarge).items()}
            if {"loginOrKey": []} in operation.get("security", ()):
                operation["security"] = [{"login": []}, {"apiKey": []}]
            if is_counted(path):
                _add_refusal(operation["responses"])
    schemes = document["components"]["securitySchemes"]
    schemes.pop("loginOrKey")
    schemes["apiKey"] = {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key from `/users/me/api-keys`."}
    return document


def _add_examples(operation: dict[str, Any], examples: dict[str, Any]) -> None:
    """Add examples. Without them, the documentation page would show and send every field of a schema."""
    if "request" in examples:
        operation["requestBody"]["content"]["application/json"]["example"] = examples["request"]
    for status, answer in operation["responses"].items():
        for kind, example in (("application/json", "answer"), ("text/csv", "csv")):
            if status.startswith("2") and kind in answer.get("content", {}) and example in examples:
                answer["content"][kind]["example"] = examples[example]


def _add_refusal(responses: dict[str, Any]) -> None:
    """Add the refusal of the limits, in addition to the endpoint's own errors with the same status."""
    refusal = documented(LimitReached)[LimitReached.status]
    answer = responses.setdefault(str(LimitReached.status), refusal)
    answer["content"]["application/problem+json"]["examples"] |= refusal["content"]["application/problem+json"]["examples"]


def _replace_validation_answer(responses: dict[str, Any]) -> None:
    """Replace FastAPI's schema for 422 by ours, a problem."""
    answer = responses.get("422")
    if answer is not None and "application/json" in answer.get("content", {}):
        del answer["content"]["application/json"]
        problems = answer["content"].setdefault("application/problem+json", {})
        responses["422"]["content"]["application/problem+json"] = {**_BAD_INPUT, **problems}
