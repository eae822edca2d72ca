"""Which providers are configured: by settings, and by a TOML file of one's own."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest
from genai_prices.data import providers as price_lists
from pydantic import SecretStr

from playground.kit.errors import StartupError
from playground.providers.adapter import ProviderClient
from playground.providers.builtin import BUILTIN
from playground.providers.provider_file import read_provider_file
from playground.providers.records import ListPrice, Provider
from playground.providers.registry import Providers
from playground.settings import Settings

from .asking import ask, call_to
from .upstream import DONE, Answer, event, finish_chunk, running_upstream, text_chunk

VARIABLES = {"LAB_API_KEY": SecretStr("lab-key"), "EMPTY": SecretStr("")}


def load(**settings: Any) -> Providers:
    nothing = {f"{provider.id}_{end}": None for provider in BUILTIN for end in ("api_key", "base_url")}
    return Providers.load(Settings.load(**{"_env_file": None, "providers_file": None, **nothing, **settings}), VARIABLES.get)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "providers.toml"


def test_without_keys_nothing_is_configured() -> None:
    assert load().all() == ()


def test_a_key_configures_a_provider_in_the_tables_order() -> None:
    providers = load(mistral_api_key=SecretStr("m"), openai_api_key=SecretStr("o\n"), groq_api_key=SecretStr(" "))
    assert [provider.id for provider in providers.all()] == ["openai", "mistral"]
    openai = providers.get("openai")
    assert openai is not None
    assert (openai.base_url, openai.api_key) == ("https://api.openai.com/v1", SecretStr("o"))
    assert providers.get("groq") is None


def test_a_blank_key_of_hugging_face_does_not_hide_its_other_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUGGINGFACE_API_KEY", " ")
    monkeypatch.setenv("HF_TOKEN", "hf\n")
    nothing = {f"{provider.id}_api_key": None for provider in BUILTIN if provider.id != "huggingface"}
    settings = Settings.load(_env_file=None, providers_file=None, ollama_base_url=None, **nothing)
    [provider] = Providers.load(settings, Settings.variable).all()
    assert (provider.id, provider.api_key) == ("huggingface", SecretStr("hf"))


def test_a_base_url_replaces_the_tables() -> None:
    provider = load(openai_api_key=SecretStr("o"), openai_base_url=" https://gateway.example/v1/ ").get("openai")
    assert provider is not None
    assert provider.base_url == "https://gateway.example/v1"


def test_ollama_is_configured_by_its_base_url_only() -> None:
    provider = load(ollama_base_url="http://127.0.0.1:11434/v1").get("ollama")
    assert provider is not None
    assert provider.api_key is None


def test_a_base_url_only_does_not_configure_a_provider_that_needs_a_key() -> None:
    assert load(openai_base_url="http://127.0.0.1:1/v1").all() == ()


@pytest.mark.parametrize(
    "url",
    [
        "example.com/v1",
        "ftp://example.com",
        "http://",
        "http://h:99999/v1",
        "https://u:p@h/v1",
        "https://h/v1?a=b",
        "https://a..b/v1",
        "https://h/v1/chat/completions",
    ],
)
def test_an_invalid_base_url_of_a_provider_prevents_the_start_and_names_its_variable(url: str) -> None:
    with pytest.raises(StartupError, match=r"^GROQ_BASE_URL .*URL"):
        load(groq_api_key=SecretStr("k"), groq_base_url=url)


def test_a_provider_can_be_added_at_run_time() -> None:
    sim = Provider(id="sim", name="Simulator", base_url="http://127.0.0.1:1/v1", simulated=True, needs_key=False)
    before = load(openai_api_key=SecretStr("o"))
    after = before.with_provider(sim)
    assert [provider.id for provider in after.all()] == ["openai", "sim"]
    assert after.get("sim") is sim
    assert before.get("sim") is None


def test_every_built_in_provider_has_settings_and_a_price_list_that_exists() -> None:
    known = {provider.id for provider in price_lists}
    for provider in BUILTIN:
        assert {f"{provider.id}_api_key", f"{provider.id}_base_url"} <= set(Settings.model_fields)
        prices_id = provider.prices_id_of("org/m:groq")
        assert prices_id is None or prices_id in known


def test_a_file_describes_further_providers(path: Path) -> None:
    path.write_text(
        """
        [[provider]]
        id = "lab"
        name = "Our lab"
        base_url = "http://10.0.0.5:8000/v1/"
        api_key_env = "LAB_API_KEY"
        prices_id = "openai"
        max_tokens_name = "max_completion_tokens"
        stream_options = false
        seed_name = ""
        reasoning_effort_name = "reasoning.effort"
        headers = { "X-Team" = "research" }
        extra_body = { safe = true, level = 0.5, list = [1, 2.5] }

        [provider.prices."our-model"]
        input = 0.1
        output = 1
        cached_input = "0.05"

        [[provider]]
        id = "plain"
        base_url = "https://plain.example"
        """
    )
    lab, plain = load(providers_file=path).all()
    assert (lab.name, lab.base_url, lab.api_key, lab.key_variable) == (
        "Our lab",
        "http://10.0.0.5:8000/v1",
        SecretStr("lab-key"),
        "LAB_API_KEY",
    )
    assert lab.prices == {"our-model": ListPrice(Decimal("0.1"), Decimal(1), Decimal("0.05"))}
    assert lab.quirks.extra_body == {"safe": True, "level": 0.5, "list": [1, 2.5]}
    assert (lab.quirks.max_tokens_name, lab.quirks.stream_options, lab.quirks.seed_name) == ("max_completion_tokens", False, None)
    assert (lab.quirks.reasoning_effort_name, lab.quirks.headers) == ("reasoning.effort", {"X-Team": "research"})
    assert (plain.name, plain.api_key, plain.needs_key, plain.prices) == ("plain", None, False, {})


def test_providers_of_the_file_come_after_the_tables(path: Path) -> None:
    path.write_text('[[provider]]\nid = "lab"\nbase_url = "http://h/v1"\napi_key = "k"')
    providers = load(openai_api_key=SecretStr("o"), providers_file=path)
    assert [provider.id for provider in providers.all()] == ["openai", "lab"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[[provider]", "is not valid TOML"),
        ('[provider]\nid = "lab"', "[[provider]]"),
        ('[[providers]]\nid = "lab"', "line 1: unknown block `providers`; did you mean `[[provider]]`?"),
        ('[[provider]]\nbase_url = "http://h"', "provider 1: id: Field required"),
        ('[[provider]]\nid = "lab"', "provider 1 (lab): base_url: Field required"),
        ('[[provider]]\nid = "La b"\nbase_url = "http://h"', "provider 1 (La b): id: "),
        ('[[provider]]\nid = "lab"\nbase_url = "h"', "provider 1 (lab): base_url: must be a URL"),
        ('[[provider]]\nid = "groq"\nbase_url = "http://h"', "provider 1 (groq): id: is the id of a built-in"),
        ('[[provider]]\nid = "sim"\nbase_url = "http://h"', "provider 1 (sim): id: "),
        ('[[provider]]\nid = "lab"\nbase_url = "http://h"\nspeed = 9', "provider 1 (lab), line 4: unknown setting `speed`"),
        ('[[provider]]\nid = "lab"\nbase_url = "http://h"\nstream_options = "no"', "provider 1 (lab): stream_options: "),
        (
            '[[provider]]\nid = "lab"\nbase_url = "http://h"\nnot_chat = "("',
            "provider 1 (lab): not_chat: is not a valid regular expression",
        ),
        (
            '[[provider]]\nid = "lab"\nbase_url = "http://h"\napi_key_env = "NOT_SET"',
            "api_key_env: the environment variable NOT_SET is not set",
        ),
        (
            '[[provider]]\nid = "lab"\nbase_url = "http://h"\napi_key_env = "EMPTY"',
            "api_key_env: the environment variable EMPTY is not set",
        ),
        ('[[provider]]\nid = "lab"\nbase_url = "http://h"\napi_key_env = "A"\napi_key = "b"', "api_key: set either"),
        (
            '[[provider]]\nid = "lab"\nbase_url = "http://h"\n[provider.prices.m]\ninput = -1\noutput = 1',
            "provider 1 (lab): prices.m.input: ",
        ),
        (
            '[[provider]]\nid = "lab"\nbase_url = "http://h"\n[provider.prices.m]\ninput = nan\noutput = 1',
            "provider 1 (lab): prices.m.input: ",
        ),
        (
            '[[provider]]\nid = "a"\nbase_url = "http://h"\n[[provider]]\nid = "a"\nbase_url = "http://h"',
            "provider 2 (a): id: is already used",
        ),
    ],
)
def test_an_invalid_file_prevents_the_start_and_names_file_entry_and_field(path: Path, text: str, fault: str) -> None:
    path.write_text(text)
    with pytest.raises(StartupError) as caught:
        read_provider_file(path, VARIABLES.get)
    assert str(path) in str(caught.value)
    assert fault in str(caught.value)


def test_a_missing_file_prevents_the_start(path: Path) -> None:
    with pytest.raises(StartupError, match="can't be read"):
        read_provider_file(path, VARIABLES.get)


def test_errors_in_the_file_do_not_show_its_keys(path: Path) -> None:
    path.write_text('[[provider]]\nid = "lab"\nbase_url = "nowhere"\napi_key = "very-secret"\nspeed = "very-secret"')
    with pytest.raises(StartupError) as caught:
        load(providers_file=path)
    assert "very-secret" not in str(caught.value)


async def test_a_second_server_of_the_file_is_called_like_any_other(path: Path, client: ProviderClient) -> None:
    async with running_upstream() as first, running_upstream() as second:
        for upstream, text in ((first, "one"), (second, "two")):
            upstream.will_answer(Answer([event(text_chunk(text)), event(finish_chunk()), DONE]))
        await anyio.Path(path).write_text(
            f'[[provider]]\nid = "one"\nbase_url = "{first.url}"\n[[provider]]\nid = "two"\nbase_url = "{second.url}"\napi_key = "key-two"'
        )
        outcomes = [await ask(client, call_to(provider)) for provider in load(providers_file=path).all()]
        assert [outcome.text for outcome in outcomes] == ["one", "two"]
        assert "authorization" not in first.requests[0].headers
        assert second.requests[0].headers["authorization"] == "Bearer key-two"
