"""The service as its OpenAPI document describes it: whatever is asked, good or bad, gets an answer that is described."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance, response_schema_conformance

from playground.comparison.running import waiting
from playground.comparison.stream.event_docs import EVENTS
from playground.serving.server import RunningService

from ..support.client import PASSWORD, Event, User, parse_events
from ..support.openapi import document
from ..support.scripted import Exchange, ScriptedProvider

DOCUMENT = document()
OPERATIONS = [(method, path, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()]

# A schema can't say all: that a model exists, that a prompt is not blank, that `models` and `lanes` exclude each other.
# And a wrong value can vanish on its way into an address, as an empty list does: then its acceptance is no fault.
_NOT_DECIDABLE = [positive_data_acceptance, negative_data_rejection]
# Events are validated below, by the schemas of events.
_NOT_FOR_STREAMS = [response_schema_conformance]

api = schemathesis.openapi.from_dict(DOCUMENT, config=SchemathesisConfig.from_dict({}))


def validators() -> dict[str, jsonschema_rs.Validator]:
    """By the `type` of an event."""
    schemas = DOCUMENT["components"]["schemas"]
    return {
        schemas[event.__name__]["properties"]["type"]["enum"][0]: jsonschema_rs.validator_for(
            {"$ref": f"#/components/schemas/{event.__name__}", "components": {"schemas": schemas}}
        )
        for event in EVENTS
    }


VALIDATORS = validators()


def assert_described(event: Event) -> None:
    VALIDATORS[event.data["type"]].validate(event.data)


@pytest.fixture(scope="module")
def token(service: RunningService) -> str:
    account = {"email": "openapi@example.org", "password": PASSWORD, "name": "OpenAPI"}
    return str(httpx.post(f"{service.url}/auth/register", json=account).raise_for_status().json()["accessToken"])


@pytest.fixture(scope="module")
def session_id(service: RunningService, token: str) -> str:
    body = {"prompt": "Hi", "models": ["sim/quick"]}
    response = httpx.post(f"{service.url}/playground/stream", json=body, headers={"Authorization": f"Bearer {token}"})
    return str(parse_events(response.text)[0].data["sessionId"])


def make_meaningful(case: Case[Any], session_id: str) -> None:
    """Generated names are those of no model and no session: some requests get real ones, and keep all else."""
    if "session_id" in case.path_parameters and len(str(case.path_parameters["session_id"])) % 2:
        case.path_parameters["session_id"] = session_id
    models = case.body.get("models") if isinstance(case.body, dict) else None
    if isinstance(case.body, dict) and isinstance(models, list):
        case.body["models"] = ["sim/quick"] * len(models)
        case.body.pop("lanes", None)
        case.body.pop("sessionId", None)


# The service runs in this process: what it draws from `random` meanwhile is no part of the strategies.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@api.parametrize()
@settings(max_examples=15, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_generated_requests_get_documented_responses(case: Case[Any], service: RunningService, token: str, session_id: str) -> None:
    make_meaningful(case, session_id)
    streams = "text/event-stream" in str(case.operation.definition.raw)
    response = case.call_and_validate(
        base_url=service.url,
        # To log out would end the login that all requests share.
        headers={} if case.operation.path == "/auth/logout" else {"Authorization": f"Bearer {token}"},
        excluded_checks=[*_NOT_DECIDABLE, *(_NOT_FOR_STREAMS if streams else [])],
    )
    if response.headers.get("content-type") == ["text/event-stream; charset=utf-8"]:
        for event in parse_events(response.text):
            assert_described(event)


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=[f"{method} {path}" for method, path, _ in OPERATIONS])
def test_every_operation_documents_its_errors(method: str, path: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if "security" in operation:
        assert "401" in responses
    if "requestBody" in operation or operation.get("parameters"):
        assert "422" in responses
    for status, response in responses.items():
        if status.startswith(("4", "5")) and not path.startswith("/health"):
            content = response["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/ProblemBody"}
            assert all(str(example["value"]["status"]) == status for example in content.get("examples", {}).values())
    assert operation["summary"]
    assert operation["description"]


async def breaks(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.event({"choices": [{"index": 0, "delta": {"content": "Half"}}], "citations": ["https://example.org/half"]})


def retries_once() -> Any:
    asked = []

    async def script(exchange: Exchange) -> None:
        asked.append(exchange)
        if len(asked) == 1:
            await exchange.error(503, {"error": {"message": "Busy."}})
        else:
            await exchange.begin()
            await exchange.write("Now.")
            await exchange.end(3, 4)

    return script


async def test_every_event_of_a_run_matches_its_schema(user: User, scripted: ScriptedProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "FIRST_REPORT_SECONDS", 0.0)  # So that each wait is a long one.
    models = ["sim/quick", "sim/reasoner", "sim/refuses", scripted.model(breaks), scripted.model(retries_once(), priced=False)]
    events = await user.compare("Hi", models, fallbacks=["sim/quick"])
    session_id = events[0].data["sessionId"]
    for lane in range(len(models)):
        response = await user.http.post(f"/playground/sessions/{session_id}/lanes/{lane}/regenerate")
        events += parse_events(response.text)
    seen: set[str] = set()
    for event in events:
        assert_described(event)
        schema = DOCUMENT["components"]["schemas"][f"{event.data['type'].title()}Event"]
        assert set(event.data) <= set(schema["properties"])
        seen |= {event.data["type"], *(f"{event.data['type']}.{name}" for name in event.data)}
    # And nothing is described that never comes.
    for name, validator in VALIDATORS.items():
        assert validator
        for field in DOCUMENT["components"]["schemas"][f"{name.title()}Event"]["properties"]:
            assert f"{name}.{field}" in seen


def test_the_example_of_a_stream_is_valid() -> None:
    [example] = {
        response["content"]["text/event-stream"]["example"]
        for _, _, operation in OPERATIONS
        for response in operation["responses"].values()
        if "text/event-stream" in response.get("content", {})
    }
    events = parse_events(example.removeprefix("retry: 1000\n"))
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    for event in events:
        assert_described(event)
    assert {event.data["type"] for event in events} == set(VALIDATORS)


def contents(part: str) -> list[Any]:
    """Each body of that part of an operation which has a schema for JSON: of what is asked, or of what is answered to a good request."""
    found = []
    for method, path, operation in OPERATIONS:
        bodies = [operation.get(part)] if part == "requestBody" else [a for s, a in operation[part].items() if s.startswith("2")]
        found += [
            pytest.param(body["content"]["application/json"], id=f"{method} {path}")
            for body in bodies
            if body and "application/json" in body.get("content", {})
        ]
    return found


@pytest.mark.parametrize("content", [*contents("requestBody"), *contents("responses")])
def test_requests_and_responses_have_valid_examples(content: dict[str, Any]) -> None:
    described = {**content["schema"], "components": DOCUMENT["components"]}
    assert "example" in content, "it belongs into playground/serving/openapi_examples.json"
    jsonschema_rs.validator_for(described).validate(content["example"])


def test_an_example_shows_every_field_of_its_answer() -> None:
    for param in contents("responses"):
        [content] = param.values
        name = content["schema"].get("$ref", "").rpartition("/")[2]
        if name:
            assert set(DOCUMENT["components"]["schemas"][name]["properties"]) <= set(content.get("example", ())), name


def test_every_error_has_an_example_and_bad_input_names_its_field() -> None:
    problem = jsonschema_rs.validator_for({"$ref": "#/components/schemas/ProblemBody", "components": DOCUMENT["components"]})
    for _, path, operation in OPERATIONS:
        for status, response in operation["responses"].items():
            if status.startswith(("4", "5")) and not path.startswith("/health"):
                examples = response["content"]["application/problem+json"]["examples"]
                assert examples
                for example in examples.values():
                    problem.validate(example["value"])
                if "bad_input" in examples:
                    assert examples["bad_input"]["value"]["errors"]


def addresses(page: str) -> Iterator[str]:
    yield from re.findall(r'(?:src|href)="([^"]*)"', page)


async def test_the_documentation_page_loads_files_of_this_server_only(user: User) -> None:
    page = await user.http.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    files = list(addresses(page.text))
    assert files
    for address in [*files, "/openapi.json"]:
        assert address.startswith("/")
        assert not address.startswith("//")
        assert (await user.http.get(address)).status_code == 200
    assert (await user.http.get("/docs/package.json")).status_code == 404
    assert (await user.http.get("/api", follow_redirects=True)).url.path == "/docs"


async def test_a_wrong_method_is_answered_with_the_allowed_ones(user: User) -> None:
    response = await user.http.put("/playground/stream")
    assert response.status_code == 405
    assert set(response.headers["allow"].split(", ")) == {"GET", "POST"}


async def test_a_body_that_is_not_text_is_bad_input(user: User) -> None:
    response = await user.http.post("/playground/stream", content=b"\xff\xfe{", headers={"Content-Type": "application/json"})
    assert response.status_code == 422
    assert response.json()["errors"] == [{"field": "body", "message": "should be JSON in UTF-8"}]
