"""The three time limits, each with its own message. Limits are small here, and what a test does not try is far larger."""

import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import anyio
import anyio.lowlevel
import pytest

from playground.providers.adapter import ProviderClient
from playground.providers.answer import timeouts as patience
from playground.providers.calls import Delta, Usage
from playground.providers.errors.kinds import GivenUp, ProviderFailed, TimedOut
from playground.providers.records import Provider

from .asking import Outcome, ask, call_to
from .upstream import DONE, Answer, Upstream, event, finish_chunk, text_chunk

SHORT = 0.15
LONG = 30


@pytest.fixture
async def hasty() -> AsyncIterator[ProviderClient]:
    """Waits for the first token for a short time only."""
    async with ProviderClient(connect_timeout=LONG, first_token_timeout=SHORT, between_tokens_timeout=LONG) as client:
        yield client


@pytest.fixture
async def restless() -> AsyncIterator[ProviderClient]:
    """Waits between tokens for a short time only."""
    async with ProviderClient(connect_timeout=LONG, first_token_timeout=LONG, between_tokens_timeout=SHORT) as client:
        yield client


async def keep_alive(answer: anyio.Event, seconds: float) -> None:
    await anyio.sleep(seconds)
    answer.set()


async def test_an_address_that_accepts_no_connection_times_out_connecting() -> None:
    # A listening socket whose queue is full answers to no further connection.
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        provider = Provider(id="lab", name="The lab", base_url=f"http://127.0.0.1:{full.getsockname()[1]}/v1")
        async with ProviderClient(connect_timeout=SHORT, first_token_timeout=LONG, between_tokens_timeout=LONG) as client:
            outcome = await ask(client, call_to(provider))
        for each in waiting:
            each.close()
    assert isinstance(outcome.error, TimedOut)
    assert not isinstance(outcome.error, GivenUp)
    assert "did not accept a connection" in str(outcome.error)
    # Nothing was sent, so nothing is owed.
    assert outcome.error.refused


@pytest.mark.parametrize("pieces", [[], [b": still here\n\n"], [event(text_chunk(""))]], ids=["nothing", "a comment", "an empty text"])
async def test_no_first_text_within_the_limit_is_an_error(
    hasty: ProviderClient, upstream: Upstream, provider: Provider, pieces: list[bytes]
) -> None:
    upstream.will_answer(Answer([*pieces, anyio.Event()]))
    outcome = await ask(hasty, call_to(provider))
    assert isinstance(outcome.error, GivenUp)
    assert "no text within 0.15 s" in str(outcome.error)
    assert (outcome.error.retryable, outcome.error.code) == (True, "timed_out")


async def test_no_response_headers_within_the_limit_is_an_error(hasty: ProviderClient, upstream: Upstream, provider: Provider) -> None:
    upstream.will_answer(Answer(before=anyio.Event()))
    assert isinstance((await ask(hasty, call_to(provider))).error, TimedOut)
    await (await upstream.request()).gone.wait()


async def test_silence_between_tokens_is_an_error_after_the_text(restless: ProviderClient, upstream: Upstream, provider: Provider) -> None:
    upstream.will_answer(Answer([event(text_chunk("Hello")), anyio.Event()]))
    outcome = await ask(restless, call_to(provider))
    assert outcome.text == "Hello"
    assert isinstance(outcome.error, GivenUp)
    assert "nothing for 0.15 s" in str(outcome.error)
    await upstream.requests[0].gone.wait()


async def test_keep_alives_count_as_activity_between_tokens(upstream: Upstream, provider: Provider) -> None:
    ticks = [anyio.Event() for _ in range(8)]
    pieces = [piece for tick in ticks for piece in (tick, b": still here\n\n")]
    upstream.will_answer(Answer([event(text_chunk("a")), *pieces, event(text_chunk("b")), event(finish_chunk()), DONE]))
    async with (
        ProviderClient(connect_timeout=LONG, first_token_timeout=LONG, between_tokens_timeout=1) as client,
        anyio.create_task_group() as group,
    ):
        for number, tick in enumerate(ticks, start=1):
            group.start_soon(keep_alive, tick, number * 0.2)
        outcome = await ask(client, call_to(provider))
    assert (outcome.text, outcome.error) == ("ab", None)


async def test_keep_alives_without_text_time_out(upstream: Upstream, provider: Provider) -> None:
    ticks = [anyio.Event() for _ in range(30)]
    pieces = [piece for tick in ticks for piece in (tick, b": still here\n\n")]
    upstream.will_answer(Answer([event(text_chunk("a")), *pieces, anyio.Event()]))
    async with (
        ProviderClient(connect_timeout=LONG, first_token_timeout=1.3, between_tokens_timeout=1) as client,
        anyio.create_task_group() as group,
    ):
        for number, tick in enumerate(ticks, start=1):
            group.start_soon(keep_alive, tick, number * 0.1)
        outcome = await ask(client, call_to(provider))
        group.cancel_scope.cancel()
    assert isinstance(outcome.error, TimedOut)
    assert "no text for 1.3 s" in str(outcome.error)


FINISHED = event(text_chunk("Hello")) + event(finish_chunk())
USAGE = event({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5}})


@pytest.mark.parametrize("pieces", [[FINISHED], [FINISHED, USAGE], [FINISHED, b'data: {"choices":[']])
async def test_silence_after_a_finish_reason_ends_a_complete_answer(
    restless: ProviderClient, upstream: Upstream, provider: Provider, pieces: list[bytes]
) -> None:
    upstream.will_answer(Answer([*pieces, anyio.Event()]))
    for number in range(2):  # By the SDK, and as the requests that follow are made.
        outcome = await ask(restless, call_to(provider))
        assert outcome.error is None
        assert outcome.text == "Hello"
        assert outcome.usage == (Usage(7, 5) if USAGE in pieces else None)
        await upstream.requests[number].gone.wait()
    assert upstream.connections == 2


async def test_silence_after_a_finish_reason_is_short_however_long_it_may_be_between_tokens(
    client: ProviderClient, upstream: Upstream, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_ENDING_SECONDS", SHORT)
    upstream.will_answer(Answer([FINISHED, anyio.Event()]))
    with anyio.fail_after(10):
        outcome = await ask(client, call_to(provider))
    assert (outcome.text, outcome.finish_reason, outcome.error) == ("Hello", "stop", None)


async def test_keep_alives_after_a_finish_reason_time_out(restless: ProviderClient, upstream: Upstream, provider: Provider) -> None:
    ticks = [anyio.Event() for _ in range(100)]
    pieces = [piece for tick in ticks for piece in (tick, b": still here\n\n")]
    upstream.will_answer(Answer([FINISHED, *pieces]))
    async with anyio.create_task_group() as group:
        for number, tick in enumerate(ticks, start=1):
            group.start_soon(keep_alive, tick, number * 0.05)
        outcome = await ask(restless, call_to(provider))
        assert not ticks[-1].is_set()
        group.cancel_scope.cancel()
    assert (outcome.text, outcome.error) == ("Hello", None)


async def test_text_after_a_finish_reason_is_waited_for_as_before(
    client: ProviderClient, upstream: Upstream, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_ENDING_SECONDS", SHORT)
    finished, late = anyio.Event(), anyio.Event()
    upstream.will_answer(Answer([FINISHED, finished, event(text_chunk(", you")), late, event(text_chunk(".")), DONE]))
    outcome = Outcome()
    async with anyio.create_task_group() as group, client.stream(call_to(provider)) as answer:

        def take(deltas: list[Delta]) -> None:
            outcome.deltas += deltas
            finished.set()
            if outcome.text == "Hello, you":
                group.start_soon(keep_alive, late, 3 * SHORT)

        await answer.deliver(take)
    assert outcome.text == "Hello, you."


def with_reason(text: str, **delta: str) -> bytes:
    """A chunk of a server that gives a finish reason with every one."""
    return event({"choices": [{"index": 0, "delta": {"content": text, **delta}, "finish_reason": "stop"}]})


@pytest.mark.parametrize(
    "first",
    [with_reason("", role="assistant"), with_reason("", reasoning="Hm. "), with_reason("One "), with_reason("O") + with_reason("ne ")],
)
async def test_a_finish_reason_in_the_first_chunk_ends_nothing(
    upstream: Upstream, provider: Provider, first: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "_ENDING_SECONDS", SHORT)
    came = anyio.Event()
    upstream.will_answer(Answer([first, came, with_reason("two."), DONE]))
    async with (
        ProviderClient(connect_timeout=LONG, first_token_timeout=LONG, between_tokens_timeout=LONG) as client,
        anyio.create_task_group() as group,
    ):
        group.start_soon(keep_alive, came, 3 * SHORT)
        outcome = await ask(client, call_to(provider))
    assert outcome.error is None
    assert outcome.text.endswith("two.")


async def test_silence_between_chunks_with_finish_reasons_is_not_a_complete_answer(
    restless: ProviderClient, upstream: Upstream, provider: Provider
) -> None:
    upstream.will_answer(Answer([with_reason("One "), with_reason("two"), anyio.Event()]))
    assert isinstance((await ask(restless, call_to(provider))).error, TimedOut)


async def test_an_answer_with_its_end_in_the_last_chunk_is_complete_when_silence_follows(
    restless: ProviderClient, upstream: Upstream, provider: Provider
) -> None:
    upstream.will_answer(Answer([event(text_chunk("One ")), with_reason("two"), anyio.Event()]))
    outcome = await ask(restless, call_to(provider))
    assert (outcome.text, outcome.error) == ("One two", None)


async def test_the_finish_reason_error_is_a_failure_also_when_silence_follows(
    restless: ProviderClient, upstream: Upstream, provider: Provider
) -> None:
    upstream.will_answer(Answer([event(text_chunk("Hello")), event(finish_chunk("error")), anyio.Event()]))
    assert isinstance((await ask(restless, call_to(provider))).error, ProviderFailed)


async def test_a_failing_finish_reason_ends_an_answer_without_text_also_when_silence_follows(
    restless: ProviderClient, upstream: Upstream, provider: Provider
) -> None:
    upstream.will_answer(Answer([event(finish_chunk("network_error")), anyio.Event()]))
    assert isinstance((await ask(restless, call_to(provider))).error, ProviderFailed)


async def test_a_passed_limit_leaves_the_task_usable(
    hasty: ProviderClient, client: ProviderClient, upstream: Upstream, provider: Provider
) -> None:
    upstream.will_answer(Answer(before=anyio.Event()))
    assert isinstance((await ask(hasty, call_to(provider))).error, TimedOut)
    upstream.will_answer(Answer([event(text_chunk("Hello")), event(finish_chunk()), DONE]))
    with anyio.move_on_after(LONG) as scope:
        assert (await ask(client, call_to(provider))).text == "Hello"
        await anyio.lowlevel.checkpoint()
    assert not scope.cancelled_caught


async def test_a_list_of_models_that_does_not_arrive_times_out(hasty: ProviderClient, upstream: Upstream, provider: Provider) -> None:
    upstream.will_answer(Answer(before=anyio.Event()))
    with pytest.raises(TimedOut, match="list of models within"):
        await hasty.list_models(replace(provider, id="other"))
