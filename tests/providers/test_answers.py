"""What real servers send in place of the textbook's stream."""

import gzip
import json
from dataclasses import replace
from decimal import Decimal

import pytest

from playground.providers.calls import Delta, Usage
from playground.providers.errors.kinds import BrokenStream, RateLimited
from playground.providers.records import Quirks

from .asking import Asking, ask, call_to
from .upstream import DONE, Answer, event, finish_chunk, text_chunk

USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
HELLO = event(text_chunk("Hel")) + event(text_chunk("lo"))


async def test_text_arrives_unchanged(asking: Asking) -> None:
    outcome = await asking.stream(HELLO, event(finish_chunk()), event({"choices": [], "usage": USAGE}), DONE)
    assert outcome.deltas == [Delta("Hel", False), Delta("lo", False)]
    assert (outcome.usage, outcome.finish_reason, outcome.model) == (Usage(7, 5), "stop", "m-1")
    assert outcome.error is None


@pytest.mark.parametrize("eol", ["\n", "\r\n", "\r"])
async def test_every_standard_line_ending_is_understood(asking: Asking, eol: str) -> None:
    pieces = [event(text_chunk("one\u2028two\u0085"), eol), event(finish_chunk(), eol), event("[DONE]", eol)]
    assert (await asking.stream(*pieces)).text == "one\u2028two\u0085"


async def test_reads_may_be_split_anywhere_even_within_a_character(asking: Asking) -> None:
    body = event(text_chunk("naïve 😀 日本")) + json_event("naïve 😀") + event(finish_chunk()) + DONE
    outcome = await asking.stream(*(body[at : at + 1] for at in range(len(body))))
    assert outcome.text == "naïve 😀 日本naïve 😀"


async def test_comments_and_other_fields_are_ignored(asking: Asking) -> None:
    keep_alive = b": OPENROUTER PROCESSING\n\n"
    named = b"event: message\nid: 1\nretry: 10\ndata: " + json.dumps(text_chunk("b")).encode() + b"\n\n"
    outcome = await asking.stream(keep_alive, event(text_chunk("a")), keep_alive, named, b"event: ping\n\n", event(finish_chunk()), DONE)
    assert outcome.text == "ab"
    assert outcome.error is None


async def test_a_payload_may_be_spread_over_data_lines_and_begin_with_a_bom(asking: Asking) -> None:
    spread = b'\xef\xbb\xbfdata:{"choices":\ndata: [{"delta":\ndata:{"content":"x"}}]}\n\n'
    assert (await asking.stream(spread, event(finish_chunk()), DONE)).text == "x"


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param([finish_chunk(), {"choices": [], "usage": USAGE}], id="in its own last chunk"),
        pytest.param([finish_chunk(), {"usage": USAGE}], id="in its own chunk without choices"),
        pytest.param([finish_chunk(usage=USAGE)], id="with the last chunk"),
        pytest.param([{**text_chunk("x"), "usage": {**USAGE, "completion_tokens": 1}}, finish_chunk(usage=USAGE)], id="with every chunk"),
        pytest.param([finish_chunk(x_groq={"id": "r", "usage": USAGE})], id="in x_groq"),
        pytest.param([finish_chunk(usage={"prompt_tokens": 7.0, "completion_tokens": "5"})], id="as floats and texts"),
    ],
)
async def test_usage_is_found_in_each_place(asking: Asking, chunks: list[dict[str, object]]) -> None:
    outcome = await asking.stream(HELLO, *map(event, chunks), DONE)
    assert outcome.usage == Usage(7, 5)


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": 0, "completion_tokens": 0}, {"prompt_tokens": None, "completion_tokens": "many"}, 3]
)
async def test_a_usage_without_counts_is_ignored(asking: Asking, usage: object) -> None:
    assert (await asking.stream(HELLO, event(finish_chunk(usage=usage)), DONE)).usage is None


async def test_details_of_the_usage_are_kept(asking: Asking) -> None:
    usage = {**USAGE, "prompt_tokens_details": {"cached_tokens": 3}, "completion_tokens_details": {"reasoning_tokens": 2}}
    assert (await asking.stream(HELLO, event(finish_chunk(usage=usage)), DONE)).usage == Usage(7, 5, 3, 2)


async def test_deepseeks_cached_tokens_are_kept(asking: Asking) -> None:
    usage = {**USAGE, "prompt_cache_hit_tokens": 4}
    assert (await asking.stream(HELLO, event(finish_chunk(usage=usage)), DONE)).usage == Usage(7, 5, 4)


async def test_thinking_counted_only_in_the_total_is_part_of_the_output(asking: Asking) -> None:
    asking.provider = replace(asking.provider, quirks=Quirks(reasoning_beside_output=True))
    usage = {**USAGE, "total_tokens": 100}
    assert (await asking.stream(HELLO, event(finish_chunk(usage=usage)), DONE)).usage == Usage(7, 93, None, 88)


@pytest.mark.parametrize(
    ("told", "cost"),
    [
        ('"cost": 0.00014250000000000000001', Decimal("0.00014250000000000000001")),
        ('"cost": 1e-7', Decimal("0.0000001")),
        ('"cost": "0.25"', Decimal("0.25")),
        ('"cost": 0', Decimal(0)),
        ('"cost": 0.01, "is_byok": false, "cost_details": {"upstream_inference_cost": 0.01}', Decimal("0.01")),
        ('"cost": 0.01, "is_byok": true, "cost_details": {"upstream_inference_cost": 0.2}', Decimal("0.21")),
        ('"cost": 0.01, "is_byok": true, "cost_details": null', None),
        ('"cost": null', None),
        ('"cost": -1', None),
        ('"cost": "NaN"', None),
        ('"cost": 1e999999', None),
        ('"cost": {"total": 1}', None),
    ],
)
async def test_the_cost_is_exactly_what_the_provider_wrote(asking: Asking, told: str, cost: Decimal | None) -> None:
    usage = f'{{"choices": [], "usage": {{"prompt_tokens": 7, "completion_tokens": 5, {told}}}}}'
    outcome = await asking.stream(HELLO, event(finish_chunk()), event(usage), DONE)
    assert outcome.usage == Usage(7, 5, cost=cost)


async def test_a_cost_next_to_the_usage_is_kept(asking: Asking) -> None:
    outcome = await asking.stream(HELLO, event(finish_chunk(usage=USAGE, cost=0.5)), DONE)
    assert outcome.usage == Usage(7, 5, cost=Decimal("0.5"))


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
async def test_reasoning_is_distinguished_from_the_answer(asking: Asking, name: str) -> None:
    outcome = await asking.stream(
        event(text_chunk("", **{name: "hmm"})), event(text_chunk("yes", **{name: None})), event(finish_chunk()), DONE
    )
    assert outcome.deltas == [Delta("hmm", True), Delta("yes", False)]


async def test_reasoning_under_two_names_comes_once(asking: Asking) -> None:
    outcome = await asking.stream(event(text_chunk(None, reasoning="hmm", reasoning_content="hmm")), event(finish_chunk()), DONE)
    assert outcome.deltas == [Delta("hmm", True)]


async def test_content_as_a_list_of_parts_is_understood(asking: Asking) -> None:
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "yes"}]
    outcome = await asking.stream(event(text_chunk(parts)), event(finish_chunk()), DONE)
    assert outcome.deltas == [Delta("hm", True), Delta("yes", False)]


async def test_a_refusal_in_the_models_words_is_its_answer(asking: Asking) -> None:
    outcome = await asking.stream(event(text_chunk(None, refusal="I can't.")), event(finish_chunk()), DONE)
    assert outcome.text == "I can't."


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": []},
        {"choices": None},
        {"choices": [None]},
        {"choices": [{}]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": {"content": None}, "finish_reason": None}], "usage": None, "error": None},
        {"choices": [{"delta": {"content": {"a": 1}}, "finish_reason": 7}]},
        {"choices": "none", "model": 5, "usage": [], "x_groq": "?"},
        {"type": "ping"},
        {},
    ],
)
async def test_null_missing_and_odd_fields_change_nothing(asking: Asking, odd: dict[str, object]) -> None:
    outcome = await asking.stream(event(text_chunk("a")), event(odd), event(text_chunk("b")), event(finish_chunk()), DONE)
    assert (outcome.text, outcome.error, outcome.finish_reason) == ("ab", None, "stop")


async def test_content_that_is_a_number_is_text(asking: Asking) -> None:
    assert (await asking.stream(event(text_chunk(42)), event(finish_chunk()), DONE)).text == "42"


async def test_a_message_instead_of_a_delta_is_read(asking: Asking) -> None:
    chunk = {"choices": [{"message": {"content": "whole"}, "finish_reason": "stop"}]}
    assert (await asking.stream(event(chunk), DONE)).text == "whole"


async def test_halves_of_a_character_in_two_chunks_are_joined(asking: Asking) -> None:
    halves = [r'{"choices":[{"delta":{"content":"a\ud83d"}}]}', r'{"choices":[{"delta":{"content":"\ude00b"}}]}']
    outcome = await asking.stream(*map(event, halves), event(finish_chunk()), DONE)
    assert [delta.text for delta in outcome.deltas] == ["a", "😀b"]


async def test_halves_are_joined_over_reasoning_in_between(asking: Asking) -> None:
    first, second = (r'{"choices":[{"delta":{"content":"' + half + '"}}]}' for half in (r"\ud83d", r"\ude00"))
    outcome = await asking.stream(event(first), event(text_chunk(None, reasoning="hm")), event(second), event(finish_chunk()), DONE)
    assert (outcome.text, outcome.reasoning) == ("😀", "hm")


@pytest.mark.parametrize("then", [event(text_chunk("b")), b""])
async def test_half_a_character_without_its_other_half_is_replaced(asking: Asking, then: bytes) -> None:
    half = r'{"choices":[{"delta":{"content":"a\ud83d"}}]}'
    outcome = await asking.stream(event(half), then, event(finish_chunk()), DONE)
    assert outcome.text == "a\ufffd" + ("b" if then else "")


async def test_u0000_and_invalid_bytes_are_replaced(asking: Asking) -> None:
    broken = b'data: {"choices":[{"delta":{"content":"x\xff"}}]}\n\n'
    assert (await asking.stream(event(text_chunk("a\0b")), broken, event(finish_chunk()), DONE)).text == "a\ufffdbx\ufffd"


@pytest.mark.parametrize("payload", ["null", "3", "0.5", "true", '""', "[]"])
async def test_json_without_content_is_ignored(asking: Asking, payload: str) -> None:
    outcome = await asking.stream(event(text_chunk("a")), event(payload), event(text_chunk("b")), event(finish_chunk()), DONE)
    assert (outcome.text, outcome.error) == ("ab", None)


async def test_words_instead_of_a_chunk_are_reported(asking: Asking) -> None:
    outcome = await asking.stream(HELLO, b'event: error\ndata: "upstream exploded"\n\n', DONE)
    assert outcome.text == "Hello"
    assert isinstance(outcome.error, BrokenStream)
    assert "upstream exploded" in str(outcome.error)


async def test_an_error_in_the_stream_comes_after_the_text_before_it(asking: Asking) -> None:
    error = {"error": {"code": 429, "message": "slow down", "metadata": {"provider_name": "x"}}, "choices": []}
    outcome = await asking.stream(HELLO + event(error) + event(text_chunk("never")))
    assert outcome.text == "Hello"
    assert isinstance(outcome.error, RateLimited)
    assert "slow down" in str(outcome.error)
    assert outcome.error.status is None


@pytest.mark.parametrize(
    "error",
    [
        {"error": {"message": "boom"}},
        {"error": "boom"},
        {"error": ["boom"]},
        {"object": "error", "message": "boom", "type": "odd"},
        {"choices": [], "x_groq": {"error": "boom"}},
        [{"error": {"message": "boom"}}],
    ],
)
async def test_errors_of_every_shape_are_recognised(asking: Asking, error: object) -> None:
    outcome = await asking.stream(HELLO, event(error))
    assert isinstance(outcome.error, BrokenStream)
    assert "boom" in str(outcome.error)


@pytest.mark.parametrize(
    ("told", "kept"),
    [("sto\ud800p", "sto\ufffdp"), ("sto\0p", "sto\ufffdp"), ("\U0001f6d1", "\U0001f6d1"), ("stop" * 1_000, "stop" * 25)],
)
async def test_a_finish_reason_is_storable_and_short(asking: Asking, told: str, kept: str) -> None:
    whole = json.dumps({"choices": [{"message": {"content": "Hello"}, "finish_reason": told}]}).encode()
    outcomes = [
        await asking.stream(HELLO, event(finish_chunk(told)), DONE),
        await asking(Answer([whole], content_type="application/json")),
    ]
    assert [outcome.finish_reason for outcome in outcomes] == [kept, kept]


async def test_the_name_of_the_model_is_storable(asking: Asking) -> None:
    assert (await asking.stream(event({**text_chunk("Hello"), "model": "m\ud800\0"}), DONE)).model == "m\ufffd\ufffd"


async def test_a_payload_that_is_not_json_is_quoted(asking: Asking) -> None:
    outcome = await asking.stream(HELLO, event("error: out of memory, secret-key-of-the-lab"))
    assert outcome.text == "Hello"
    assert isinstance(outcome.error, BrokenStream)
    assert "out of memory" in str(outcome.error)
    assert "secret-key" not in str(outcome.error)


async def test_an_event_of_more_than_16_mb_breaks_the_stream(asking: Asking) -> None:
    outcome = await asking.stream(HELLO, b'data: {"choices":', *[b"[" * 1_000_000] * 18)
    assert outcome.text == "Hello"
    assert isinstance(outcome.error, BrokenStream)
    assert "16 MB" in str(outcome.error)


async def test_deeply_nested_json_only_breaks_the_stream(asking: Asking) -> None:
    outcome = await asking.stream(HELLO, event('{"a":' * 100_000 + "1" + "}" * 100_000), event(finish_chunk()), DONE)
    assert outcome.text == "Hello"
    assert isinstance(outcome.error, BrokenStream)


async def test_a_compressed_answer_is_read_although_none_was_asked_for(asking: Asking) -> None:
    body = gzip.compress(HELLO + event(finish_chunk()) + DONE)
    outcome = await asking(Answer([body[:10], body[10:]], headers={"Content-Encoding": "gzip"}))
    assert outcome.text == "Hello"
    assert asking.upstream.requests[0].headers["accept-encoding"] == "identity"


async def test_one_read_gives_all_of_its_deltas_at_once(asking: Asking) -> None:
    asking.upstream.will_answer(Answer([HELLO + event(finish_chunk()) + DONE]))
    reads: list[int] = []
    async with asking.client.stream(call_to(asking.provider)) as answer:
        await answer.deliver(lambda deltas: reads.append(len(deltas)))
    assert reads == [2]


async def test_two_calls_at_once_do_not_mix(asking: Asking) -> None:
    asking.upstream.will_answer(Answer([event(text_chunk("one")), DONE]), Answer([event(text_chunk("two")), DONE]))
    assert (await ask(asking.client, call_to(asking.provider))).text == "one"
    assert (await ask(asking.client, call_to(asking.provider))).text == "two"


def json_event(text: str) -> bytes:
    """A chunk whose text is not escaped, so that its bytes are UTF-8."""
    return b"data: " + json.dumps(text_chunk(text), ensure_ascii=False).encode() + b"\n\n"
