"""Addresses that users give for providers: only public ones, however they are written and whatever their names mean a moment later."""

import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from pydantic import SecretStr

from playground.providers.adapter import ProviderClient
from playground.providers.errors.kinds import AddressRefused, ProviderError, UnexpectedAnswer, Unreachable
from playground.providers.records import Provider
from playground.providers.transport.public_addresses import AddressRefusedError, PublicAddresses, is_public

from ..providers.asking import ask, call_to
from ..providers.test_connections import WHOLE
from ..providers.upstream import Upstream, running_upstream
from ..support.secure_server import SecureServer, secure_server

PUBLIC = "93.184.216.34"
KEY = "sk-own-0123456789"

PUBLIC_ADDRESSES = [PUBLIC, "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
OTHER_ADDRESSES = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104 - to be refused
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "168.63.129.16",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "::8.8.8.8",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]


class Names(AbstractResolver):
    """Host names that a test gives: to each lookup the next meaning, the last one again and again."""

    def __init__(self, **meanings: list[list[str]]) -> None:
        self._meanings = {name.replace("_", "."): answers for name, answers in meanings.items()}

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        if host not in self._meanings:
            raise OSError(None, "there is no such name")
        answers = self._meanings[host]
        meaning = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in meaning
        ]

    async def close(self) -> None: ...


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
def test_public_addresses_are_recognised(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", OTHER_ADDRESSES)
def test_no_other_address_is_public(address: str) -> None:
    assert not is_public(ip_address(address))


async def test_names_of_public_addresses_are_accepted_at_input() -> None:
    addresses = PublicAddresses(Names(api_example=[[PUBLIC, "2606:4700:4700::1111"]]))
    for url in ("https://api.example/v1", "https://API.example:8443/v1", f"https://{PUBLIC}/v1", "https://[2606:4700:4700::1111]/v1"):
        await addresses.check(url, timeout=5)


@pytest.mark.parametrize("address", OTHER_ADDRESSES)
async def test_names_of_other_addresses_are_refused_at_input(address: str) -> None:
    # Beside a public one too: who has a name in their hands chooses which one is used.
    addresses = PublicAddresses(Names(api_example=[[PUBLIC, address]]))
    with pytest.raises(AddressRefusedError, match="public internet"):
        await addresses.check("https://api.example/v1", timeout=5)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "127.1",
        "127.0.0.1.",
        "2130706433",
        "0x7f000001",
        "0x7F.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1%25lo]",
        "169.254.169.254",
        "\u2460\u2461\u2466.0.0.1",
        "\uff11\uff12\uff17.0.0.1",
        "no-such-name.invalid",
        "bad..name",
        "x" * 64 + ".example",
    ],
)
async def test_other_notations_of_addresses_are_refused(host: str) -> None:
    with pytest.raises(AddressRefusedError):
        await PublicAddresses().check(f"https://{host}/v1", timeout=5)


async def test_plain_http_is_refused_at_input() -> None:
    with pytest.raises(AddressRefusedError, match="https://"):
        await PublicAddresses().check(f"http://{PUBLIC}/v1", timeout=5)


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with running_upstream() as upstream:
        upstream.will_answer(WHOLE)
        yield upstream


def port_of(upstream: Upstream) -> str:
    return upstream.url.removeprefix("http://127.0.0.1:").removesuffix("/v1")


def own(base_url: str) -> Provider:
    return Provider(id="lab", name="The lab", base_url=base_url, api_key=SecretStr(KEY), own_key=True, guarded=True)


async def error_of(base_url: str, addresses: PublicAddresses) -> ProviderError | None:
    async with ProviderClient(connect_timeout=5, first_token_timeout=20, between_tokens_timeout=20, addresses=addresses) as client:
        return (await ask(client, call_to(own(base_url)))).error


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "api.example"])
async def test_no_connection_is_opened_to_a_private_address(upstream: Upstream, host: str) -> None:
    names = None if host != "api.example" else Names(api_example=[["127.0.0.1"]])
    error = await error_of(f"https://{host}:{port_of(upstream)}/v1", PublicAddresses(names))
    assert isinstance(error, AddressRefused)
    assert (error.code, error.retryable) == ("address_refused", False)
    assert "The lab" in str(error)
    assert "public internet" in str(error)
    assert KEY not in str(error)
    assert upstream.connections == 0


async def test_a_name_that_resolves_differently_after_the_check_is_refused(upstream: Upstream) -> None:
    addresses = PublicAddresses(Names(api_example=[[PUBLIC], ["127.0.0.1"]]))
    url = f"https://api.example:{port_of(upstream)}/v1"
    await addresses.check(url, timeout=5)
    assert isinstance(await error_of(url, addresses), AddressRefused)
    assert upstream.connections == 0


async def test_all_addresses_of_a_name_are_refused_alike(upstream: Upstream) -> None:
    addresses = PublicAddresses(Names(api_example=[["127.0.0.1", "::1", "10.0.0.1"]]))
    assert isinstance(await error_of(f"https://api.example:{port_of(upstream)}/v1", addresses), AddressRefused)
    assert upstream.connections == 0


async def test_no_unencrypted_connection_is_opened(upstream: Upstream) -> None:
    error = await error_of(upstream.url, PublicAddresses(allowed=lambda _: True))
    assert isinstance(error, AddressRefused)
    assert "https://" in str(error)
    assert upstream.connections == 0


async def test_a_name_without_an_address_is_unreachable() -> None:
    assert isinstance(await error_of("https://nowhere.example/v1", PublicAddresses(Names())), Unreachable)


async def test_the_operators_own_addresses_are_not_restricted(upstream: Upstream) -> None:
    async with ProviderClient(connect_timeout=5, first_token_timeout=20, between_tokens_timeout=20) as client:
        provider = replace(own(upstream.url), guarded=False)
        assert (await ask(client, call_to(provider))).text == "whole"


@pytest.fixture
async def secure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SecureServer]:
    """What stands for a server on the public internet, of the name `api.example`; clients that are opened later trust it."""
    async with secure_server("api.example", tmp_path) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        yield server


@pytest.fixture
async def client(secure: SecureServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ProviderClient]:
    """One that takes this machine for the public internet. The environment names a proxy where nothing listens."""
    for variable in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    addresses = PublicAddresses(Names(api_example=[["127.0.0.1"]]), allowed=lambda _: True)
    async with ProviderClient(connect_timeout=5, first_token_timeout=20, between_tokens_timeout=20, addresses=addresses) as client:
        yield client


async def test_a_public_address_is_connected_to_directly_and_securely(secure: SecureServer, client: ProviderClient) -> None:
    assert [model.name for model in await client.list_models(own(secure.url))] == ["m"]
    [request] = secure.requests
    assert request.headers["Authorization"] == f"Bearer {KEY}"


async def test_a_certificate_of_another_name_is_not_trusted(secure: SecureServer, client: ProviderClient) -> None:
    with pytest.raises(Unreachable, match="secure"):
        await client.list_models(own(secure.url.replace("api.example", "127.0.0.1")))
    assert secure.requests == []


async def test_a_redirect_is_not_followed_and_shows_no_key(secure: SecureServer, client: ProviderClient, upstream: Upstream) -> None:
    async def redirect(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect(f"{upstream.url}/models?key={KEY}")

    secure.answer = redirect
    with pytest.raises(UnexpectedAnswer, match="redirected") as refused:
        await client.list_models(own(secure.url))
    assert KEY not in str(refused.value)
    assert upstream.connections == 0
    assert len(secure.requests) == 1


async def test_a_cookie_that_is_set_for_one_key_is_not_sent_with_another(secure: SecureServer, client: ProviderClient) -> None:
    async def set_cookie(_request: web.Request) -> web.StreamResponse:
        response = web.json_response({"object": "list", "data": []})
        response.set_cookie("session", "of-the-first")
        return response

    secure.answer = set_cookie
    provider = own(secure.url)
    await client.list_models(provider)
    await client.list_models(replace(provider, api_key=SecretStr("another")))
    assert [request.headers.get("Cookie") for request in secure.requests] == [None, None]
