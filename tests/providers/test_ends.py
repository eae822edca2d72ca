"""How an answer ends: in order, in the middle, by a limit, by a stop. What had come is kept, and what was whole is complete."""

import gzip
import json
from collections.abc import AsyncIterator

import anyio
import anyio.lowlevel
import pytest

from playground.providers.adapter import ProviderClient
from playground.providers.calls import Delta, Usage
from playground.providers.errors.kinds import BrokenStream, RateLimited, TimedOut, UnexpectedAnswer
from playground.providers.records import Provider

from .asking import Asking, Outcome, ask, call_to
from .upstream import DONE, Answer, Framing, Upstream, event, finish_chunk, text_chunk

USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
USED = event({"choices": [], "usage": USAGE})
HELLO = event(text_chunk("Hel")) + event(text_chunk("lo"))
WHOLE = {
    "model": "m-1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello", "reasoning_content": "hm"}, "finish_reason": "stop"}],
    "usage": USAGE,
}
SHORT = 0.15
LONG = 30


def with_reason(text: str) -> bytes:
    """A chunk with a finish reason beside its text."""
    return event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": "stop"}]})


@pytest.mark.parametrize("framing", ["chunked", "close"])
@pytest.mark.parametrize("end", [event(finish_chunk()), event(finish_chunk()).rstrip(), event({"choices": [], "usage": USAGE})])
async def test_a_stream_without_done_is_complete_with_a_finish_reason(asking: Asking, framing: Framing, end: bytes) -> None:
    outcome = await asking(Answer([HELLO, end], framing=framing))
    assert (outcome.text, outcome.error) == ("Hello", None)


async def test_a_finished_answer_survives_a_connection_that_breaks(asking: Asking) -> None:
    outcome = await asking(Answer([HELLO, event(finish_chunk())], framing="cut"))
    assert (outcome.text, outcome.error) == ("Hello", None)


@pytest.mark.parametrize("framing", ["chunked", "close", "cut"])
@pytest.mark.parametrize("rest", [b"", b'data: {"choices":[{"delta":{"cont', b": still here\n\n"])
async def test_a_stream_that_ends_in_the_middle_is_broken_after_its_text(asking: Asking, framing: Framing, rest: bytes) -> None:
    outcome = await asking(Answer([HELLO, rest], framing=framing))
    assert outcome.text == "Hello"
    assert isinstance(outcome.error, BrokenStream)
    assert "The lab" in str(outcome.error)
    assert outcome.error.retryable


@pytest.mark.parametrize(
    "pieces",
    [
        [with_reason("One"), event(text_chunk(" two"))],
        [event({**text_chunk("One"), "usage": USAGE})],
        [event({**text_chunk(""), "usage": USAGE})],
        [USED],
    ],
)
async def test_a_finish_reason_or_a_usage_that_is_not_the_end_does_not_make_a_cut_answer_complete(
    asking: Asking, pieces: list[bytes]
) -> None:
    assert isinstance((await asking(Answer(pieces, framing="cut"))).error, BrokenStream)


async def test_a_usage_after_the_text_is_an_end_even_if_the_connection_breaks(asking: Asking) -> None:
    outcome = await asking(Answer([HELLO, USED], framing="cut"))
    assert (outcome.text, outcome.usage, outcome.error) == ("Hello", Usage(7, 5), None)


async def test_text_after_a_finish_reason_is_part_of_an_answer_that_ended_properly(asking: Asking) -> None:
    outcome = await asking(Answer([with_reason("One"), event(text_chunk(" two"))]))
    assert (outcome.text, outcome.error) == ("One two", None)


async def test_a_usage_without_any_output_leaves_the_output_to_be_counted_where_text_came(asking: Asking) -> None:
    outcome = await asking.stream(HELLO, event({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 0}}), DONE)
    assert (outcome.text, outcome.usage, outcome.error) == ("Hello", Usage(7, 0, unknown_output=True), None)


async def test_unreadable_chunks_break_the_answer_immediately(asking: Asking) -> None:
    read = anyio.Event()
    chunk = b"%x\r\n%b\r\n" % (len(HELLO), HELLO)
    pieces = [chunk, read, b"no number\r\n", anyio.Event()]
    asking.upstream.will_answer(Answer(pieces, headers={"Transfer-Encoding": "chunked"}, framing="close"))
    with pytest.raises(BrokenStream):
        async with asking.client.stream(call_to(asking.provider)) as answer:
            await answer.deliver(lambda _: read.set())


async def test_a_usage_with_every_chunk_does_not_make_a_cut_answer_complete(asking: Asking) -> None:
    chunks = [{**text_chunk(text), "usage": USAGE} for text in ("a", "b")]
    outcome = await asking.stream(*map(event, chunks))
    assert outcome.text == "ab"
    assert isinstance(outcome.error, BrokenStream)


async def test_data_after_done_is_ignored(asking: Asking) -> None:
    assert (await asking.stream(HELLO, DONE, event(text_chunk("more")))).text == "Hello"


@pytest.mark.parametrize("done", ["[DONE] ", " [DONE]", '"[DONE]"', "[DONE]\ndata: "])
async def test_done_is_understood_with_white_space_around_it(asking: Asking, done: str) -> None:
    outcome = await asking.stream(HELLO, event(done), event(text_chunk("more")))
    assert (outcome.text, outcome.error) == ("Hello", None)


async def test_done_in_quotes_is_understood_without_the_last_blank_line(asking: Asking) -> None:
    outcome = await asking.stream(HELLO, event('"[DONE]"').rstrip())
    assert (outcome.text, outcome.error) == ("Hello", None)


async def test_a_json_answer_instead_of_a_stream_is_one_answer(asking: Asking) -> None:
    body = json.dumps(WHOLE, indent=1).encode()
    outcome = await asking(Answer([b"\n", body[:20], body[20:]], content_type="application/json"))
    assert outcome.deltas == [Delta("hm", True), Delta("Hello", False)]
    assert (outcome.usage, outcome.finish_reason, outcome.model, outcome.error) == (Usage(7, 5), "stop", "m-1", None)


async def test_an_error_as_json_with_status_200_is_an_error(asking: Asking) -> None:
    body = json.dumps({"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}).encode()
    assert isinstance((await asking(Answer([body], content_type="application/json"))).error, RateLimited)


@pytest.mark.parametrize("body", [b"<!doctype html><title>Welcome</title>", b'{"hello": 1}', b"[1, 2]", b"{]"])
async def test_anything_but_an_answer_is_unexpected(asking: Asking, body: bytes) -> None:
    outcome = await asking(Answer([body], content_type="text/html"))
    assert isinstance(outcome.error, UnexpectedAnswer)
    assert "base URL" in str(outcome.error)
    assert not outcome.error.retryable


async def test_an_empty_answer_is_a_broken_stream(asking: Asking) -> None:
    assert isinstance((await asking(Answer([]))).error, BrokenStream)


async def test_an_output_without_text_is_complete_when_its_server_falls_silent(upstream: Upstream, provider: Provider) -> None:
    upstream.will_answer(Answer([event(finish_chunk("length")), USED, anyio.Event()]))
    async with ProviderClient(connect_timeout=LONG, first_token_timeout=LONG, between_tokens_timeout=SHORT) as client:
        outcome = await ask(client, call_to(provider))
    assert (outcome.text, outcome.finish_reason, outcome.usage, outcome.error) == ("", "length", Usage(7, 5), None)


@pytest.fixture
async def hasty() -> AsyncIterator[ProviderClient]:
    async with ProviderClient(connect_timeout=LONG, first_token_timeout=SHORT, between_tokens_timeout=SHORT) as client:
        yield client


async def test_a_json_answer_is_complete_even_if_its_body_does_not_end(
    hasty: ProviderClient, upstream: Upstream, provider: Provider
) -> None:
    upstream.will_answer(Answer([json.dumps(WHOLE).encode(), anyio.Event()], content_type="application/json"))
    outcome = await ask(hasty, call_to(provider))
    assert (outcome.text, outcome.usage, outcome.error) == ("Hello", Usage(7, 5), None)


async def test_a_finish_reason_without_text_is_no_answer_when_a_limit_passes(
    hasty: ProviderClient, upstream: Upstream, provider: Provider
) -> None:
    upstream.will_answer(Answer([event(finish_chunk()).rstrip(), anyio.Event()]))
    assert isinstance((await ask(hasty, call_to(provider))).error, TimedOut)


async def test_an_event_without_its_blank_line_is_kept_at_a_stop(asking: Asking) -> None:
    asking.upstream.will_answer(Answer([event(text_chunk("a")) + event({**text_chunk("b"), "usage": USAGE}).rstrip(), anyio.Event()]))
    deltas: list[Delta] = []
    with anyio.CancelScope() as scope:
        async with asking.client.stream(call_to(asking.provider)) as answer:

            def take(more: list[Delta]) -> None:
                deltas.extend(more)
                scope.cancel()

            await answer.deliver(take)
    assert [delta.text for delta in deltas] == ["a", "b"]
    assert answer.usage == Usage(7, 5)


async def test_a_small_answer_that_inflates_to_megabytes_does_not_block_others(asking: Asking) -> None:
    body = gzip.compress((b": " + b"x" * 10_000 + b"\n\n") * 800 + HELLO + event(finish_chunk()) + DONE)
    assert len(body) < 20_000
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await anyio.lowlevel.checkpoint()
            turns += 1

    async with anyio.create_task_group() as group:
        asking.upstream.will_answer(Answer([body], headers={"Content-Encoding": "gzip"}))
        async with asking.client.stream(call_to(asking.provider)) as answer:
            outcome = Outcome()
            group.start_soon(count)
            await answer.deliver(outcome.deltas.extend)
            group.cancel_scope.cancel()
    assert outcome.text == "Hello"
    assert turns > 100  # A piece of 64 KB at a time.


@pytest.mark.parametrize("idle", ["{}", "1", "null"])
async def test_a_flood_of_empty_events_ends_the_answer(asking: Asking, idle: str) -> None:
    outcome = await asking.stream(event(idle) * 300, HELLO + event(idle) * 3_000, DONE)
    assert outcome.text == "Hello"
    assert isinstance(outcome.error, BrokenStream)
    assert "only empty events" in str(outcome.error)
