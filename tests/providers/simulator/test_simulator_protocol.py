"""What goes over the wire is OpenAI's protocol: read by OpenAI's own client, and byte by byte."""

import json
from decimal import Decimal

import httpx
import pytest
from openai import AsyncOpenAI, NotFoundError

from playground.providers.simulator import MODELS

PROMPT = "How do I sort a list of dictionaries in Python by two keys?"
ANSWERING = ["quick", "careful", "verbose", "reasoner"]


@pytest.fixture
async def openai(base_url):
    async with AsyncOpenAI(base_url=base_url, api_key="any key", max_retries=0) as client:
        yield client


@pytest.mark.parametrize("model", ANSWERING)
async def test_openai_client_reads_a_stream(openai, model):
    stream = await openai.chat.completions.create(
        model=model, messages=[{"role": "user", "content": PROMPT}], stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "Python" in "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage.completion_tokens > 0


@pytest.mark.parametrize("model", ANSWERING)
async def test_openai_client_reads_the_same_answer_without_a_stream(openai, ask, model):
    completion = await openai.chat.completions.create(model=model, messages=[{"role": "user", "content": PROMPT}])
    streamed = await ask(model, PROMPT, stream_options={"include_usage": True})
    assert completion.object == "chat.completion"
    assert completion.choices[0].message.content == streamed.text
    assert completion.choices[0].finish_reason == streamed.finish_reason == "stop"
    assert completion.usage.model_dump(exclude_unset=True) == streamed.usage


async def test_openai_client_lists_the_models(openai):
    listed = [model.id async for model in openai.models.list()]
    assert listed == ["quick", "careful", "verbose", "reasoner", "flaky", "refuses", "hangs", "cuts-off"]


async def test_openai_client_shows_one_model(openai):
    assert (await openai.models.retrieve("careful")).owned_by == "playground-simulator"


async def test_openai_client_reports_an_unknown_model(openai):
    with pytest.raises(NotFoundError) as caught:
        await openai.chat.completions.create(model="no-such", messages=[{"role": "user", "content": PROMPT}])
    assert caught.value.code == "model_not_found"
    with pytest.raises(NotFoundError):
        await openai.models.retrieve("no-such")


async def test_a_chunk_is_a_word_with_its_space(ask):
    answer = await ask("careful", PROMPT)
    words = [chunk["choices"][0]["delta"].get("content") for chunk in answer.chunks[1:-1]]
    assert all(len(word.split()) == 1 for word in words)
    assert sum(word[0].isspace() for word in words[1:]) == len(words) - 1


async def test_every_chunk_has_the_id_and_model_of_its_answer(ask):
    answer = await ask("quick", PROMPT)
    assert answer.done
    heads = {(chunk["id"], chunk["object"], chunk["model"], chunk["system_fingerprint"]) for chunk in answer.chunks}
    assert len(heads) == 1
    assert heads.pop()[1:] == ("chat.completion.chunk", "quick", "simulated")
    assert all(isinstance(chunk["created"], int) for chunk in answer.chunks)


async def test_two_answers_have_two_ids(ask):
    assert (await ask("quick", PROMPT)).chunks[0]["id"] != (await ask("quick", PROMPT)).chunks[0]["id"]


async def test_usage_comes_only_when_asked_for(ask):
    without = await ask("quick", PROMPT)
    assert all("usage" not in chunk for chunk in without.chunks)
    with_usage = await ask("quick", PROMPT, stream_options={"include_usage": True})
    assert [chunk["usage"] for chunk in with_usage.chunks[:-1]] == [None] * (len(with_usage.chunks) - 1)
    assert with_usage.chunks[-1]["choices"] == []
    assert with_usage.usage["total_tokens"] == with_usage.usage["prompt_tokens"] + with_usage.usage["completion_tokens"]
    assert with_usage.usage["simulated"] is True


@pytest.mark.parametrize("model", ANSWERING)
async def test_cost_is_the_price_times_the_tokens_to_the_last_digit(post, model):
    usage = json.loads((await post(model, PROMPT)).content, parse_float=Decimal)["usage"]
    record = MODELS[model]
    assert usage["cost"] == usage["prompt_tokens"] * record.input_price + usage["completion_tokens"] * record.output_price


async def test_cost_is_written_without_an_exponent(post):
    content = (await post("quick", "Hi there", max_tokens=1)).text
    digits = content.split('"cost":')[1].split(",")[0]
    assert set(digits) <= set("0123456789.")


async def test_reasoner_thinks_before_it_answers(ask):
    answer = await ask("reasoner", PROMPT, stream_options={"include_usage": True})
    kinds = ["reasoning_content" in chunk["choices"][0]["delta"] for chunk in answer.chunks[1:-2]]
    assert kinds == sorted(kinds, reverse=True)
    assert answer.thoughts
    assert answer.text
    assert 0 < answer.usage["completion_tokens_details"]["reasoning_tokens"] < answer.usage["completion_tokens"]


async def test_reasoning_effort_changes_only_the_thinking(ask):
    answers = [await ask("reasoner", PROMPT, reasoning_effort=effort) for effort in ("none", "low", "high")]
    lengths = [len(answer.thoughts) for answer in answers]
    assert lengths[0] == 0 < lengths[1] < lengths[2]
    assert len({answer.text for answer in answers}) == 1


async def test_a_body_without_a_stream_has_the_thinking_too(post):
    message = (await post("reasoner", PROMPT)).json()["choices"][0]["message"]
    assert message["reasoning_content"]
    assert "reasoning_content" not in (await post("quick", PROMPT)).json()["choices"][0]["message"]


async def test_list_entries_have_prices_and_windows(client: httpx.AsyncClient):
    listed = (await client.get("/models")).json()
    assert listed["object"] == "list"
    entry = listed["data"][0]
    assert entry == {
        "id": "quick",
        "object": "model",
        "created": 0,
        "owned_by": "playground-simulator",
        "name": "Quick (simulated)",
        "description": entry["description"],
        "context_length": 262144,
        "pricing": {"prompt": "0.00000015", "completion": "0.0000006"},
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        "simulated": True,
    }
    assert (await client.get("/models/quick")).json() == entry


async def test_every_answer_is_marked_as_simulated(client: httpx.AsyncClient):
    good = {"model": "quick", "messages": [{"role": "user", "content": "Hi"}]}
    responses = [
        await client.get("/models"),
        await client.get("/models/no-such"),
        await client.get("/no-such-path"),
        await client.post("/chat/completions", json=good),
        await client.post("/chat/completions", json={**good, "stream": True}),
        await client.post("/chat/completions", json={**good, "model": "refuses"}),
    ]
    assert [response.headers["x-simulated"] for response in responses] == ["true"] * len(responses)
    assert responses[4].headers["content-type"].startswith("text/event-stream")
