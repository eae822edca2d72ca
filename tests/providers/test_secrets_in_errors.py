"""What a provider says is shown to people: the secrets that it was sent are not."""

import socket
from dataclasses import replace

import pytest
from pydantic import SecretStr

from playground.providers.errors.kinds import UnexpectedAnswer
from playground.providers.records import Provider, Quirks

from .asking import Asking, refused
from .upstream import Answer


@pytest.mark.parametrize(
    "echoed",
    [
        "secret-key-of-the-lab",
        "sk-proj-abcdefghijkl",
        "gsk_abcdefghijkl",
        "hf_abcdefghijkl",
        "abcd1234********wxyz",
        "AIzaSyA1234567890abc",
    ],
)
async def test_keys_that_a_provider_echoes_are_removed(asking: Asking, echoed: str) -> None:
    error = await refused(asking, 401, {"error": {"message": f"Incorrect API key provided: {echoed}. See the docs"}})
    assert echoed not in str(error)
    assert "Incorrect API key provided: [key]. See the docs" in str(error)


@pytest.mark.parametrize("status", [200, 401])
async def test_secrets_in_headers_that_a_provider_echoes_are_removed(asking: Asking, status: int) -> None:
    headers = {"Authorization": "Bearer token-of-the-lab", "X-Key": "token-of-the-lab-2", "X-Team": "chem"}
    asking.provider = replace(asking.provider, api_key=None, quirks=Quirks(headers=headers))
    body = {"error": {"message": "Got token-of-the-lab-2 and Bearer token-of-the-lab (token-of-the-lab) from chem"}}
    error = await refused(asking, status, body)
    assert "“Got [key] and [key] ([key]) from chem”" in str(error)


async def test_a_secret_in_a_header_is_removed_from_json_too(asking: Asking) -> None:
    asking.provider = replace(asking.provider, api_key=None, quirks=Quirks(headers={"X-Key": 'quoted"secret'}))
    error = await refused(asking, 401, {"error": {"message": {"headers": {"X-Key": 'quoted"secret'}}}})
    assert "quoted" not in str(error)


@pytest.mark.parametrize("body", [b"Got token-of-the-lab", b'{"got": "token-of-the-lab"}', b"data: token-of-the-lab\n\n"])
async def test_secrets_in_headers_are_removed_from_unexpected_responses(asking: Asking, body: bytes) -> None:
    asking.provider = replace(asking.provider, quirks=Quirks(headers={"X-Key": "token-of-the-lab"}))
    error = (await asking(Answer([body]))).error
    assert "[key]" in str(error)
    assert "token-of-the-lab" not in str(error)
    with pytest.raises(UnexpectedAnswer) as caught:
        await asking.client.list_models(asking.provider)
    assert "[key]" in str(caught.value)
    assert "token-of-the-lab" not in str(caught.value)


async def test_a_path_that_may_hold_a_token_is_not_shown(asking: Asking) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        origin = f"http://127.0.0.1:{unused.getsockname()[1]}"
        asking.provider = replace(asking.provider, base_url=f"{origin}/token-of-the-lab/v1")
        error = (await asking(Answer())).error
    assert f"({origin})" in str(error)
    assert "token-of-the-lab" not in str(error)


def test_a_key_is_not_in_the_text_of_a_provider() -> None:
    provider = Provider(id="x", name="X", base_url="http://x/v1", api_key=SecretStr("very-secret"))
    assert "very-secret" not in repr(provider)
