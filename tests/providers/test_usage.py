"""A provider's count of tokens: what is believed of it, and how much of an answer it counts."""

from dataclasses import replace
from decimal import Decimal

import anyio
import pytest
from structlog.testing import capture_logs

from playground.providers.calls import Delta, Usage
from playground.providers.errors.kinds import BrokenStream
from playground.providers.records import Quirks

from .asking import Asking, call_to
from .upstream import DONE, Answer, event, finish_chunk, text_chunk

# What was told is read in the same way, however it was asked for.
WAYS = ("built before",)

COUNTS = {"prompt_tokens": 7, "completion_tokens": 5}
ABSURD = 5 * 10**8


def counted(text: str, output: int) -> bytes:
    """A chunk with a piece of text, and the usage up to it."""
    return event({**text_chunk(text), "usage": {"prompt_tokens": 7, "completion_tokens": output}})


async def told(asking: Asking, usage: object) -> Usage | None:
    """What is made of a usage at the end of an answer."""
    return (await asking.stream(event(text_chunk("Hello")), event(finish_chunk(usage=usage)), DONE)).usage


NO_INPUT = Usage(0, 5, unknown_input=True)
NO_OUTPUT = Usage(7, 0, unknown_output=True)
"""What is left of `COUNTS` when one of them can't be believed."""


@pytest.mark.parametrize("absurd", [ABSURD, float(ABSURD), 10**12, 10**30])
@pytest.mark.parametrize(
    ("absurdly", "left"),
    [
        (lambda count: {"prompt_tokens": count}, NO_INPUT),
        (lambda count: {"completion_tokens": count}, NO_OUTPUT),
        (lambda count: {"completion_tokens": None, "total_tokens": 7 + count}, NO_OUTPUT),
    ],
    ids=["prompt", "completion", "total"],
)
async def test_an_impossible_count_is_unknown_and_the_other_one_is_kept(asking: Asking, absurdly, left: Usage, absurd: float) -> None:
    assert await told(asking, COUNTS | absurdly(absurd)) == left


@pytest.mark.parametrize(
    ("impossible", "left"),
    [
        ({"prompt_tokens": 0}, NO_INPUT),
        ({"prompt_tokens": -1}, NO_INPUT),
        ({"prompt_tokens": -1.0}, NO_INPUT),
        ({"completion_tokens": 0}, NO_OUTPUT),
        ({"completion_tokens": -5}, NO_OUTPUT),
        ({"prompt_tokens_details": {"cached_tokens": 8}}, NO_INPUT),
        ({"cached_tokens": 8}, NO_INPUT),
        ({"prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 4}}, NO_INPUT),
        ({"prompt_tokens_details": {"cached_tokens": -1}}, NO_INPUT),
        ({"prompt_tokens_details": {"cached_tokens": ABSURD}}, NO_INPUT),
        ({"prompt_cache_hit_tokens": ABSURD}, NO_INPUT),
        ({"completion_tokens_details": {"reasoning_tokens": ABSURD}}, NO_OUTPUT),
        ({"completion_tokens_details": {"reasoning_tokens": -1}}, NO_OUTPUT),
    ],
)
async def test_an_impossible_count_is_unknown_and_logged(asking: Asking, impossible: dict[str, object], left: Usage) -> None:
    with capture_logs() as logs:
        assert await told(asking, COUNTS | impossible) == left
    assert [(line["event"], line["provider"]) for line in logs] == [("usage_impossible", asking.provider.id)]


async def test_a_possible_usage_is_not_logged(asking: Asking) -> None:
    with capture_logs() as logs:
        assert await told(asking, COUNTS) == Usage(7, 5)
    assert logs == []


async def test_with_an_impossible_reasoning_count_the_output_is_unknown(asking: Asking) -> None:
    asking.provider = replace(asking.provider, quirks=Quirks(reasoning_beside_output=True))
    assert await told(asking, COUNTS | {"total_tokens": ABSURD + 7}) == NO_OUTPUT


async def test_thinking_that_the_total_has_beside_the_output_is_output(asking: Asking) -> None:
    usage = {"prompt_tokens": 32, "completion_tokens": 10, "total_tokens": 136, "completion_tokens_details": {"reasoning_tokens": 94}}
    assert await told(asking, usage) == Usage(32, 104, reasoning_tokens=94)


async def test_counts_just_below_the_limit_are_believed(asking: Asking) -> None:
    most = ABSURD - 1
    assert await told(asking, {"prompt_tokens": most, "completion_tokens": most}) == Usage(most, most)


@pytest.mark.parametrize("missing", [{}, {"completion_tokens": None}])
async def test_a_missing_output_is_calculated_from_the_total(asking: Asking, missing: dict[str, None]) -> None:
    assert await told(asking, {"prompt_tokens": 7, "total_tokens": 12, **missing}) == Usage(7, 5)


@pytest.mark.parametrize(
    ("counts", "left"),
    [({"prompt_tokens": 7, "total_tokens": 6}, NO_OUTPUT), ({"prompt_tokens": 7}, NO_OUTPUT), ({"total_tokens": 7}, None)],
)
async def test_a_missing_output_that_does_not_follow_from_the_total_stays_unknown(
    asking: Asking, counts: dict[str, int], left: Usage | None
) -> None:
    assert await told(asking, counts) == left


async def test_a_cost_comes_with_an_output_calculated_from_the_total(asking: Asking) -> None:
    assert await told(asking, {"prompt_tokens": 7, "total_tokens": 12, "cost": "0.5"}) == Usage(7, 5, cost=Decimal("0.5"))


@pytest.mark.parametrize("end", [b"", event(finish_chunk()) + DONE, DONE], ids=["cut", "finished", "done"])
@pytest.mark.parametrize("reads", [1, 3])
async def test_a_usage_before_the_last_text_does_not_count_the_output(asking: Asking, end: bytes, reads: int) -> None:
    pieces = [counted("a", 1), event(text_chunk("b")), event(text_chunk("c"))]
    outcome = await asking.stream(*(pieces if reads > 1 else [b"".join(pieces)]), end)
    assert (outcome.text, outcome.usage) == ("abc", NO_OUTPUT)


@pytest.mark.parametrize("reasoning", [{"reasoning": "hm"}, {"reasoning_content": "hm"}])
async def test_a_usage_before_the_last_thinking_does_not_count_the_output(asking: Asking, reasoning: dict[str, str]) -> None:
    outcome = await asking.stream(counted("a", 1), event(text_chunk(None, **reasoning)))
    assert (outcome.reasoning, outcome.usage) == ("hm", NO_OUTPUT)


@pytest.mark.parametrize("end", [b"", b": still here\n\n", event(text_chunk("")), event(finish_chunk()), DONE])
async def test_a_usage_with_the_last_text_counts_all_of_it(asking: Asking, end: bytes) -> None:
    outcome = await asking.stream(counted("a", 1), event(text_chunk("b")), counted("c", 3), end)
    assert (outcome.text, outcome.usage) == ("abc", Usage(7, 3))


async def test_a_cut_answer_is_counted_by_the_usage_of_its_last_chunk(asking: Asking) -> None:
    outcome = await asking(Answer([counted("a", 1), counted("b", 2)], framing="cut"))
    assert isinstance(outcome.error, BrokenStream)
    assert outcome.usage == Usage(7, 2)


async def test_a_usage_after_an_outdated_one_counts(asking: Asking) -> None:
    outcome = await asking.stream(counted("a", 1), event(text_chunk("b")), event(finish_chunk(usage=COUNTS)), DONE)
    assert outcome.usage == Usage(7, 5)


@pytest.mark.parametrize(("last", "usage"), [(event(text_chunk("b")), NO_OUTPUT), (counted("b", 2), Usage(7, 2))])
async def test_an_answer_that_is_stopped_is_counted_by_a_usage_of_all_its_text_alone(asking: Asking, last: bytes, usage: Usage) -> None:
    asking.upstream.will_answer(Answer([counted("a", 1), last, anyio.Event()]))
    with anyio.CancelScope() as stopping:
        async with asking.client.stream(call_to(asking.provider)) as answer:

            def take(deltas: list[Delta]) -> None:
                if deltas[-1].text == "b":
                    stopping.cancel()

            await answer.deliver(take)
    assert answer.usage == usage


@pytest.mark.parametrize(
    ("reports", "usage"),
    [
        pytest.param([{"prompt_tokens": 7, "completion_tokens": 1}, {"completion_tokens": 5}], Usage(7, 5), id="the output later"),
        pytest.param([{"prompt_tokens": 7, "completion_tokens": 0}, {"prompt_tokens": 0, "completion_tokens": 5}], Usage(7, 5), id="zeros"),
        pytest.param([{"input_tokens": 7}, {"output_tokens": 5}], Usage(7, 5), id="in the names of the newer API"),
        pytest.param([COUNTS, {"prompt_tokens": 9, "completion_tokens": 6}], Usage(9, 6), id="later numbers"),
        pytest.param([COUNTS, {"prompt_tokens": ABSURD, "completion_tokens": 6}], Usage(7, 6), id="an absurd one later"),
        pytest.param(
            [COUNTS | {"cost": 0.5}, {"prompt_tokens": 7, "completion_tokens": 5, "cost": 0}], Usage(7, 5, cost=Decimal("0.5")), id="a cost"
        ),
    ],
)
async def test_reports_are_merged_number_by_number(asking: Asking, reports: list[dict[str, object]], usage: Usage) -> None:
    chunks = [event({"choices": [], "usage": report}) for report in reports]
    assert (await asking.stream(event(text_chunk("Hello")), *chunks, event(finish_chunk()), DONE)).usage == usage


async def test_the_input_of_a_report_before_the_text_is_kept_with_the_output_of_one_behind_it(asking: Asking) -> None:
    first = event({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 8}})
    last = event(finish_chunk(usage={"completion_tokens": 5}))
    assert (await asking.stream(first, event(text_chunk("Hello")), last, DONE)).usage == Usage(7, 5)


@pytest.mark.parametrize(
    "last",
    [
        pytest.param({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": COUNTS}]}, id="in the choice"),
        pytest.param({"choices": [{"index": 0, "delta": {"usage": COUNTS}, "finish_reason": "stop"}]}, id="in the delta"),
        pytest.param({"choices": [{"index": 0, "delta": {}, "message": {"usage": COUNTS}, "finish_reason": "stop"}]}, id="in the message"),
        pytest.param({"type": "message_start", "message": {"role": "assistant", "usage": COUNTS}}, id="in a message by itself"),
        pytest.param({"choices": [], "usage": {"input_tokens": 7, "output_tokens": 5, "total_tokens": 12}}, id="in other names"),
        pytest.param({"choices": [], "usage": {"promptTokens": 7, "completionTokens": 5}}, id="in camelCase"),
        pytest.param({"choices": [], "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 5}}, id="Google's"),
        pytest.param({"choices": [], "usage_metadata": {"input_tokens": 7, "output_tokens": 5}}, id="LangChain's"),
        pytest.param({"choices": [], "usage": {"billed_units": {"input_tokens": 3}, "tokens": COUNTS}}, id="Cohere's"),
        pytest.param({"choices": [{"index": 0, "delta": {}}], "meta": {"tokens": COUNTS}}, id="in meta"),
        pytest.param({"choices": [], "prompt_eval_count": 7, "eval_count": 5}, id="Ollama's"),
        pytest.param({"choices": [], "usage": [COUNTS]}, id="in a list"),
        pytest.param({"choices": [{"index": 0, "delta": {}, "usage": COUNTS}], "usage": {}}, id="beside an empty one"),
        pytest.param({"data": {"usage": COUNTS}}, id="in data"),
    ],
)
async def test_a_usage_is_read_in_each_place(asking: Asking, last: dict[str, object]) -> None:
    assert (await asking.stream(event(text_chunk("Hello")), event(last), event(finish_chunk()), DONE)).usage == Usage(7, 5)


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        pytest.param({"input_tokens_details": {"cached_tokens": 3}, "input_tokens": 7, "output_tokens": 5}, Usage(7, 5, 3), id="inside"),
        pytest.param({**COUNTS, "cached_tokens": 3}, Usage(7, 5, 3), id="Moonshot's"),
        pytest.param(
            {"input_tokens": 7, "output_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20},
            Usage(127, 5, 100, cache_write_tokens=20),
            id="Anthropic's, beside",
        ),
        pytest.param(
            {"input_tokens": 0, "output_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 0},
            Usage(100, 5, 100),
            id="all of it from the cache",
        ),
        pytest.param(
            {**COUNTS, "total_tokens": 112, "prompt_tokens_details": {"cached_tokens": 100}}, Usage(107, 5, 100), id="beside, by the total"
        ),
        pytest.param({**COUNTS, "cache_read_input_tokens": 100}, Usage(107, 5, 100), id="beside, being more than the input"),
        pytest.param(
            {"prompt_tokens": 120, "completion_tokens": 5, "total_tokens": 125, "cache_creation_input_tokens": 110},
            Usage(120, 5, cache_write_tokens=110),
            id="a gateway's, part of the input",
        ),
        pytest.param(
            {**COUNTS, "prompt_tokens_details": {"cached_tokens": 0, "cache_creation_tokens": 6, "cache_write_tokens": 6}},
            Usage(7, 5, 0, cache_write_tokens=6),
            id="written, in two names",
        ),
        pytest.param(
            {**COUNTS, "prompt_tokens_details": {"audio_tokens": 4}, "completion_tokens_details": {"audio_tokens": 2}},
            Usage(7, 5, input_audio_tokens=4, output_audio_tokens=2),
            id="audio",
        ),
    ],
)
async def test_kinds_of_tokens_are_read_in_every_spelling(asking: Asking, usage: dict[str, object], read: Usage) -> None:
    assert await told(asking, usage) == read


@pytest.mark.parametrize(
    ("bill", "dollars"),
    [
        ({"cost": {"input_tokens_cost": 0.00002, "request_cost": 0.006, "total_cost": 0.00825}}, "0.00825"),
        ({"estimated_cost": 0.000123}, "0.000123"),
        ({"cost_in_usd_ticks": 37_756_000}, "0.0037756"),
    ],
    ids=["an object", "DeepInfra's", "xAI's"],
)
async def test_a_cost_is_read_in_every_form(asking: Asking, bill: dict[str, object], dollars: str) -> None:
    assert await told(asking, COUNTS | bill) == Usage(7, 5, cost=Decimal(dollars))


async def test_a_cost_in_another_currency_is_ignored(asking: Asking) -> None:
    assert await told(asking, COUNTS | {"cost": {"total_cost": 0.5, "currency": "EUR"}}) == Usage(7, 5)


async def test_a_cost_before_more_text_is_ignored(asking: Asking) -> None:
    first = event({**text_chunk("a"), "usage": COUNTS | {"cost": 0.5}})
    assert (await asking.stream(first, event(text_chunk("b")), event(finish_chunk()), DONE)).usage == NO_OUTPUT


async def test_the_log_line_of_an_impossible_count_has_the_numbers_as_they_were_reported(asking: Asking) -> None:
    with capture_logs() as logs:
        await told(asking, COUNTS | {"prompt_tokens": 0})
    assert (logs[0]["input_tokens"], logs[0]["output_tokens"]) == (0, 5)
