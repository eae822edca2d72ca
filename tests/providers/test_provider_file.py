"""The providers file: what it may contain, and that a mistake in it stops the start."""

from pathlib import Path

import anyio
import pytest
from pydantic import SecretStr

from playground.kit.errors import StartupError
from playground.providers.adapter import ProviderClient
from playground.providers.builtin import BUILTIN
from playground.providers.provider_file import read_provider_file
from playground.providers.records import Provider

from .asking import ask, call_to
from .upstream import DONE, Answer, Upstream, event, finish_chunk, text_chunk

LAB = '[[provider]]\nid = "lab"\nbase_url = "http://h/v1"\n'
VARIABLES = {"LAB_API_KEY": SecretStr(" lab-key\n"), "BLANK": SecretStr(" \n")}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "providers.toml"


def read(path: Path, text: str) -> Provider:
    path.write_text(text, encoding="utf-8")
    [provider] = read_provider_file(path, VARIABLES.get)
    return provider


def fault_of(path: Path, text: str) -> str:
    with pytest.raises(StartupError) as caught:
        read(path, text)
    return str(caught.value).removeprefix(f"{path}: provider 1 (lab): ")


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("http://a..b/v1", "a host name or an IP address"),
        ("http://.example/v1", "a host name or an IP address"),
        (f"http://{'a' * 64}.example/v1", "a host name or an IP address"),
        ("http://a%20b/v1", "a host name or an IP address"),
        ("http://ü..example/v1", "is not a valid URL"),
        ("http://[::1/v1", "is not a valid URL"),
        ("http://exa mple/v1", "without spaces"),
        (r"http://exa\tmple/v1", "without spaces"),
        ("http://h/our models/v1", "without spaces"),
        (r"http://h/v1\u0000", "without spaces"),
        ("http://h/v1?", "without a query"),
        ("http://h/v1/chat/completions/", "remove that part"),
    ],
)
def test_an_invalid_base_url_prevents_the_start(path: Path, url: str, advice: str) -> None:
    fault = fault_of(path, f'[[provider]]\nid = "lab"\nbase_url = "{url}"')
    assert fault.startswith("base_url: ")
    assert advice in fault


@pytest.mark.parametrize(
    "url", ["http://model_server:8000/v1", "http://[::1]:8000/v1", "http://10.0.0.5", "https://bücher.example/v1", "https://h.example./v1"]
)
def test_a_base_url_in_any_usual_form_is_accepted(path: Path, url: str) -> None:
    assert read(path, f'[[provider]]\nid = "lab"\nbase_url = "{url}"').base_url == url


@pytest.mark.parametrize(
    ("header", "advice"),
    [
        (r'"X-Team" = "very-secret\nX-Other: 1"', "the value of X-Team must be one line of ASCII"),
        (r'"X-Team" = "very-secret\u0000"', "the value of X-Team must be one line of ASCII"),
        ('"X-Team" = "very-secret-é"', "the value of X-Team must be one line of ASCII"),
        ('"X Team" = "very-secret"', "'X Team' is not a valid header name"),
        ('"" = "very-secret"', "is not a valid header name"),
        ('"Content-Length" = "3"', "Content-Length is set for each request; leave it out"),
        ('"host" = "very-secret"', "host is set for each request; leave it out"),
        ('"Transfer-Encoding" = "chunked"', "Transfer-Encoding is set for each request; leave it out"),
    ],
)
def test_an_invalid_header_prevents_the_start_and_is_not_shown(path: Path, header: str, advice: str) -> None:
    fault = fault_of(path, f"{LAB}headers = {{ {header} }}")
    assert fault.startswith("headers: ")
    assert advice in fault
    assert "very-secret" not in fault


@pytest.mark.parametrize("prices_id", ["nobody", "huggingface_nobody", "nobody_{route}", ""])
def test_unknown_prices_id_prevents_the_start(path: Path, prices_id: str) -> None:
    fault = fault_of(path, f'{LAB}prices_id = "{prices_id}"')
    assert fault.startswith("prices_id: is not a provider in genai-prices; leave it out, or choose one of ")
    assert "openai" in fault


@pytest.mark.parametrize("prices_id", ["openai", "huggingface_{route}"])
def test_known_prices_id_is_accepted(path: Path, prices_id: str) -> None:
    assert read(path, f'{LAB}prices_id = "{prices_id}"').prices_id == prices_id


@pytest.mark.parametrize("key", ['api_key_env = "LAB_API_KEY"', r'api_key = "lab-key\n"'])
def test_a_key_is_used_without_surrounding_white_space(path: Path, key: str) -> None:
    assert read(path, LAB + key).api_key == SecretStr("lab-key")


def test_a_blank_variable_is_not_set(path: Path) -> None:
    assert fault_of(path, f'{LAB}api_key_env = "BLANK"') == "api_key_env: the environment variable BLANK is not set"


@pytest.mark.parametrize("like", [provider.id for provider in BUILTIN])
def test_a_server_can_be_like_a_provider_of_the_table(path: Path, like: str) -> None:
    [quirks] = (provider.quirks for provider in BUILTIN if provider.id == like)
    lab = read(path, f'{LAB}like = "{like}"')
    assert (lab.quirks, lab.base_url, lab.api_key, lab.prices_id) == (quirks, "http://h/v1", None, None)


def test_an_entrys_settings_override_those_it_copies(path: Path) -> None:
    quirks = read(path, f'{LAB}like = "gemini"\nseed_name = "seed"\nlist_prefix = ""').quirks
    assert (quirks.seed_name, quirks.list_prefix, quirks.reasoning_beside_output) == ("seed", "", True)


def test_a_server_can_only_be_like_a_built_in_provider(path: Path) -> None:
    assert fault_of(path, f'{LAB}like = "sim"').startswith("like: is not a built-in provider; choose one of openai, ")


async def test_the_list_of_a_gateway_like_anthropic_is_read_in_anthropics_format(
    path: Path, client: ProviderClient, upstream: Upstream
) -> None:
    await anyio.Path(path).write_text(f'[[provider]]\nid = "lab"\nbase_url = "{upstream.url}"\napi_key = "lab-key"\nlike = "anthropic"')
    [lab] = read_provider_file(path, VARIABLES.get)
    upstream.will_answer(Answer([b'{"data": [{"id": "claude-a"}]}'], content_type="application/json"))
    assert [model.name for model in await client.list_models(lab)] == ["claude-a"]
    assert upstream.requests[0].path == "/v1/models?limit=1000"
    assert upstream.requests[0].headers["x-api-key"] == "lab-key"
    upstream.will_answer(Answer([event(text_chunk("Hello")), event(finish_chunk()), DONE]))
    assert (await ask(client, call_to(lab))).text == "Hello"


def test_a_misspelt_setting_is_reported_with_its_line_and_the_most_similar_one(tmp_path: Path) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(
        '[[provider]]\nid = "first"\nbase_url = "http://x/v1"\n\n[[provider]]\nid = "lab"\nbase_ur = "http://x/v1"\nzzz = 1\n'
        '[provider.prices."m"]\ninput = 1\noutput = 2\ncachedInput = 1\n'
    )
    with pytest.raises(StartupError) as caught:
        read_provider_file(file, lambda _name: None)
    said = str(caught.value)
    assert f"{file}: provider 2 (lab), line 7: unknown setting `base_ur`; did you mean `base_url`?" in said
    assert "line 8: unknown setting `zzz`; known settings are id, base_url," in said
    assert "line 12: unknown setting `cachedInput` in prices.m; did you mean `cached_input`?" in said


def test_a_misspelt_block_is_reported_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "providers.toml"
    file.write_text('# Ours\n[[providers]]\nid = "lab"\nbase_url = "http://x/v1"\n')
    with pytest.raises(StartupError, match=r", line 2: unknown block `providers`; did you mean `\[\[provider\]\]`\?"):
        read_provider_file(file, lambda _name: None)
