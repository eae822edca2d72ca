"""The schedule is exact by its arithmetic; of the sending, only what does not depend on the machine's speed is tested."""

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulator_client import body, take_apart

from playground.providers.simulator import MODELS, Pace, SimulatorSettings, running_simulator

RATES = st.floats(0.1, 100_000)
OWN = SimulatorSettings()


@given(st.floats(0, 60), RATES, st.integers(0, 10_000))
def test_each_word_is_due_at_its_moment_and_not_before(first_token, rate, word):
    pace = Pace(first_token, rate)
    nearly = 1e-6 + 0.001 / rate
    assert pace.due(pace.moment(word) + nearly) == word + 1
    assert pace.due(pace.moment(word) - nearly) == word


@given(RATES, st.integers(1, 10_000))
def test_schedule_does_not_drift(rate, words):
    pace = Pace(0.5, rate)
    assert pace.moment(words) - pace.moment(0) == pytest.approx(words / rate)


def test_models_keep_the_ratio_of_their_speeds():
    quick, careful = Pace.of(MODELS["quick"], OWN), Pace.of(MODELS["careful"], OWN)
    assert quick.moment(0) == 0.150
    assert careful.moment(0) == 0.600
    assert (careful.moment(300) - careful.moment(0)) / (quick.moment(300) - quick.moment(0)) == pytest.approx(150 / 45)


def test_settings_override_every_model():
    paces = {Pace.of(model, SimulatorSettings(words_per_second=20, first_token_ms=5)) for model in MODELS.values()}
    assert paces == {Pace(0.005, 20)}


@pytest.mark.parametrize(
    "wrong", [{"words_per_second": 0}, {"words_per_second": -1}, {"words_per_second": float("inf")}, {"first_token_ms": -1}]
)
def test_settings_refuse_invalid_speeds(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SimulatorSettings(**wrong)


async def test_burst_sends_many_words_in_one_write(client):
    async with client.stream("POST", "/chat/completions", json=body("verbose", "Tell me about rivers", stream=True)) as response:
        writes = [part async for part in response.aiter_raw()]
    answer = take_apart(b"".join(writes))
    assert len(answer.chunks) > 600
    assert len(writes) < 40


async def test_words_come_while_the_answer_is_still_being_written():
    async with (
        running_simulator(SimulatorSettings(words_per_second=10, first_token_ms=0)) as url,
        httpx.AsyncClient(base_url=url) as client,
        client.stream("POST", "/chat/completions", json=body("verbose", "Tell me about rivers", stream=True)) as response,
    ):
        parts = response.aiter_raw()
        read = [await anext(parts) for _ in range(5)]
        assert not take_apart(b"".join(read)).done


async def test_headers_come_before_the_first_word():
    async with (
        running_simulator(SimulatorSettings(first_token_ms=600_000)) as url,
        httpx.AsyncClient(base_url=url) as client,
        client.stream("POST", "/chat/completions", json=body("quick", "Hi", stream=True)) as response,
    ):
        assert response.status_code == 200


async def test_quick_ends_before_careful():
    ended: list[str] = []
    async with running_simulator(OWN) as url, httpx.AsyncClient(base_url=url, timeout=60) as client:

        async def ask(model: str) -> None:
            await client.post("/chat/completions", json=body(model, "Tell me about rivers", stream=True, max_tokens=60))
            ended.append(model)

        async with anyio.create_task_group() as group:
            group.start_soon(ask, "careful")
            group.start_soon(ask, "quick")
    assert ended == ["quick", "careful"]


async def test_whole_body_waits_for_its_last_word():
    ended: list[int] = []
    settings = SimulatorSettings(words_per_second=100, first_token_ms=0)
    async with running_simulator(settings) as url, httpx.AsyncClient(base_url=url, timeout=60) as client:

        async def ask(max_tokens: int) -> None:
            await client.post("/chat/completions", json=body("verbose", "Tell me about rivers", max_tokens=max_tokens))
            ended.append(max_tokens)

        async with anyio.create_task_group() as group:
            for max_tokens in (200, 100, 2):
                group.start_soon(ask, max_tokens)
    assert ended == [2, 100, 200]
