"""Providers' own lists of models, in the shapes in which they send them."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from pydantic import SecretStr

from playground.providers.builtin import BUILTIN
from playground.providers.errors.kinds import UnexpectedAnswer, WrongKey
from playground.providers.records import ListedModel, ListPrice

from .asking import Asking
from .upstream import Answer

# All lists are asked for by the SDK.
WAYS = ("by the SDK",)


async def listed(asking: Asking, provider_id: str, *pages: object) -> list[ListedModel]:
    """What the built-in provider lists when it answers so."""
    asking.upstream.will_answer(*(Answer([json.dumps(page).encode()], content_type="application/json") for page in pages))
    provider = next(provider for provider in BUILTIN if provider.id == provider_id)
    return await asking.client.list_models(replace(provider, base_url=asking.upstream.url, api_key=SecretStr("k")))


async def test_openai_lists_bare_names_and_its_other_models_are_left_out(asking: Asking) -> None:
    names = ["gpt-4o-mini", "o3", "text-embedding-3-small", "whisper-1", "dall-e-3", "gpt-4o-realtime-preview", "tts-1", "gpt-4o-mini-tts"]
    page = {"object": "list", "data": [{"id": name, "object": "model", "owned_by": "openai"} for name in names]}
    assert await listed(asking, "openai", page) == [ListedModel("gpt-4o-mini"), ListedModel("o3")]
    received = asking.upstream.requests[0]
    assert (received.method, received.path, received.headers["authorization"]) == ("GET", "/v1/models", "Bearer k")


async def test_openrouter_lists_prices_per_token_context_and_modalities(asking: Asking) -> None:
    entry = {
        "id": "openai/gpt-4o",
        "name": "OpenAI: GPT-4o",
        "context_length": 128_000,
        "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
        "pricing": {"prompt": "0.0000025", "completion": "0.00001", "input_cache_read": "0.00000125", "image": "0"},
    }
    auto = {"id": "openrouter/auto", "pricing": {"prompt": "-1", "completion": "-1"}}
    free = {"id": "a/b:free", "pricing": {"prompt": "0", "completion": "0"}, "architecture": {"modality": "text+image->text"}}
    drawing = {"id": "a/draws", "architecture": {"input_modalities": ["text"], "output_modalities": ["image"]}}
    assert await listed(asking, "openrouter", {"data": [entry, auto, free, drawing]}) == [
        ListedModel(
            "openai/gpt-4o",
            "OpenAI: GPT-4o",
            128_000,
            ("text", "image"),
            ("text",),
            ListPrice(Decimal("2.5"), Decimal(10), Decimal("1.25")),
        ),
        ListedModel("openrouter/auto"),
        ListedModel("a/b:free", input_modalities=("text", "image"), output_modalities=("text",), price=ListPrice(Decimal(0), Decimal(0))),
    ]


async def test_prices_are_exact_also_as_numbers(asking: Asking) -> None:
    asking.upstream.will_answer(Answer([b'{"data":[{"id":"m","pricing":{"prompt":0.00000010000000000000001,"completion":1e-7}}]}']))
    (model,) = await asking.client.list_models(asking.provider)
    assert model.price == ListPrice(Decimal("0.10000000000000001"), Decimal("0.1"))


async def test_hugging_face_lists_each_host_with_its_price(asking: Asking) -> None:
    hosts = [
        {"provider": "groq", "status": "live", "context_length": 131_072, "pricing": {"input": 0.15, "output": 0.75}},
        {"provider": "novita", "status": "live", "context_length": 65_536, "pricing": {"input": 0.1, "output": 0.5}},
        {"provider": "gone", "status": "error", "context_length": 1},
    ]
    entry = {"id": "org/m", "providers": hosts, "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]}}
    models = await listed(asking, "huggingface", {"data": [entry]})
    assert [(model.name, model.context_window, model.price) for model in models] == [
        ("org/m", 65_536, None),
        ("org/m:groq", 131_072, ListPrice(Decimal("0.15"), Decimal("0.75"))),
        ("org/m:novita", 65_536, ListPrice(Decimal("0.1"), Decimal("0.5"))),
    ]
    assert models[0].input_modalities == ("text",)


async def test_hugging_face_has_one_price_where_it_has_one_host(asking: Asking) -> None:
    entry = {"id": "org/m", "providers": [{"provider": "groq", "status": "live", "pricing": {"input": 1, "output": 2}}]}
    models = await listed(asking, "huggingface", {"data": [entry]})
    assert models[0].price == ListPrice(Decimal(1), Decimal(2))


async def test_groq_lists_the_window_and_inactive_models_are_left_out(asking: Asking) -> None:
    page = {
        "data": [
            {"id": "llama-3.3-70b-versatile", "active": True, "context_window": 131_072},
            {"id": "old", "active": False},
            {"id": "whisper-large-v3", "active": True, "context_window": 448},
        ]
    }
    assert await listed(asking, "groq", page) == [ListedModel("llama-3.3-70b-versatile", context_window=131_072)]


async def test_gemini_names_lose_their_prefix(asking: Asking) -> None:
    page = {"data": [{"id": "models/gemini-2.5-flash", "display_name": "Gemini 2.5 Flash"}, {"id": "models/gemini-embedding-001"}]}
    assert await listed(asking, "gemini", page) == [ListedModel("gemini-2.5-flash", "Gemini 2.5 Flash")]


async def test_anthropics_list_is_read_in_its_own_format_page_by_page(asking: Asking) -> None:
    first = {"data": [{"type": "model", "id": "claude-a", "display_name": "Claude A"}], "has_more": True, "last_id": "claude-a"}
    second = {"data": [{"type": "model", "id": "claude-b"}], "has_more": False, "last_id": "claude-b"}
    assert await listed(asking, "anthropic", first, second) == [ListedModel("claude-a", "Claude A"), ListedModel("claude-b")]
    one, two = asking.upstream.requests
    assert (one.path, two.path) == ("/v1/models?limit=1000", "/v1/models?limit=1000&after_id=claude-a")
    assert (one.headers["x-api-key"], one.headers["anthropic-version"]) == ("k", "2023-06-01")
    assert "authorization" not in one.headers


async def test_mistral_lists_what_a_model_can_do(asking: Asking) -> None:
    chat = {"completion_chat": True, "vision": True}
    page = {
        "data": [
            {"id": "mistral-small", "name": "mistral-small", "max_context_length": 32_768, "capabilities": chat},
            {"id": "mistral-small", "capabilities": chat},
            {"id": "mistral-embed", "capabilities": {"completion_chat": False}},
        ]
    }
    assert await listed(asking, "mistral", page) == [
        ListedModel("mistral-small", None, 32_768, ("text", "image"), ("text",)),
    ]


async def test_together_sends_a_bare_list_with_types_and_prices_by_the_million(asking: Asking) -> None:
    page = [
        {"id": "a/chat", "type": "chat", "display_name": "Chat", "context_length": 8_192, "pricing": {"input": 0.88, "output": 0.9}},
        {"id": "a/own", "type": "chat", "context_length": 0, "pricing": {"hourly": 0, "input": 0, "output": 0}},
        {"id": "a/image", "type": "image"},
        {"id": "a/embed", "type": "embedding"},
    ]
    assert await listed(asking, "together", page) == [
        ListedModel("a/chat", "Chat", 8_192, price=ListPrice(Decimal("0.88"), Decimal("0.9"))),
        ListedModel("a/own"),
    ]


@pytest.mark.parametrize(
    ("types", "left_out"),
    [
        ({"a": "language", "b": "embedding", "c": "image", "d": "reranking"}, {"b", "c", "d"}),  # Vercel
        ({"a": "chat", "b": "language", "c": "code", "d": "moderation", "e": "text-to-image"}, {"b", "c", "d", "e"}),  # Together
        ({"a": "llm", "b": "vlm", "c": "embeddings"}, {"c"}),  # LM Studio
        ({"a": "model", "b": "anything new", "c": "image-text-to-text", "d": "speech-to-text", "e": "Embedding"}, {"d", "e"}),
    ],
)
async def test_a_type_means_what_the_whole_list_means_by_it(asking: Asking, types: dict[str, str], left_out: set[str]) -> None:
    models = await listed(asking, "deepseek", {"data": [{"id": name, "type": kind} for name, kind in types.items()]})
    assert {model.name for model in models} == types.keys() - left_out


async def test_a_litellm_list_says_what_a_model_is_for_by_its_mode(asking: Asking) -> None:
    modes = {"a": "chat", "b": "embedding", "c": "audio_transcription", "d": "image_generation"}
    models = await listed(asking, "deepseek", {"data": [{"id": name, "mode": mode} for name, mode in modes.items()]})
    assert [model.name for model in models] == ["a"]


@pytest.mark.parametrize("data", [[{"id": "llama3.2:latest"}], None])
async def test_ollama_may_have_models_or_none(asking: Asking, data: list[dict[str, str]] | None) -> None:
    models = await listed(asking, "ollama", {"object": "list", "data": data})
    assert models == ([ListedModel("llama3.2:latest")] if data else [])


async def test_a_list_without_its_object_type_may_be_empty(asking: Asking) -> None:
    assert await listed(asking, "deepseek", {"data": []}) == []


async def test_invalid_entries_are_ignored(asking: Asking) -> None:
    page = {"data": [None, 3, {"id": None}, {"id": ""}, {"no": "id"}, {"id": "m", "context_length": "many", "pricing": "free"}]}
    assert await listed(asking, "deepseek", page) == [ListedModel("m")]


async def test_texts_of_a_list_can_be_encoded(asking: Asking) -> None:
    odd = "a\ud800\0"
    page = {
        "data": [
            {"id": odd, "display_name": odd, "architecture": {"input_modalities": [odd], "output_modalities": ["text", odd]}},
            {"id": "pair", "architecture": {"modality": f"{odd}->text+{odd}"}},
            {"id": "hosted", "providers": [{"provider": odd}]},
        ],
    }
    clean = "a\ufffd\ufffd"
    assert await listed(asking, "huggingface", page) == [
        ListedModel(clean, clean, input_modalities=(clean,), output_modalities=("text", clean)),
        ListedModel("pair", input_modalities=(clean,), output_modalities=("text", clean)),
        ListedModel("hosted"),
        ListedModel(f"hosted:{clean}"),
    ]


@pytest.mark.parametrize("odd", [[], {}, ["image"], {"a": 1}, 3, None], ids=str)
@pytest.mark.parametrize(
    "name",
    ["type", "active", "capabilities", "display_name", "providers", "context_length", "architecture", "pricing"],
)
async def test_an_invalid_field_loses_no_model(asking: Asking, name: str, odd: object) -> None:
    models = await listed(asking, "deepseek", {"data": [{"id": "odd", name: odd}, {"id": "m"}]})
    assert [model.name for model in models] == ["odd", "m"]


@pytest.mark.parametrize("price", ["1e-99999", "0e99999", "0e-99999", "1e999999999999999999999", "\ud800"])
async def test_a_price_of_an_impossible_magnitude_is_unknown(asking: Asking, price: str) -> None:
    entries = [{"id": name, "pricing": {"prompt": amount, "completion": "1e-6"}} for name, amount in (("odd", price), ("m", "1e-7"))]
    models = await listed(asking, "openrouter", {"data": entries})
    assert [(model.name, model.price) for model in models] == [("odd", None), ("m", ListPrice(Decimal("0.1"), Decimal(1)))]


async def test_the_next_page_is_asked_for_by_a_name_that_can_be_sent(asking: Asking) -> None:
    first = {"data": [{"id": "claude-a"}], "has_more": True, "last_id": "a\ud800"}
    assert await listed(asking, "anthropic", first, {"data": [{"id": "claude-b"}]}) == [ListedModel("claude-a"), ListedModel("claude-b")]
    assert asking.upstream.requests[1].path == "/v1/models?limit=1000&after_id=a%EF%BF%BD"


@pytest.mark.parametrize("body", [b"<html></html>", b"{}", b'"x"', b'{"data": {"a": 1}}'])
async def test_anything_but_a_list_is_unexpected(asking: Asking, body: bytes) -> None:
    asking.upstream.will_answer(Answer([body]))
    with pytest.raises(UnexpectedAnswer, match="base URL"):
        await asking.client.list_models(asking.provider)


async def test_a_refused_list_is_reported_like_any_refusal(asking: Asking) -> None:
    asking.upstream.will_answer(Answer([b'{"error": "no"}'], status=401))
    with pytest.raises(WrongKey):
        await asking.client.list_models(asking.provider)


@pytest.mark.parametrize(
    ("provider_id", "name", "names"),
    [
        ("openai", "gpt-4o", ("gpt-4o",)),
        ("huggingface", "org/m:groq", ("org/m:groq", "org/m")),
        ("openrouter", "a/b:nitro", ("a/b:nitro", "a/b")),
        ("gemini", "models/gemini-2.5-flash", ("gemini-2.5-flash",)),
        ("ollama", "llama3.2", ("llama3.2", "llama3.2:latest")),
        ("ollama", "llama3.2:1b", ("llama3.2:1b",)),
    ],
)
def test_unlisted_forms_of_a_name_lead_to_the_listed_one(provider_id: str, name: str, names: tuple[str, ...]) -> None:
    provider = next(provider for provider in BUILTIN if provider.id == provider_id)
    assert provider.listed_as(name) == names


@pytest.mark.parametrize(
    ("provider_id", "name", "prices_id"),
    [
        ("groq", "llama", "groq"),
        ("huggingface", "org/m:groq", "huggingface_groq"),
        ("huggingface", "org/m", None),
        ("ollama", "llama", None),
    ],
)
def test_prices_are_those_of_the_provider_that_is_paid(provider_id: str, name: str, prices_id: str | None) -> None:
    provider = next(provider for provider in BUILTIN if provider.id == provider_id)
    assert provider.prices_id_of(name) == prices_id
