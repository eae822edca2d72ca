"""What a request would take, before it is sent."""

from decimal import Decimal

import pytest

from playground.accounting.estimates import ASSUMED_OUTPUT_TOKENS, Estimator, estimate_call, with_margin
from playground.accounting.prices import Prices
from playground.accounting.schemas import LaneEstimate
from playground.accounting.token_counts import TokenCounter
from playground.providers.builtin import BUILTIN
from playground.providers.calls import Message, ModelCall
from playground.providers.records import ListedModel, ListPrice, Provider

from ..support.client import User

PROVIDERS = {provider.id: provider for provider in BUILTIN}
OWN = Provider("own", "Own", "http://localhost:1/v1", prices={"m": ListPrice(Decimal(1), Decimal(2))})
PROMPT = (Message("user", "Why is the sky blue?"),)


def estimated(model: str = "m", *, input_tokens: int = 1_000, max_tokens: int | None = None, window: int | None = None) -> LaneEstimate:
    listed = ListedModel(model, context_window=window)
    return estimate_call(ModelCall(OWN, model, PROMPT, max_tokens=max_tokens), input_tokens, Prices(), listed)


def test_the_range_goes_from_one_token_of_answer_to_the_limit_that_was_asked_for() -> None:
    lane = estimated(max_tokens=500, window=128_000)
    assert lane.model == "own/m"
    assert lane.cost is not None
    assert (lane.cost.min, lane.cost.max) == (Decimal("0.001002"), Decimal("0.002"))
    assert (lane.max_output_tokens, lane.max_output_basis, lane.fits) == (500, "maxTokens", True)


def test_an_answer_is_never_longer_than_what_the_prompt_leaves_of_the_context_window() -> None:
    for max_tokens in (None, 5_000):
        lane = estimated(max_tokens=max_tokens, window=4_096)
        assert (lane.max_output_tokens, lane.max_output_basis, lane.fits) == (3_096, "contextWindow", True)
        assert lane.cost is not None
        assert lane.cost.max == Decimal("0.007192")


@pytest.mark.parametrize("window", [None, 1_000_000])
def test_without_any_limit_one_is_assumed_and_marked(window: int | None) -> None:
    lane = estimated(window=window)
    assert (lane.max_output_tokens, lane.max_output_basis) == (ASSUMED_OUTPUT_TOKENS, "assumed")


@pytest.mark.parametrize(("window", "fits"), [(None, None), (999, False), (1_000, False), (1_001, True)])
def test_a_prompt_fits_when_it_leaves_room_for_an_answer(window: int | None, fits: bool | None) -> None:
    lane = estimated(window=window, max_tokens=100)
    assert (lane.fits, lane.context_window) == (fits, window)
    assert lane.cost is not None
    assert lane.cost.min <= lane.cost.max


@pytest.mark.parametrize(("counted", "reserved"), [(0, 0), (1, 2), (10, 11), (101, 112)])
def test_a_tenth_more_is_reserved_for_a_prompt_rounded_up(counted: int, reserved: int) -> None:
    assert with_margin(counted) == reserved


def test_an_unknown_price_is_null() -> None:
    assert estimated("unpriced").cost is None


def test_the_step_of_a_price_that_rises_with_the_prompt_is_that_of_the_prompt() -> None:
    call = ModelCall(PROVIDERS["gemini"], "gemini-2.5-pro", PROMPT, max_tokens=1_000)
    short, long = (estimate_call(call, tokens, Prices()).cost for tokens in (100_000, 300_000))
    assert short is not None
    assert long is not None
    assert (short.max, long.max) == (Decimal("0.135"), Decimal("0.765"))


class _NothingListed:
    def listed(self, provider: Provider, model: str) -> ListedModel | None:
        return None


async def test_each_lane_is_counted_in_its_own_vocabulary_with_its_own_messages() -> None:
    counter = TokenCounter()
    openai = PROVIDERS["openai"]
    long = (Message("system", "Antworte auf Deutsch: 数据库索引"), *PROMPT)
    calls = [ModelCall(openai, model, messages) for model in ("gpt-4o", "gpt-4") for messages in (PROMPT, long)]
    estimate = await Estimator(_NothingListed(), Prices(), counter).estimate(calls)
    assert [lane.input_tokens for lane in estimate.lanes] == [await counter.count_prompt(call.messages, call.model) for call in calls]
    assert [lane.model for lane in estimate.lanes] == ["openai/gpt-4o", "openai/gpt-4o", "openai/gpt-4", "openai/gpt-4"]
    assert all(lane.estimated for lane in estimate.lanes)


async def test_an_estimate_is_served_for_the_body_of_a_stream_and_nothing_is_sent(user: User) -> None:
    body = {"prompt": "Why is the sky blue?", "lanes": [{"model": "sim/quick", "maxTokens": 50}, {"model": "careful"}]}
    response = await user.http.post("/playground/estimate", json=body)
    assert response.status_code == 200, response.text
    quick, careful = response.json()["lanes"]
    assert (quick["model"], careful["model"]) == ("sim/quick", "sim/careful")
    assert (quick["maxOutputTokens"], quick["maxOutputBasis"]) == (50, "maxTokens")
    assert quick["inputTokens"] == careful["inputTokens"] > 5
    assert quick["estimated"] is quick["simulated"] is True
    assert (await user.http.get("/playground/sessions")).json()["items"] == []


async def test_an_unknown_model_has_no_estimate_but_a_suggestion(user: User) -> None:
    response = await user.http.post("/playground/estimate", json={"prompt": "Hello", "models": ["sim/quick", "sim/quik"]})
    assert response.status_code == 422
    [error] = response.json()["errors"]
    assert error["field"] == "models.1"
    assert "sim/quick" in error["message"]
