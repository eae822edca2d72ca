"""What is sent: parameters under each provider's own names, and nothing that is not ours."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from playground.providers.adapter import ProviderClient
from playground.providers.builtin import BUILTIN
from playground.providers.calls import Message, ModelCall
from playground.providers.errors.kinds import WrongKey
from playground.providers.records import Provider, Quirks

from .asking import Asking, ask, call_to
from .upstream import DONE, Answer, event, finish_chunk, text_chunk

WHOLE = Answer([event(text_chunk("whole")), event(finish_chunk()), DONE])
PARAMETERS = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 100, "seed": 7, "stop": ("END",), "reasoning_effort": "low"}
USUAL = {
    "model": "m",
    "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hé \u2028 😀"}],
    "stream": True,
    "temperature": 0.5,
    "top_p": 0.9,
    "stop": ["END"],
}
USAGE = {"stream_options": {"include_usage": True}}
SENT = {
    "openai": {**USAGE, "max_completion_tokens": 100, "seed": 7, "reasoning_effort": "low"},
    "openrouter": {**USAGE, "max_tokens": 100, "seed": 7, "reasoning": {"effort": "low"}, "usage": {"include": True}},
    "huggingface": {**USAGE, "max_tokens": 100, "seed": 7, "reasoning_effort": "low"},
    "groq": {**USAGE, "max_completion_tokens": 100, "seed": 7, "reasoning_effort": "low"},
    "gemini": {**USAGE, "max_tokens": 100, "reasoning_effort": "low"},
    "anthropic": {**USAGE, "max_tokens": 100, "seed": 7, "reasoning_effort": "low"},
    "mistral": {"max_tokens": 100, "random_seed": 7, "reasoning_effort": "low"},
    "deepseek": {**USAGE, "max_tokens": 100, "seed": 7, "reasoning_effort": "low"},
    "together": {**USAGE, "max_tokens": 100, "seed": 7, "reasoning_effort": "low"},
    "ollama": {**USAGE, "max_tokens": 100, "seed": 7, "reasoning_effort": "low"},
}


def test_the_ten_providers_are_known() -> None:
    assert [provider.id for provider in BUILTIN] == list(SENT)


@pytest.mark.parametrize("provider", BUILTIN, ids=lambda provider: provider.id)
async def test_parameters_go_under_the_providers_own_names(asking: Asking, provider: Provider) -> None:
    asking.upstream.will_answer(WHOLE)
    there = replace(provider, base_url=asking.upstream.url, api_key=SecretStr("k"))
    messages = (Message("system", "be brief"), Message("user", "hé \u2028 😀"))
    outcome = await ask(asking.client, ModelCall(there, "m", messages, **PARAMETERS))  # type: ignore[arg-type]
    assert outcome.error is None
    received = asking.upstream.requests[0]
    assert (received.method, received.path) == ("POST", "/v1/chat/completions")
    assert received.json == USUAL | SENT[provider.id]


async def test_unset_parameters_are_not_sent(asking: Asking) -> None:
    await asking(WHOLE)
    assert set(asking.upstream.requests[0].json) == {"model", "messages", "stream", "stream_options"}


async def test_thinking_is_switched_off_in_the_providers_own_form(asking: Asking) -> None:
    asking.upstream.will_answer(WHOLE)
    there = replace(BUILTIN[7], base_url=asking.upstream.url, api_key=SecretStr("k"))
    await ask(asking.client, replace(call_to(there), reasoning_effort="none"))
    sent = asking.upstream.requests[0].json
    assert sent["thinking"] == {"type": "disabled"}
    assert "reasoning_effort" not in sent


async def test_a_provider_without_seed_and_effort_gets_none(asking: Asking) -> None:
    asking.upstream.will_answer(WHOLE)
    there = replace(asking.provider, quirks=Quirks(seed_name=None, reasoning_effort_name=None))
    await ask(asking.client, replace(call_to(there), seed=1, reasoning_effort="high"))
    assert set(asking.upstream.requests[0].json) == {"model", "messages", "stream", "stream_options"}


async def test_the_key_and_headers_of_the_provider_are_sent(asking: Asking) -> None:
    asking.provider = replace(asking.provider, quirks=Quirks(headers={"X-Team": "research"}))
    await asking(WHOLE)
    headers = asking.upstream.requests[0].headers
    assert headers["authorization"] == "Bearer secret-key-of-the-lab"
    assert headers["x-team"] == "research"


async def test_without_a_key_no_authorization_is_sent(asking: Asking) -> None:
    asking.provider = replace(asking.provider, api_key=None)
    await asking(WHOLE)
    assert "authorization" not in asking.upstream.requests[0].headers


@pytest.mark.parametrize("key", ["sk-abc…xyz", "sk-abc\nX-Other: 1"])
async def test_a_key_that_no_header_can_contain_is_a_wrong_key(asking: Asking, key: str) -> None:
    asking.provider = replace(asking.provider, api_key=SecretStr(key))
    outcome = await asking(WHOLE)
    assert isinstance(outcome.error, WrongKey)
    assert "sk-abc" not in str(outcome.error)
    assert asking.upstream.requests == []


async def test_two_keys_of_one_provider_do_not_mix(asking: Asking) -> None:
    await asking(WHOLE)
    asking.provider = replace(asking.provider, api_key=SecretStr("another"))
    await asking(WHOLE)
    assert [request.headers["authorization"] for request in asking.upstream.requests] == ["Bearer secret-key-of-the-lab", "Bearer another"]


async def test_later_requests_differ_only_in_the_body(asking: Asking) -> None:
    asking.provider = replace(asking.provider, quirks=Quirks(headers={"X-Team": "research"}))
    for prompt in ("one", "another, which is longer", "é"):
        asking.upstream.will_answer(WHOLE)
        await ask(asking.client, replace(call_to(asking.provider), messages=(Message("user", prompt),)))
    requests = asking.upstream.requests
    assert [request.json["messages"][0]["content"] for request in requests] == ["one", "another, which is longer", "é"]
    alike = [(request.path, {**request.headers, "content-length": ""}) for request in requests]
    assert alike[1:] == alike[:1] * 2


async def test_a_key_that_was_first_refused_is_sent_like_any_other(asking: Asking) -> None:
    refused, answered = await asking(Answer(status=401)), await asking(WHOLE)
    assert isinstance(refused.error, WrongKey)
    assert answered.text == "whole"
    assert [request.headers["authorization"] for request in asking.upstream.requests] == ["Bearer secret-key-of-the-lab"] * 2


async def test_values_from_the_environment_are_not_sent_by_the_sdk(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-ours")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-ours")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Gateway: ours\nAuthorization: Bearer ours")
    await asking(WHOLE)
    headers = asking.upstream.requests[0].headers
    assert "ours" not in " ".join(headers.values())
    assert [name for name in headers if name.startswith(("x-stainless", "openai"))] == []


async def test_servers_on_this_machine_are_not_asked_through_a_proxy(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    asking.upstream.will_answer(WHOLE)
    async with ProviderClient(connect_timeout=5, first_token_timeout=20, between_tokens_timeout=20) as client:
        for _ in range(2):
            assert (await ask(client, call_to(asking.provider))).text == "whole"


async def test_other_servers_are_asked_through_the_proxy_each_time(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", asking.upstream.url.removesuffix("/v1"))
    asking.upstream.will_answer(WHOLE)
    there = replace(asking.provider, base_url="http://provider.example/v1")
    async with ProviderClient(connect_timeout=5, first_token_timeout=20, between_tokens_timeout=20) as client:
        for _ in range(2):
            assert (await ask(client, call_to(there))).text == "whole"
    assert [request.path for request in asking.upstream.requests] == ["http://provider.example/v1/chat/completions"] * 2
