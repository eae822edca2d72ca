"""The undocumented names of aiohttp, httpx2 and the OpenAI SDK that are used exist, and answers are read without them too."""

import inspect
from importlib import metadata

import aiohttp
import httpx2
import pytest
from aiohttp.client_proto import ResponseHandler
from openai._vendor.httpx_aiohttp import transport

from playground.providers.adapter import ProviderClient
from playground.providers.records import Provider
from playground.providers.transport import aiohttp_internals, httpx2_internals, openai_internals
from playground.providers.transport.aiohttp_internals import Connector, can_be_heard

from .asking import Asking, ask, call_to
from .upstream import DONE, Answer, Upstream, event, finish_chunk, text_chunk

WHOLE = (event(text_chunk("Hel")), event(text_chunk("lo")), event(finish_chunk()), DONE)


@pytest.mark.parametrize(
    ("distribution", "read_in"),
    [("aiohttp", aiohttp_internals.READ_IN), ("httpx2", httpx2_internals.READ_IN), ("openai", openai_internals.READ_IN)],
)
def test_the_names_were_read_in_this_version(distribution: str, read_in: str) -> None:
    # The upper bound in pyproject.toml lets no other major version through; of aiohttp, which changes with each, no other minor one.
    parts = 2 if distribution == "aiohttp" else 1
    assert metadata.version(distribution).split(".")[:parts] == read_in.split(".")[:parts]


@pytest.mark.parametrize("name", aiohttp_internals.READER_NAMES)
def test_a_reader_has_the_name(name: str) -> None:
    assert name in aiohttp.StreamReader.__slots__


async def test_a_reader_can_be_heard() -> None:
    assert can_be_heard(aiohttp.StreamReader(ResponseHandler(loop=None), 1024))  # type: ignore[arg-type]


async def test_a_connector_makes_connections_by_a_factory() -> None:
    async with aiohttp.TCPConnector() as plain, Connector() as ours:
        assert getattr(plain, aiohttp_internals.FACTORY_NAME).func is ResponseHandler
        assert issubclass(getattr(ours, aiohttp_internals.FACTORY_NAME).func, ResponseHandler)


async def test_a_connection_knows_its_payload() -> None:
    assert hasattr(ResponseHandler(loop=None), aiohttp_internals.PAYLOAD_NAME)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["feed_data", "is_connected", "set_exception", "should_close"])
def test_a_connection_has_the_name(name: str) -> None:
    assert hasattr(ResponseHandler, name)


@pytest.mark.parametrize("name", ["_init_transport", "_init_proxy_transport"])
def test_a_client_creates_its_transports_by_the_name(name: str) -> None:
    assert "verify" in inspect.signature(getattr(httpx2.AsyncClient, name)).parameters


async def test_a_response_wraps_the_stream_of_its_transport() -> None:
    stream = httpx2.ByteStream(b"")
    async with (
        httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, stream=stream))) as client,
        client.stream("GET", "http://127.0.0.1/") as response,
    ):
        assert httpx2_internals.inner_stream(response) is stream


def test_the_stream_of_the_transport_knows_the_response_of_aiohttp() -> None:
    assert openai_internals.RESPONSE_NAME in transport.AiohttpResponseStream(None).__dict__  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["AiohttpTransport", "AiohttpResponseStream", "map_aiohttp_exceptions"])
def test_the_sdk_has_the_name(name: str) -> None:
    assert hasattr(transport, name)


@pytest.mark.parametrize(
    ("module", "name", "without"),
    [
        (aiohttp_internals, "READER_NAMES", ("_gone",)),
        (aiohttp_internals, "PAYLOAD_NAME", "_gone"),
        (httpx2_internals, "STREAM_NAME", "_gone"),
        (openai_internals, "RESPONSE_NAME", "_gone"),
    ],
    ids=["readers", "payload", "stream", "response"],
)
async def test_answers_are_read_without_the_name(
    asking: Asking, monkeypatch: pytest.MonkeyPatch, module: object, name: str, without: object
) -> None:
    monkeypatch.setattr(module, name, without)
    outcome = await asking.stream(*WHOLE)
    assert (outcome.text, outcome.error) == ("Hello", None)


@pytest.mark.parametrize("name", ["_init_transport", "_init_proxy_transport"])
async def test_httpx2_connects_by_itself_where_it_asks_for_no_transport(
    upstream: Upstream, provider: Provider, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delattr(httpx2_internals.TransportClient, name)
    upstream.will_answer(Answer(WHOLE))
    async with ProviderClient(connect_timeout=5, first_token_timeout=20, between_tokens_timeout=20) as client:
        outcomes = [await ask(client, call_to(provider)) for _ in range(2)]
    assert [(outcome.text, outcome.error) for outcome in outcomes] == [("Hello", None)] * 2


@pytest.mark.parametrize(("name", "connections"), [(aiohttp_internals.FACTORY_NAME, 1), ("_gone", 2)], ids=["there", "gone"])
async def test_a_connection_that_is_not_ours_serves_one_request(
    upstream: Upstream, provider: Provider, monkeypatch: pytest.MonkeyPatch, name: str, connections: int
) -> None:
    monkeypatch.setattr(aiohttp_internals, "FACTORY_NAME", name)
    upstream.will_answer(Answer(WHOLE))
    async with ProviderClient(connect_timeout=5, first_token_timeout=20, between_tokens_timeout=20) as client:
        for _ in range(2):
            assert (await ask(client, call_to(provider))).text == "Hello"
    assert upstream.connections == connections
