"""A request that is sent twice with the same key is paid for once."""

import anyio

from ..support.client import Event, User, next_event, parse_events, text_of
from ..support.scripted import Exchange, Gate, ScriptedProvider

KEY = {"Idempotency-Key": "once"}


async def answer(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write("Paid ", "once.")
    await exchange.end(3, 4)


async def test_requests_with_one_key_at_the_same_time_share_one_run(user: User, scripted: ScriptedProvider):
    gate = Gate()

    async def waits(exchange: Exchange) -> None:
        await gate.wait()
        await answer(exchange)

    model = scripted.model(waits)
    runs: list[list[Event]] = []

    async def ask(*, task_status: anyio.abc.TaskStatus[None]) -> None:
        async with user.stream(json={"prompt": "Hi", "models": [model]}, headers=KEY) as events:
            first = await next_event(events, "session")
            task_status.started()
            runs.append([first] + [event async for event in events])

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            await tasks.start(ask)
        gate.open()
    assert runs[0][-1].data["type"] == "done"
    assert all(events == runs[0] for events in runs)
    assert len(scripted.asked(model)) == 1


async def test_simultaneous_first_requests_start_one_run(user: User, scripted: ScriptedProvider):
    model = scripted.model(answer)
    runs: list[list[Event]] = []

    async def ask() -> None:
        response = await user.http.post("/playground/stream", json={"prompt": "Hi", "models": [model]}, headers=KEY)
        runs.append(parse_events(response.text))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(ask)
    assert len({events[0].run_id for events in runs}) == 1
    assert len(scripted.asked(model)) == 1


async def test_a_repeated_request_after_the_end_gets_the_same_events(user: User, scripted: ScriptedProvider):
    body = {"prompt": "Hi", "models": [scripted.model(answer)]}
    first = parse_events((await user.http.post("/playground/stream", json=body, headers=KEY)).text)
    again = parse_events((await user.http.post("/playground/stream", json=body, headers=KEY)).text)
    assert again == first
    assert text_of(first, 0) == "Paid once."


async def test_the_same_key_with_another_body_is_refused(user: User, scripted: ScriptedProvider):
    model = scripted.model(answer)
    await user.http.post("/playground/stream", json={"prompt": "Hi", "models": [model]}, headers=KEY)
    response = await user.http.post("/playground/stream", json={"prompt": "Something else", "models": [model]}, headers=KEY)
    assert response.status_code == 422
    assert response.json()["type"].endswith("idempotency_key_reused")
    assert len(scripted.asked(model)) == 1


async def test_keys_belong_to_their_user(user: User, other_user: User, scripted: ScriptedProvider):
    model = scripted.model(answer)
    for each in (user, other_user):
        response = await each.http.post("/playground/stream", json={"prompt": "Hi", "models": [model]}, headers=KEY)
        assert response.status_code == 200
    assert len(scripted.asked(model)) == 2


async def test_a_refused_request_does_not_use_up_its_key(user: User, scripted: ScriptedProvider):
    response = await user.http.post("/playground/stream", json={"prompt": "Hi", "models": ["sim/quikc"]}, headers=KEY)
    assert response.status_code == 422
    response = await user.http.post("/playground/stream", json={"prompt": "Hi", "models": ["sim/quick"]}, headers=KEY)
    assert response.status_code == 200
