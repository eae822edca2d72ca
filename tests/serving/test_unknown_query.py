"""Query parameters that an operation doesn't know are refused, on every one of them."""

import httpx
import pytest

from playground.serving.server import RunningService

from ..support.client import User
from ..support.openapi import document, operations

OPERATIONS = {operation.name: operation for operation in operations(document())}
UNDOCUMENTED = ("GET /docs", "GET /docs/start.js", "GET /docs/swagger-ui.css", "GET /api", "GET /openapi.json")


@pytest.mark.parametrize("name", [*OPERATIONS, *UNDOCUMENTED])
async def test_an_unknown_query_parameter_is_refused_on_every_operation(user: User, name: str) -> None:
    method, path = name.split(" ")
    query = OPERATIONS[name].query() if name in OPERATIONS else {}
    address = path.replace("{", "").replace("}", "")
    response = await user.http.request(method, address, params=query | {"zzunknown": "1"})
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")
    assert [error["field"] for error in response.json()["errors"]] == ["zzunknown"]
    assert "x-request-id" in response.headers


@pytest.mark.parametrize("name", OPERATIONS)
async def test_every_documented_query_parameter_is_known(user: User, name: str) -> None:
    method, path = name.split(" ")
    names = [parameter["name"] for parameter in OPERATIONS[name].parameters("query")]
    response = await user.http.request(method, path.replace("{", "").replace("}", ""), params=dict.fromkeys([*names, "zzunknown"], "1"))
    assert [error["field"] for error in response.json()["errors"]] == ["zzunknown"]


@pytest.mark.parametrize(
    ("path", "name", "meant"),
    [
        ("/playground/sessions", "limt", "limit"),
        ("/playground/sessions", "Limit", "limit"),
        ("/reports/costs", "group_by", "groupBy"),
        ("/admin/audit", "targettype", "targetType"),
        ("/models", "provder", "provider"),
    ],
)
async def test_the_most_similar_name_is_suggested(user: User, path: str, name: str, meant: str) -> None:
    problem = (await user.http.get(path, params={name: "1"})).json()
    assert problem["errors"] == [{"field": name, "message": f'is not a query parameter of this address; did you mean "{meant}"?'}]
    assert problem["type"] == "urn:playground:problem:bad_input"


async def test_without_a_similar_name_the_known_names_are_listed(user: User) -> None:
    (error,) = (await user.http.get("/playground/stream", params={"zz": "1"})).json()["errors"]
    assert error["message"] == "is not a query parameter of this address, which accepts models, prompt, token"
    (error,) = (await user.http.get("/users/me", params={"zz": "1"})).json()["errors"]
    assert error["message"].endswith("which accepts none")


async def test_many_and_long_names_are_shortened(user: User) -> None:
    response = await user.http.get("/models", params={f"{'x' * 300}{number}": "1" for number in range(30)})
    errors = response.json()["errors"]
    assert len(errors) == 20
    assert all(len(error["field"]) == 100 for error in errors)


async def test_authentication_is_checked_first(user: User) -> None:
    del user.http.headers["authorization"]
    assert (await user.http.get("/models", params={"zz": "1"})).status_code == 401
    assert (await user.http.get("/health", params={"zz": "1"})).status_code == 422
    assert (await user.http.get("/playground/stream", params={"token": "some", "zz": "1"})).status_code == 422


async def test_empty_queries_and_queries_of_the_page_are_accepted(service: RunningService, user: User) -> None:
    assert (await user.http.get("/models?")).status_code == 200
    async with httpx.AsyncClient(base_url=service.url) as browser:
        assert (await browser.get("/?models=sim/quick&utm_source=x", headers={"Accept": "text/html"})).status_code == 200
        assert (await browser.get("/history?q=x", headers={"Accept": "text/html"})).status_code == 200
