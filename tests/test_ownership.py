"""What belongs to one user is not there for another: every operation that takes an id is asked for somebody else's object.

The operations are those of the OpenAPI document, so a new one is covered as soon as it is there. One that takes ids of a kind that
nothing here knows fails with a sentence that says what to add.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import httpx
import pytest

from playground.kit.ids import new_id, new_run_id
from playground.serving.server import RunningService

from .support.client import PASSWORD, parse_events
from .support.openapi import JSON_TYPE, Operation, document, operations
from .support.scripted import Exchange, Gate, ScriptedProvider

OPERATIONS = list(operations(document()))
_IS_ID = re.compile(r"(Id|[-_]id)$", re.IGNORECASE)
_NO_REFERENCES = {"X-Request-ID"}


class Object(NamedTuple):
    """Something that belongs to the owner."""

    ids: dict[str, str]
    """By the names of the parameters that take them."""
    absent: dict[str, str]
    """The same for an object that nobody has."""
    state: Callable[[], Any]
    """All that its owner can see of it."""


@dataclass
class World:
    """An owner, somebody else, and a model whose answer stays in its middle."""

    owner: httpx.Client
    other: httpx.Client
    waiting_model: str

    @cached_property
    def sessions(self) -> list[Object]:
        """One that is over, and one whose turn is being produced."""
        quick = {"prompt": "Mine", "models": ["sim/quick"], "maxTokens": 3}
        over = parse_events(self.owner.post("/playground/stream", json=quick).raise_for_status().text)[0]
        return [self._session(over.data["sessionId"], over.run_id), self._session(*self._begun())]

    @property
    def account(self) -> list[Object]:
        """The owner's own."""
        return [Object({"user_id": self._seen("/auth/profile")["id"]}, {"user_id": new_id()}, lambda: self._seen("/auth/profile"))]

    @property
    def models(self) -> list[Object]:
        """Everybody's to see, and the administrators' to decide about."""
        return [Object({"model_id": "sim/quick"}, {"model_id": "sim/nosuch"}, lambda: self._seen("/models"))]

    @cached_property
    def attachments(self) -> list[Object]:
        """One file."""
        made = self.owner.post("/attachments", files={"file": ("mine.txt", b"Mine")}).raise_for_status().json()
        return [Object({"attachment_id": made["id"]}, {"attachment_id": new_id()}, lambda: self._seen("/attachments"))]

    @cached_property
    def api_keys(self) -> list[Object]:
        """One."""
        made = self.owner.post("/users/me/api-keys", json={"name": "Mine"}).raise_for_status().json()
        return [Object({"key_id": made["id"]}, {"key_id": new_id()}, lambda: self._seen("/users/me/api-keys"))]

    @cached_property
    def provider_keys(self) -> list[Object]:
        """One."""
        self.owner.put("/users/me/provider-keys/scripted", json={"key": "made-up-for-this-test"}).raise_for_status()
        return [Object({"provider": "scripted"}, {"provider": "nowhere"}, lambda: self._seen("/users/me/provider-keys"))]

    def _seen(self, path: str) -> Any:
        return self.owner.get(path).raise_for_status().json()

    def _begun(self) -> tuple[str, str]:
        with self.owner.stream("POST", "/playground/stream", json={"prompt": "Mine too", "models": [self.waiting_model]}) as response:
            seen = ""
            for text in response.iter_text():
                seen += text
                if '"content":"begun"' in seen:
                    break
        [first, *_] = parse_events(seen)
        return first.data["sessionId"], first.run_id

    def _session(self, session_id: str, run_id: str) -> Object:
        turn = self._seen(f"/playground/sessions/{session_id}")["turns"][0]
        answer_id = turn["answers"][0]["id"]
        # What is within a session is asked for by the same ids, in the owner's and in one that nobody has.
        shared = {"lane": "0", "turn_id": turn["id"], "answer_id": answer_id, "answerId": answer_id}
        return Object(
            ids={**shared, "session_id": session_id, "sessionId": session_id, "Last-Event-ID": f"{run_id}:1"},
            absent={**shared, "session_id": new_id(), "sessionId": new_id(), "Last-Event-ID": f"{new_run_id()}:1"},
            state=lambda: self._seen(f"/playground/sessions/{session_id}"),
        )

    @cached_property
    def logins(self) -> list[Object]:
        """The one that the owner has."""

        def listed() -> Any:
            return self.owner.get("/users/me/logins").raise_for_status().json()

        return [Object({"login_id": listed()["items"][0]["id"]}, {"login_id": new_id()}, listed)]

    @cached_property
    def invitations(self) -> list[Object]:
        """None: nobody but administrators is let near to them, whether there are any or not."""
        return [Object({"invitation_id": new_id()}, {"invitation_id": new_id()}, lambda: None)]


MAKERS: dict[str, Callable[[World], list[Object]]] = {
    "/playground/sessions/{session_id}": lambda world: world.sessions,
    "/attachments/{attachment_id}": lambda world: world.attachments,
    "/users/me/api-keys/{key_id}": lambda world: world.api_keys,
    "/users/me/provider-keys/{provider}": lambda world: world.provider_keys,
    "/admin/users/{user_id}": lambda world: world.account,
    "/admin/models/{model_id}": lambda world: world.models,
    "/models/{model_id}": lambda world: world.models,
    "/users/me/logins/{login_id}": lambda world: world.logins,
    "/admin/invitations/{invitation_id}": lambda world: world.invitations,
}
"""Who makes the objects whose ids are in a path, by what the path begins with."""

REFERENCES: dict[str, tuple[Callable[[World], list[Object]], int]] = {
    "sessionId": (lambda world: world.sessions, 404),
    # What is over, or is not one's own, has nothing more to read: `EventSource` is told to stop.
    "Last-Event-ID": (lambda world: world.sessions, 204),
}
"""Who makes the objects whose ids are in a body, a query or a header, by the name there; and what the answer is."""

ALSO_NEEDED: dict[tuple[str, str], dict[str, Any]] = {
    ("POST /playground/stream", "header"): {"models": ["sim/quick"]},
}
"""What a body needs beside what its schema says, where the ids are in that place."""

FOR_ADMINISTRATORS = {"DELETE /models/{model_id}"}
"""Operations that refuse everyone else, beside those under /admin."""

PUBLIC = {
    "GET /models/{model_id}": "names a model, which is everybody's to see",
    "PUT /models/{model_id}/favourite": "names a model, which is everybody's; what is marked is one's own",
    "DELETE /models/{model_id}/favourite": "as above",
    "PUT /users/me/provider-keys/{provider}": "names a provider, which is everybody's; what is stored there is one's own",
}
"""Operations whose parameters name what belongs to nobody, and why."""


@pytest.fixture(scope="module")
def world(service: RunningService, scripted: ScriptedProvider) -> Iterator[World]:
    gate = Gate()

    async def begins(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("begun")
        await gate.wait()
        await exchange.end(1, 1)

    # The first account of a service is its administrator's.
    _registered(service, "first").close()
    with _registered(service, "owner") as owner, _registered(service, "other") as other:
        yield World(owner, other, scripted.model(begins))
    gate.open()


def _registered(service: RunningService, name: str) -> httpx.Client:
    account = {"email": f"ownership-{name}@example.org", "password": PASSWORD, "name": name}
    token = httpx.post(f"{service.url}/auth/register", json=account, timeout=60).raise_for_status().json()["accessToken"]
    return httpx.Client(base_url=service.url, headers={"Authorization": f"Bearer {token}"}, timeout=60)


class Asked(NamedTuple):
    """What an answer comes to, without what differs in any two."""

    status: int
    headers: frozenset[str]
    body: bytes


def ask(http: httpx.Client, operation: Operation, place: str, ids: dict[str, str]) -> Asked:
    """Asks with those ids in that place, and nothing else than what the operation needs."""
    names = {parameter["name"] for parameter in operation.parameters("path")}
    path = operation.path.format(**{name: ids[name] for name in names})
    body, query, headers = operation.body(), operation.query(), {}
    if place == "header":
        headers = {name: ids[name] for name in references(operation, place)}
    elif place == "query":
        query |= {name: ids[name] for name in references(operation, place)}
    elif place == "body":
        body = {**body, **{name: ids[name] for name in references(operation, place)}}
    content = None if body is None else json.dumps(body | ALSO_NEEDED.get((operation.name, place), {})).encode()
    with http.stream(
        operation.method.upper(), path, params=query, content=content, headers={**headers, "Content-Type": JSON_TYPE}
    ) as response:
        # A stream that has begun may never end: that it began is all that matters.
        body = b"" if response.is_success else response.read()
        for name, value in ids.items():
            body = body.replace(value.encode(), name.encode())
        return Asked(response.status_code, frozenset(response.headers), body)


def references(operation: Operation, place: str) -> list[str]:
    """The names of what takes an id there."""
    if place == "body":
        return [name for name in (operation.body_schema or {}).get("properties", {}) if _IS_ID.search(name)]
    return [each["name"] for each in operation.parameters(place) if _IS_ID.search(each["name"]) and each["name"] not in _NO_REFERENCES]


def maker_of(operation: Operation) -> Callable[[World], list[Object]]:
    found = [prefix for prefix in MAKERS if operation.path.startswith(prefix)]
    if not found:
        pytest.fail(
            f"{operation.name} takes ids, and nothing here makes such an object: add one that makes it for `owner` to MAKERS, "
            f"under what the path begins with. If what it names belongs to nobody, say so in PUBLIC too."
        )
    return MAKERS[max(found, key=len)]


def assert_not_there(world: World, operation: Operation, place: str, found: Object, expected: int) -> None:
    before = found.state()
    answer, absent = (ask(world.other, operation, place, ids) for ids in (found.ids, found.absent))
    assert answer.status == expected, f"{operation.name}: {answer}"
    assert answer == absent, "it must look as if there were no such object"
    assert found.state() == before, f"{operation.name} changed what is somebody else's"


WITH_PATHS = [each for each in OPERATIONS if each.parameters("path") and each.name not in PUBLIC]


@pytest.mark.parametrize("operation", WITH_PATHS, ids=[each.name for each in WITH_PATHS])
def test_an_object_of_another_user_is_not_found(world: World, operation: Operation):
    for found in maker_of(operation)(world):
        refused = operation.path.startswith("/admin/") or operation.name in FOR_ADMINISTRATORS
        assert_not_there(world, operation, "path", found, 403 if refused else 404)


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.name in PUBLIC], ids=lambda each: each.name)
def test_calls_without_an_id_change_nothing_of_other_users(world: World, service: RunningService, operation: Operation):
    with _registered(service, re.sub(r"\W+", "-", operation.name).strip("-")) as third:
        for found in maker_of(operation)(world):
            before = found.state()
            answer = ask(third, operation, "path", found.ids)
            assert answer.status < 300, answer
            assert found.state() == before


WITH_REFERENCES = [
    (operation, place, name)
    for operation in OPERATIONS
    # Administrators may see everybody's, and nobody else gets that far.
    if not operation.parameters("path") and not operation.path.startswith("/admin/")
    for place in ("query", "header", "body")
    for name in references(operation, place)
]


@pytest.mark.parametrize(
    ("operation", "place", "name"), WITH_REFERENCES, ids=[f"{each.name} {place} {name}" for each, place, name in WITH_REFERENCES]
)
def test_an_id_of_another_users_object_in_a_request_is_not_found(world: World, operation: Operation, place: str, name: str):
    if name not in REFERENCES:
        pytest.fail(
            f"{operation.name} takes {name} in its {place}: add who makes such an object for `owner`, and the answer, to REFERENCES."
        )
    make, expected = REFERENCES[name]
    for found in make(world):
        assert_not_there(world, operation, place, found, expected)


def test_there_are_objects_to_request():
    assert len(WITH_PATHS) >= 5
    assert len(WITH_REFERENCES) >= 3
    assert set(PUBLIC) <= {operation.name for operation in OPERATIONS}
