"""Leaving a run and coming back to it; several readers; runs that nobody reads."""

import anyio
import httpx
import pytest

from ..support.client import Event, User, next_event, of_type, parse_events, text_of
from ..support.scripted import Exchange, Gate, ScriptedProvider


async def numbered_answer(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write(*(f"word{number} " for number in range(10)))
    await exchange.end(3, 4)


async def read_after(user: User, path: str, event_id: str | None) -> httpx.Response:
    headers = {} if event_id is None else {"Last-Event-ID": event_id}
    return await user.http.get(path, headers=headers)


async def test_a_finished_run_can_be_resumed_at_every_event_number(user: User, scripted: ScriptedProvider):
    events = await user.compare("Count", [scripted.model(numbered_answer), "sim/quick"])
    path = f"/playground/sessions/{events[0].data['sessionId']}/stream"
    for position, event in enumerate(events[:-1]):
        response = await read_after(user, path, event.id)
        assert parse_events(response.text) == events[position + 1 :]
    assert parse_events((await read_after(user, path, None)).text) == events


async def test_a_reader_that_has_received_everything_is_told_to_stop(user: User):
    events = await user.compare("Count", ["sim/quick"])
    for path in (f"/playground/sessions/{events[0].data['sessionId']}/stream", "/playground/stream?prompt=Count&models=sim/quick"):
        response = await read_after(user, path, events[-1].id)
        assert response.status_code == 204


async def test_a_running_run_is_joined_at_every_event_number(user: User, scripted: ScriptedProvider):
    gate = Gate()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("one ", "two ")
        await gate.wait()
        await exchange.write("three ", "four ")
        await exchange.end(3, 4)

    async with user.stream(json={"prompt": "Count", "models": [scripted.model(answer)]}) as events:
        seen: list[Event] = [await next_event(events, "session")]
        while seen[-1].data.get("content") != "two ":
            seen.append(await anext(events))
        path = f"/playground/sessions/{seen[0].data['sessionId']}/stream"
        resumed: dict[int, list[Event]] = {}

        async def resume(after: int, *, task_status: anyio.abc.TaskStatus[None]) -> None:
            async with user.stream("GET", path, headers={"Last-Event-ID": f"{seen[0].run_id}:{after}"}) as again:
                task_status.started()
                resumed[after] = [event async for event in again]

        async with anyio.create_task_group() as readers:
            for after in range(len(seen)):
                await readers.start(resume, after)
            gate.open()
        whole = seen + [event async for event in events]
    assert text_of(whole, 0) == "one two three four "
    for after, rest in resumed.items():
        assert rest == whole[after:]


async def test_reconnecting_to_the_same_url_resumes_the_run(user: User, scripted: ScriptedProvider):
    gate = Gate()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("before ")
        await gate.wait()
        await exchange.write("after")
        await exchange.end(3, 4)

    model = scripted.model(answer)
    query = {"prompt": "Hi", "models": model, "token": user.token}
    async with httpx.AsyncClient(base_url=str(user.http.base_url)) as anonymous:
        reader = User.__new__(User)
        reader.http = anonymous
        async with reader.stream("GET", params=query) as events:
            last = await next_event(events, "chunk")
        gate.open()
        async with reader.stream("GET", params=query, headers={"Last-Event-ID": last.id}) as events:
            rest = [event async for event in events]
    assert rest[0].id == f"{last.run_id}:{last.number + 1}"
    assert text_of(rest, 0) == "after"
    assert len(scripted.asked(model)) == 1


async def test_a_run_continues_without_its_reader_and_is_stored(user: User, scripted: ScriptedProvider):
    gate = Gate()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("seen ")
        await gate.wait()
        await exchange.write("unseen")
        await exchange.end(3, 4)

    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(answer)]}) as events:
        session = await next_event(events, "session")
        await next_event(events, "chunk")
    gate.open()
    async with user.stream("GET", f"/playground/sessions/{session.data['sessionId']}/stream") as events:
        await next_event(events, "done")
    answer_record = (await user.session(session.data["sessionId"]))["turns"][0]["answers"][0]
    assert (answer_record["status"], answer_record["text"]) == ("completed", "seen unseen")


async def test_stop_on_disconnect_stops_when_the_reader_disconnects(user: User, scripted: ScriptedProvider):
    left = Gate()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("some text")
        await exchange.until_client_leaves()
        left.open()

    body = {"prompt": "Hi", "models": [scripted.model(answer)], "onDisconnect": "stop"}
    async with user.stream(json=body) as events:
        session = await next_event(events, "session")
        await next_event(events, "chunk")
    async with user.stream("GET", f"/playground/sessions/{session.data['sessionId']}/stream") as events:
        await next_event(events, "done")
    answer_record = (await user.session(session.data["sessionId"]))["turns"][0]["answers"][0]
    assert (answer_record["status"], answer_record["text"], answer_record["estimated"]) == ("stopped", "some text", True)


@pytest.mark.parametrize("event_id", ["nonsense", "abc:", ":3", "abc:-1", "abc:1e3", "abc:٣"])
async def test_an_id_that_no_run_sent_is_refused_by_name(user: User, event_id: str):
    response = await user.http.get("/playground/stream?prompt=a&models=sim/quick", headers={"Last-Event-ID": event_id.encode()})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "Last-Event-ID"


async def test_an_unknown_run_ends_the_reader(user: User):
    response = await read_after(user, "/playground/stream?prompt=a&models=sim/quick", "0123456789ab:4")
    assert response.status_code == 204


async def test_another_users_run_can_neither_be_joined_nor_resumed_nor_stopped(user: User, other_user: User):
    events = await user.compare("Mine", ["sim/quick"])
    session_id = events[0].data["sessionId"]
    assert (await other_user.http.get(f"/playground/sessions/{session_id}/stream")).status_code == 404
    assert (await other_user.http.post(f"/playground/sessions/{session_id}/stop")).status_code == 404
    response = await read_after(other_user, "/playground/stream?prompt=a&models=sim/quick", events[0].id)
    assert response.status_code == 204
    assert response.content == b""


async def test_a_slow_reader_gets_everything_and_delays_no_one(user: User, scripted: ScriptedProvider):
    """The slow one reads nothing at all until the other has everything: 4 MB are more than sockets and buffers hold."""
    piece = "x" * 4_000

    async def flood(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write(*([piece] * 1_000))
        await exchange.end(3, 4)

    async with user.stream(json={"prompt": "Flood", "models": [scripted.model(flood)]}) as slow:
        session = await next_event(slow, "session")
        async with user.stream("GET", f"/playground/sessions/{session.data['sessionId']}/stream") as quick:
            fast_events = [event async for event in quick]
        slow_events = [session] + [event async for event in slow]
    assert fast_events == slow_events
    assert text_of(slow_events, 0) == piece * 1_000
    assert of_type(slow_events, "done")
