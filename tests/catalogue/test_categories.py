"""The rules that put models into categories."""

import pytest

from playground.catalogue.categories import CATEGORIES, categories_of
from playground.providers.records import ListedModel, Provider

SOMEWHERE = Provider("somewhere", "Somewhere", "https://api.example.com/v1")


def categories(name: str, provider: Provider = SOMEWHERE, **listed: object) -> set[str]:
    return set(categories_of(provider, ListedModel(name, **listed)))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gpt-4o", "chat vision"),
        ("gpt-4o-mini", "chat vision small"),
        ("gpt-3.5-turbo", "chat"),
        ("gpt-5", "chat reasoning vision"),
        ("gpt-5-nano", "chat reasoning vision small"),
        ("gpt-5-chat-latest", "chat vision"),
        ("o3-mini", "chat reasoning small"),
        ("o4-mini", "chat reasoning vision small"),
        ("openai/gpt-oss-120b", "chat reasoning open-weights"),
        ("claude-3-5-haiku-20241022", "chat vision small"),
        ("claude-sonnet-4-5", "chat reasoning vision"),
        ("claude-3-7-sonnet-latest", "chat reasoning vision"),
        ("claude-2.1", "chat"),
        ("models/gemini-2.5-pro", "chat reasoning vision"),
        ("gemini-2.5-flash-lite", "chat reasoning vision small"),
        ("gemini-1.5-flash-8b", "chat vision small"),
        ("meta-llama/llama-3.3-70b-instruct", "chat open-weights"),
        ("llama-3.1-8b-instant", "chat small open-weights"),
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", "chat vision open-weights"),
        ("llama-3.2-11b-vision-preview", "chat vision open-weights"),
        ("meta-llama/llama-guard-4-12b", "open-weights"),
        ("Qwen/Qwen3-30B-A3B", "chat reasoning open-weights"),
        ("Qwen/Qwen2.5-Coder-7B-Instruct", "chat code small open-weights"),
        ("qwen/qwen2.5-vl-72b-instruct", "chat vision open-weights"),
        ("qwen/qwen-max", "chat"),
        ("qwen/qwen3-coder", "chat code open-weights"),
        ("mistral-large-latest", "chat vision"),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", "chat open-weights"),
        ("ministral-8b-latest", "chat small open-weights"),
        ("codestral-latest", "chat code"),
        ("devstral-small-2507", "chat code open-weights"),
        ("pixtral-12b-2409", "chat vision open-weights"),
        ("deepseek-chat", "chat open-weights"),
        ("deepseek-reasoner", "chat reasoning open-weights"),
        ("deepseek/deepseek-r1:free", "chat reasoning open-weights"),
        ("gemma3:4b", "chat vision small open-weights"),
        ("google/gemma-3-270m", "chat small open-weights"),
        ("microsoft/phi-4", "chat open-weights"),
        ("x-ai/grok-code-fast-1", "chat code"),
        ("x-ai/grok-4", "chat reasoning vision"),
        ("moonshotai/kimi-k2-instruct", "chat open-weights"),
        ("amazon/nova-micro-v1", "chat small"),
        ("some-new-model", "chat"),
    ],
)
def test_a_known_model_is_in_its_categories(name: str, expected: str) -> None:
    assert categories(name) == set(expected.split())


@pytest.mark.parametrize(("inputs", "expected"), [(("text", "image"), True), (("text",), False)])
def test_what_the_provider_says_of_images_comes_before_the_name(inputs: tuple[str, ...], expected: bool) -> None:
    assert ("vision" in categories("gpt-4o", input_modalities=inputs)) is expected
    assert ("vision" in categories("some-new-model", input_modalities=inputs)) is expected


@pytest.mark.parametrize("provider", ["ollama", "huggingface"])
def test_a_provider_of_open_weights_alone_has_no_others(provider: str) -> None:
    assert "open-weights" in categories("some-new-model", Provider(provider, provider, "https://api.example.com/v1"))


def test_a_wildcard_has_no_category() -> None:
    assert categories("openai/*") == set()


def test_every_category_has_a_name_and_a_description_of_its_own() -> None:
    for texts in ({each.id for each in CATEGORIES}, {each.name for each in CATEGORIES}, {each.description for each in CATEGORIES}):
        assert len(texts) == len(CATEGORIES) == 6
