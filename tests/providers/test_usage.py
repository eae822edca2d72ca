"""A provider's count of tokens: what is believed of it, and how much of an answer it counts."""

from dataclasses import replace
from decimal import Decimal

import anyio
import pytest

from playground.providers.calls import Delta, Usage
from playground.providers.errors import BrokenStream
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


@pytest.mark.parametrize("absurd", [ABSURD, float(ABSURD), 10**12, 10**30])
@pytest.mark.parametrize(
    "absurdly",
    [
        lambda count: {"prompt_tokens": count},
        lambda count: {"completion_tokens": count},
        lambda count: {"completion_tokens": None, "total_tokens": 7 + count},
    ],
    ids=["prompt", "completion", "total"],
)
async def test_with_an_absurd_count_there_is_no_usage(asking: Asking, absurdly, absurd: float) -> None:
    assert await told(asking, COUNTS | absurdly(absurd)) is None


@pytest.mark.parametrize(
    "detail",
    [
        {"prompt_tokens_details": {"cached_tokens": ABSURD}},
        {"prompt_cache_hit_tokens": ABSURD},
        {"completion_tokens_details": {"reasoning_tokens": ABSURD}},
    ],
)
async def test_with_an_absurd_detail_there_is_no_usage(asking: Asking, detail: dict[str, object]) -> None:
    assert await told(asking, COUNTS | detail) is None


async def test_with_absurd_thinking_beside_the_output_there_is_no_usage(asking: Asking) -> None:
    asking.provider = replace(asking.provider, quirks=Quirks(reasoning_beside_output=True))
    assert await told(asking, COUNTS | {"total_tokens": ABSURD + 7}) is None


async def test_thinking_that_the_total_has_beside_the_output_is_output(asking: Asking) -> None:
    usage = {"prompt_tokens": 32, "completion_tokens": 10, "total_tokens": 136, "completion_tokens_details": {"reasoning_tokens": 94}}
    assert await told(asking, usage) == Usage(32, 104, reasoning_tokens=94)


async def test_counts_just_below_that_are_believed(asking: Asking) -> None:
    most = ABSURD - 1
    assert await told(asking, {"prompt_tokens": most, "completion_tokens": most}) == Usage(most, most)


@pytest.mark.parametrize("missing", [{}, {"completion_tokens": None}])
async def test_a_missing_output_is_what_the_total_leaves(asking: Asking, missing: dict[str, None]) -> None:
    assert await told(asking, {"prompt_tokens": 7, "total_tokens": 12, **missing}) == Usage(7, 5)


@pytest.mark.parametrize("counts", [{"prompt_tokens": 7, "total_tokens": 6}, {"prompt_tokens": 7}, {"total_tokens": 7}])
async def test_a_missing_output_that_the_total_does_not_leave_stays_unknown(asking: Asking, counts: dict[str, int]) -> None:
    assert await told(asking, counts) is None


async def test_a_cost_comes_with_an_output_that_the_total_leaves(asking: Asking) -> None:
    assert await told(asking, {"prompt_tokens": 7, "total_tokens": 12, "cost": "0.5"}) == Usage(7, 5, cost=Decimal("0.5"))


@pytest.mark.parametrize("end", [b"", event(finish_chunk()) + DONE, DONE], ids=["cut", "finished", "done"])
@pytest.mark.parametrize("reads", [1, 3])
async def test_a_usage_before_the_last_text_is_none(asking: Asking, end: bytes, reads: int) -> None:
    pieces = [counted("a", 1), event(text_chunk("b")), event(text_chunk("c"))]
    outcome = await asking.stream(*(pieces if reads > 1 else [b"".join(pieces)]), end)
    assert (outcome.text, outcome.usage) == ("abc", None)


@pytest.mark.parametrize("reasoning", [{"reasoning": "hm"}, {"reasoning_content": "hm"}])
async def test_a_usage_before_the_last_thinking_is_none(asking: Asking, reasoning: dict[str, str]) -> None:
    outcome = await asking.stream(counted("a", 1), event(text_chunk(None, **reasoning)))
    assert (outcome.reasoning, outcome.usage) == ("hm", None)


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


@pytest.mark.parametrize(("last", "usage"), [(event(text_chunk("b")), None), (counted("b", 2), Usage(7, 2))])
async def test_an_answer_that_is_stopped_is_counted_by_a_usage_of_all_its_text_alone(
    asking: Asking, last: bytes, usage: Usage | None
) -> None:
    asking.upstream.will_answer(Answer([counted("a", 1), last, anyio.Event()]))
    with anyio.CancelScope() as stopping:
        async with asking.client.stream(call_to(asking.provider)) as answer:

            def take(deltas: list[Delta]) -> None:
                if deltas[-1].text == "b":
                    stopping.cancel()

            await answer.deliver(take)
    assert answer.usage == usage
