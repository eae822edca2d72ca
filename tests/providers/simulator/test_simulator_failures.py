"""Each way of failing, as a client sees it, and that it stays with the model that fails."""

import anyio
import httpx
import pytest
from openai import APIStatusError, AsyncOpenAI
from simulator_client import BURST, answering, body, take_apart

from playground.providers.simulator import running_simulator
from playground.providers.simulator.errors import ApiError
from playground.providers.simulator.flaky import FailedAttempts
from playground.providers.simulator.requests import read_call

PROMPTS = [f"Question number {number}" for number in range(30)]


async def test_flaky_fails_on_two_prompts_of_three_in_two_ways(post):
    statuses = [(await post("flaky", prompt)).status_code for prompt in PROMPTS]
    assert set(statuses) == {200, 429, 503}
    assert 12 <= sum(status != 200 for status in statuses) <= 27


async def test_flaky_answers_the_second_attempt_and_fails_the_third(post):
    for prompt in PROMPTS:
        attempts = [(await post("flaky", prompt)).status_code for _ in range(4)]
        assert attempts[1] == attempts[3] == 200
        assert attempts[0] == attempts[2]


async def test_flaky_sends_retry_after_only_with_429(post):
    failures = [response for prompt in PROMPTS if (response := await post("flaky", prompt)).status_code != 200]
    for response in failures:
        limited = response.status_code == 429
        assert response.headers.get("retry-after") == ("1" if limited else None)
        assert response.json()["error"]["code"] == ("rate_limit_exceeded" if limited else "overloaded")


async def test_flaky_fails_the_same_way_with_and_without_a_stream_and_in_every_simulator(post, base_url):
    statuses = [(await post("flaky", prompt, stream=True)).status_code for prompt in PROMPTS]
    async with running_simulator(BURST) as other_url, httpx.AsyncClient(base_url=other_url) as other:
        others = [(await other.post("/chat/completions", json=body("flaky", prompt))).status_code for prompt in PROMPTS]
    assert statuses == others


async def test_flaky_depends_on_the_seed(post):
    assert len({(await post("flaky", "The same question", seed=seed)).status_code for seed in range(20)}) == 3


def test_flaky_forgets_the_oldest_failures():
    attempts = FailedAttempts()

    def fails(number: int) -> bool:
        content = f'{{"model": "flaky", "messages": [{{"role": "user", "content": "{number}"}}]}}'
        try:
            attempts.attempt(read_call(content.encode()))
        except ApiError:
            return True
        return False

    failed = [number for number in range(2000) if fails(number)]
    assert len(failed) > 1100
    assert fails(failed[0])
    assert not fails(failed[-1])


async def test_openai_client_retries_flaky_by_itself(base_url):
    async with AsyncOpenAI(base_url=base_url, api_key="any", max_retries=1) as client:
        for prompt in PROMPTS[:3]:
            completion = await client.chat.completions.create(model="flaky", messages=[{"role": "user", "content": prompt}])
            assert completion.choices[0].message.content


@pytest.mark.parametrize("streaming", [False, True])
async def test_refuses_answers_with_a_content_policy_error(base_url, streaming):
    async with AsyncOpenAI(base_url=base_url, api_key="any", max_retries=0) as client:
        with pytest.raises(APIStatusError) as caught:
            await client.chat.completions.create(model="refuses", messages=[{"role": "user", "content": "Hi"}], stream=streaming)
    assert (caught.value.status_code, caught.value.code, caught.value.type) == (400, "content_policy_violation", "invalid_request_error")


async def _read_until_broken(response: httpx.Response) -> bytes:
    received = b""
    try:
        async for part in response.aiter_raw():
            received += part
    except httpx.RemoteProtocolError:
        return received
    pytest.fail("the answer came to its end")


async def test_cuts_off_sends_a_third_and_breaks_the_connection(base_url, client, caplog):
    async with client.stream("POST", "/chat/completions", json=body("cuts-off", "Tell me about rivers", stream=True)) as response:
        assert response.status_code == 200
        received = await _read_until_broken(response)
    assert received.endswith(b"\n\n")
    answer = take_apart(received)
    assert not answer.done
    assert answer.finish_reason is None
    assert answer.text.startswith("*This is a simulated answer")
    assert 60 < len(answer.text.split()) < 200
    assert [record for record in caplog.records if record.levelname == "ERROR" and record.name != "asyncio"] == []


async def test_cuts_off_breaks_at_the_same_word_each_time(client):
    texts = set()
    for _ in range(5):
        async with client.stream("POST", "/chat/completions", json=body("cuts-off", "Tell me about rivers", stream=True)) as response:
            texts.add(take_apart(await _read_until_broken(response)).text)
    assert len(texts) == 1


async def test_cuts_off_breaks_a_body_too(client):
    async with client.stream("POST", "/chat/completions", json=body("cuts-off", "Tell me about rivers")) as response:
        received = await _read_until_broken(response)
    assert received.startswith(b'{"id":')


async def test_hangs_sends_headers_and_a_comment_and_then_nothing(client):
    async with client.stream("POST", "/chat/completions", json=body("hangs", "Hi", stream=True)) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        parts = response.aiter_raw()
        assert await anext(parts) == b": keep-alive\n\n"
        ended: list[str] = []

        async def wait_for_more() -> None:
            await anext(parts)
            ended.append("hangs")

        # A whole answer of another model stands for the time in which nothing more may come.
        async with anyio.create_task_group() as group:
            group.start_soon(wait_for_more)
            await client.post("/chat/completions", json=body("verbose", "Hi", stream=True))
            ended.append("verbose")
            group.cancel_scope.cancel()
        assert ended == ["verbose"]


async def test_hangs_ends_when_the_client_disconnects(client):
    for streaming in (True, False):
        async with client.stream("POST", "/chat/completions", json=body("hangs", "Hi", stream=streaming)):
            assert answering() == 1
        with anyio.fail_after(30):
            while answering():
                await anyio.lowlevel.checkpoint()


async def test_failures_leave_the_healthy_lane_untouched(client, ask):
    alone = (await ask("careful", "Tell me about rivers")).text
    beside = ""

    async def fail(model: str) -> None:
        async with client.stream("POST", "/chat/completions", json=body(model, "Tell me about rivers", stream=True)) as response:
            try:
                await response.aread()
            except httpx.RemoteProtocolError:
                assert model == "cuts-off"

    async with anyio.create_task_group() as group:
        for model in ("flaky", "refuses", "hangs", "cuts-off"):
            group.start_soon(fail, model)
        beside = (await ask("careful", "Tell me about rivers")).text
        group.cancel_scope.cancel()
    assert beside == alone
