from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from playground.providers.adapter import ProviderClient
from playground.providers.records import Provider

from .asking import Asking
from .upstream import Upstream, running_upstream


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


@pytest.fixture
def asking(client: ProviderClient, upstream: Upstream, provider: Provider) -> Asking:
    return Asking(client, upstream, provider)
