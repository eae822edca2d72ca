"""No text in any place of any request breaks the service: what the database can't hold, what means something elsewhere."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from playground.serving.server import RunningService

from ..support.client import User, new_user
from ..support.openapi import Operation, document, operations

OPERATIONS = list(operations(document()))
TEXTS = ["a\x00b", "\ud800", "' OR 1=1 --\\ %00 ../../x {{7*7}} \ufffe\u202e💥\r\nX-Injected: 1"]


def fields(operation: Operation, schema: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The ways to all texts in a body, through objects."""
    for name, inner in schema.get("properties", {}).items():
        plain = operation.plain(inner)
        if plain.get("type") == "string":
            yield (*path, name)
        elif plain.get("type") == "object":
            yield from fields(operation, plain, (*path, name))


def with_field(body: Any, path: tuple[str, ...], text: str) -> Any:
    name, *rest = path
    return {**(body or {}), name: with_field((body or {}).get(name), tuple(rest), text) if rest else text}


def requests(operation: Operation, text: str) -> Iterator[dict[str, Any]]:
    body, query = operation.body(), operation.query()
    names = [each["name"] for each in operation.parameters("path")]
    # httpx encodes no lone surrogate.
    coded = quote(text, safe="", errors="surrogatepass")
    path = operation.path.format(**dict.fromkeys(names, coded))
    if names:
        yield {"url": path, "body": body, "query": query}
    for each in operation.parameters("query"):
        if operation.plain(each["schema"]).get("type") == "string":
            yield {"url": path, "body": body, "query": {**query, each["name"]: text}}
    for way in fields(operation, operation.body_schema or {}):
        yield {"url": path, "body": with_field(body, way, text), "query": query}


def encoded(query: dict[str, Any]) -> str:
    return "&".join(f"{name}={quote(str(value), safe='', errors='surrogatepass')}" for name, value in query.items())


@pytest.fixture(scope="module")
async def reckless(guarded: RunningService) -> AsyncIterator[User]:
    """Somebody whose account may be gone at the end."""
    async with new_user(guarded.url) as user:
        yield user


@pytest.mark.parametrize("operation", OPERATIONS, ids=[each.name for each in OPERATIONS])
async def test_no_text_breaks_the_service(reckless: User, operation: Operation):
    async with httpx.AsyncClient(base_url=reckless.http.base_url, headers=reckless.http.headers, timeout=30) as http:
        for text in TEXTS:
            for request in requests(operation, text):
                content = None if request["body"] is None else json.dumps(request["body"])
                url = f"{request['url']}?{encoded(request['query'])}"
                headers = {"Content-Type": "application/json"}
                async with http.stream(operation.method.upper(), url, content=content, headers=headers) as response:
                    assert response.status_code < 500, f"{operation.name} {url} {content}: {await response.aread()!r}"
                    assert "x-injected" not in response.headers
