from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from playground.providers.adapter import ProviderClient
from playground.providers.records import Provider

from .asking import Asking
from .upstream import DONE, Upstream, event, finish_chunk, running_upstream


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def upstream() -> AsyncIterator[Upstream]:
    async with running_upstream() as upstream:
        yield upstream


@pytest.fixture
def provider(upstream: Upstream) -> Provider:
    return Provider(id="lab", name="The lab", base_url=upstream.url, api_key=SecretStr("secret-key-of-the-lab"), key_variable="LAB_API_KEY")


@pytest.fixture
async def client() -> AsyncIterator[ProviderClient]:
    async with ProviderClient(connect_timeout=5, first_token_timeout=20, between_tokens_timeout=20) as client:
        yield client


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module whose tests depend on one of the ways alone says so in `WAYS`."""
    if "asking" in metafunc.fixturenames:
        metafunc.parametrize("asking", getattr(metafunc.module, "WAYS", ("by the SDK", "built before")), indirect=True)


@pytest.fixture
async def asking(request: pytest.FixtureRequest, client: ProviderClient, upstream: Upstream, provider: Provider) -> Asking:
    """The first request to a provider, and one of those that follow, which go another way."""
    asking = Asking(client, upstream, provider)
    if request.param == "built before":
        await asking.stream(event(finish_chunk()), DONE)
        upstream.requests.clear()
    return asking
