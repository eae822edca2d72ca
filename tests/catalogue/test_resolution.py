"""From names to models, and what somebody is told whose model nobody has."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from playground.catalogue.catalogue import ProviderList
from playground.catalogue.resolution import ResolvedModel, Resolver, UnknownModel
from playground.catalogue.suggestions import Suggestions
from playground.kit.errors import FieldError
from playground.providers.builtin import BUILTIN
from playground.providers.records import ListedModel, Provider

PROVIDERS = {provider.id: provider for provider in BUILTIN} | {"sim": Provider("sim", "Simulator", "http://localhost:1/v1", simulated=True)}

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def known(provider_id: str, *names: str) -> ProviderList:
    models = {name: ListedModel(name) for name in names}
    return ProviderList(PROVIDERS[provider_id], models, NOW, current=True)


def never_fetched(provider_id: str) -> ProviderList:
    return ProviderList(PROVIDERS[provider_id], failure="down")


LISTS = (
    known("openai", "gpt-4o", "gpt-4o-mini", "gpt-4.1"),
    known("openrouter", "openai/gpt-4o-mini", "anthropic/claude-sonnet-4.5", "meta-llama/llama-3.3-70b-instruct"),
    known("groq", "llama-3.3-70b-versatile", "openai/gpt-oss-120b"),
    known("gemini", "gemini-2.5-pro", "gemini-2.5-flash"),
    known("sim", "quick", "careful", "verbose", "reasoner"),
)


def resolve(name: str, lists: Iterable[ProviderList] = LISTS) -> ResolvedModel:
    return Resolver(tuple(lists)).resolve(name, field="model")


def refusal(name: str, lists: Iterable[ProviderList] = LISTS) -> UnknownModel:
    with pytest.raises(UnknownModel) as caught:
        resolve(name, lists)
    return caught.value


@pytest.mark.parametrize(
    ("name", "provider", "model"),
    [
        ("groq/llama-3.3-70b-versatile", "groq", "llama-3.3-70b-versatile"),
        ("groq/openai/gpt-oss-120b", "groq", "openai/gpt-oss-120b"),
        ("openrouter/openai/gpt-4o-mini", "openrouter", "openai/gpt-4o-mini"),
        ("gemini/models/gemini-2.5-pro", "gemini", "gemini-2.5-pro"),
        ("sim/quick", "sim", "quick"),
    ],
)
def test_the_first_part_of_a_name_is_the_provider(name: str, provider: str, model: str) -> None:
    resolved = resolve(name)
    assert (resolved.provider.id, resolved.model) == (provider, model)
    assert resolved.full_name == f"{provider}/{model}"
    assert resolved.listed == ListedModel(model)


@pytest.mark.parametrize(
    ("name", "full_name"),
    [
        ("gpt-4o-mini", "openai/gpt-4o-mini"),
        ("quick", "sim/quick"),
        ("meta-llama/llama-3.3-70b-instruct", "openrouter/meta-llama/llama-3.3-70b-instruct"),
        ("anthropic/claude-sonnet-4.5", "openrouter/anthropic/claude-sonnet-4.5"),
    ],
)
def test_a_bare_name_is_looked_up_at_all_providers(name: str, full_name: str) -> None:
    assert resolve(name).full_name == full_name


def test_a_bare_name_that_two_providers_have_is_the_first_ones() -> None:
    lists = (known("groq", "m"), known("openai", "m"))
    assert resolve("m", lists).full_name == "groq/m"
    assert resolve("m", reversed(lists)).full_name == "openai/m"


def test_a_configured_providers_name_never_falls_through_to_another_provider() -> None:
    assert resolve("openai/gpt-oss-120b").full_name == "openai/gpt-oss-120b"


def test_the_route_at_the_end_of_a_name_reaches_the_provider() -> None:
    resolved = resolve("huggingface/org/model:groq", [known("huggingface", "org/model")])
    assert (resolved.model, resolved.listed) == ("org/model:groq", ListedModel("org/model"))
    assert resolve("org/model:groq", [known("huggingface", "org/model")]).full_name == "huggingface/org/model:groq"


def test_two_names_of_one_model_become_the_listed_one() -> None:
    lists = [known("ollama", "llama3.2:latest", "qwen3:8b")]
    assert resolve("ollama/llama3.2", lists).full_name == resolve("llama3.2", lists).full_name == "ollama/llama3.2:latest"
    assert resolve("ollama/qwen3", lists).full_name == "ollama/qwen3"


@pytest.mark.parametrize("name", ["groq/@preset/x", "groq/my-adapter", "openrouter/openai/gpt-5", "groq/openai/gpt-4o"])
def test_a_full_name_that_is_not_listed_is_accepted_and_similar_ones_are_known(name: str) -> None:
    resolved = resolve(name)
    assert (resolved.full_name, resolved.listed) == (name, None)
    assert resolved.nearest is not None
    assert all(resolve(each).listed for each in resolved.nearest())
    assert resolve("groq/llama-3.3-70b-versatile").nearest is None


@pytest.mark.parametrize("name", ["proxy/openai/*", "proxy/*", "openai/*", "openai/gpt-*", "*"])
def test_a_wildcard_is_not_a_model(name: str) -> None:
    lists = [
        known("openai", "gpt-4o"),
        ProviderList(Provider("proxy", "Proxy", ""), {"openai/*": ListedModel("openai/*")}, NOW, current=True),
    ]
    assert refusal(name, lists).detail.startswith(f'"{name}" is a wildcard. Use the name of one model instead.')
    assert resolve("proxy/openai/gpt-4o", lists).listed is None
    assert "*" not in str(refusal("proxy-openai", lists).suggestions)


def test_a_provider_whose_list_was_never_fetched_accepts_any_name() -> None:
    resolved = resolve("groq/whatever/it:is", [never_fetched("groq")])
    assert (resolved.full_name, resolved.listed) == ("groq/whatever/it:is", None)


def test_a_bare_name_is_not_guessed_to_be_of_a_provider_whose_list_is_unknown() -> None:
    problem = refusal("some-model", [never_fetched("groq"), never_fetched("openai"), known("sim", "quick")])
    assert "The lists of groq and openai are not loaded yet; for their models, use the full name, such as groq/…." in problem.detail


@pytest.mark.parametrize("name", ["", "/", "groq/", "groq", "/quick", " ", "sim//quick", "groq//", "\u2028", "x" * 300])
def test_an_unknown_name_is_refused(name: str) -> None:
    refusal(name)
    refusal(name, [never_fetched("groq")] if name in ("groq/", "") else LISTS)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("openia/gpt-4o-mni", "openai/gpt-4o-mini"),
        ("OpenAI/GPT-4o-mini", "openai/gpt-4o-mini"),
        ("gpt4o-mini", "openai/gpt-4o-mini"),
        ("gorq/llama-3.3-70b-versatile", "groq/llama-3.3-70b-versatile"),
        ("sim/quik", "sim/quick"),
        ("llama-3.3-70b", "groq/llama-3.3-70b-versatile"),
        ("claude", "openrouter/anthropic/claude-sonnet-4.5"),
        ("sonnet", "openrouter/anthropic/claude-sonnet-4.5"),
        ("gemini-2.5-por", "gemini/gemini-2.5-pro"),
    ],
)
def test_the_most_similar_model_is_suggested_first(name: str, nearest: str) -> None:
    problem = refusal(name)
    assert problem.suggestions[0] == nearest
    assert f"Did you mean {nearest}" in problem.detail
    assert len(problem.suggestions) <= 3


def test_nothing_is_suggested_when_nothing_is_similar() -> None:
    problem = refusal("zzzzzzzz")
    assert problem.suggestions == ()
    assert problem.detail == 'No provider lists a model "zzzzzzzz".'


def test_a_provider_without_a_key_is_named_with_its_variable() -> None:
    problem = refusal("mistral/mistral-small-latest")
    assert problem.detail.startswith(
        '"mistral/mistral-small-latest" can\'t be used: Mistral is not set up. Set MISTRAL_API_KEY, or add your own key'
    )
    assert "Set OLLAMA_BASE_URL or OLLAMA_API_KEY, or add your own key" in refusal("ollama/llama3.2").detail


def test_a_provider_without_a_key_does_not_hide_another_that_lists_the_whole_name() -> None:
    assert resolve("anthropic/claude-sonnet-4.5").provider.id == "openrouter"


def test_the_problem_names_the_field_and_the_model() -> None:
    with pytest.raises(UnknownModel) as caught:
        Resolver(LISTS).resolve("sim/quik", field="lanes.1.model")
    assert caught.value.status == 422
    assert caught.value.errors == (FieldError("lanes.1.model", caught.value.detail),)
    assert '"quik"' in caught.value.detail


def test_a_very_long_name_is_shortened_in_the_message() -> None:
    assert len(refusal("sim/" + "q" * 100_000).detail) < 500


def test_the_most_similar_of_ten_thousand_names_is_found() -> None:
    names = (f"provider{number % 7}/maker-{number % 90}/model-{number}-{number * 7919 % 1000}b-instruct" for number in range(10_000))
    assert "model-4321" in Suggestions(names).nearest("provider2/maker-1/modle-4321")[0]
