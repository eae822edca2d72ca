"""Long waits: they are reported, and what this service gave up is not sent again while the provider may still work on it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

from playground.comparison.running import waiting
from playground.serving.server import RunningService, running
from playground.settings import Settings

from ..support.client import Event, User, new_user, next_event, of_type, text_of
from ..support.folders import NewDataDir
from ..support.scripted import Exchange, Gate, ScriptedProvider


@pytest.fixture(scope="module")
def hasty(portal: BlockingPortal, settings: Settings, new_data_dir: NewDataDir) -> Iterator[RunningService]:
    """A service that waits for the first token for a short time only."""
    changed = {"data_dir": new_data_dir(), "first_token_timeout_seconds": 0.5, "between_tokens_timeout_seconds": 0.5}
    with portal.wrap_async_context_manager(running(settings.model_copy(update=changed))) as service:
        yield service


@pytest.fixture
async def hasty_user(hasty: RunningService) -> AsyncIterator[User]:
    async with new_user(hasty.url) as user:
        yield user


async def next_wait(events: AsyncIterator[Event]) -> dict[str, Any]:
    async for event in events:
        if "waitingSeconds" in event.data:
            return event.data
    raise AssertionError("the stream ended without a further wait")


@pytest.mark.parametrize("keep_alive", [b"", b": keep-alive\n\n"])
async def test_a_request_that_timed_out_is_not_sent_again(hasty_user: User, scripted: ScriptedProvider, keep_alive: bytes):
    async def thinks(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.send(keep_alive)
        await exchange.until_client_leaves()

    model = scripted.model(thinks)
    events = await hasty_user.compare("Hi", [model])
    [error] = of_type(events, "error")
    assert (error["code"], error["retryable"]) == ("timed_out", True)
    assert len(scripted.asked(model)) == 1
    assert of_type(events, "metrics")[0]["attempts"] == 1


async def test_a_request_without_response_headers_is_not_sent_again(hasty_user: User, scripted: ScriptedProvider):
    model = scripted.model(Exchange.until_client_leaves)
    assert of_type(await hasty_user.compare("Hi", [model]), "error")[0]["code"] == "timed_out"
    assert len(scripted.asked(model)) == 1


async def test_a_time_out_reported_by_the_provider_is_retried(hasty_user: User, scripted: ScriptedProvider):
    async def slow_once(exchange: Exchange) -> None:
        if len(scripted.asked(model)) == 1:
            await exchange.error(504, {"error": {"message": "Too slow."}})
        else:
            await exchange.begin()
            await exchange.write("Hello")
            await exchange.end()

    model = scripted.model(slow_once)
    assert text_of(await hasty_user.compare("Hi", [model]), 0) == "Hello"
    assert len(scripted.asked(model)) == 2


async def test_a_long_wait_for_text_is_reported_while_it_lasts(user: User, scripted: ScriptedProvider, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(waiting, "FIRST_REPORT_SECONDS", 1.0)
    monkeypatch.setattr(waiting, "_NEXT_REPORT_SECONDS", 1.0)
    gates = [Gate(), Gate()]

    async def thinks(exchange: Exchange) -> None:
        await exchange.begin()
        for gate, text in zip(gates, ("Hello", " there"), strict=True):
            await gate.wait()
            await exchange.write(text)
        await exchange.end()

    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(thinks)]}) as events:
        first, second = await next_wait(events), await next_wait(events)
        gates[0].open()
        await next_event(events, "chunk")
        third = await next_wait(events)
        gates[1].open()
        rest = [event async for event in events]
    assert [wait["status"] for wait in (first, second, third)] == ["connecting", "connecting", "streaming"]
    assert 1 <= first["waitingSeconds"] < second["waitingSeconds"]
    assert of_type(rest, "status")[-1]["status"] == "completed"
