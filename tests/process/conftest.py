"""Services as processes on one data folder, so that its database is made once."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from ..support.client import User, new_user
from ..support.folders import NewDataDir
from ..support.process import ServiceProcess, serving
from ..support.scripted import MOST_MODELS, ScriptedProvider

PROVIDER_KEY = "sk-this-key-must-not-be-logged"

Serving = Callable[..., AbstractContextManager[ServiceProcess]]
"""Starts a service; takes variables of its environment."""


@pytest.fixture(scope="session")
def data_dir(new_data_dir: NewDataDir) -> Path:
    return new_data_dir()


@pytest.fixture(scope="session")
def providers(scripted: ScriptedProvider, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("providers") / "providers.toml"
    path.write_text(
        f'[[provider]]\nid = "scripted"\nname = "Scripted"\nbase_url = "{scripted.url}"\napi_key = "{PROVIDER_KEY}"\n'
        + "".join(f"[provider.prices.m{number}]\ninput = 1.00\noutput = 2.00\n" for number in range(MOST_MODELS))
    )
    return path


@pytest.fixture(scope="session")
def serve(data_dir: Path, providers: Path) -> Serving:
    return partial(serving, data_dir, PLAYGROUND_PROVIDERS_FILE=providers)


@pytest.fixture(scope="session")
def service(serve: Serving) -> Iterator[ServiceProcess]:
    """One that outlives the tests that use it."""
    with serve(STREAM_GRACE_SECONDS=2, SHUTDOWN_GRACE_SECONDS=0) as service:
        yield service


@pytest.fixture
async def user(service: ServiceProcess) -> AsyncIterator[User]:
    async with new_user(service.url) as user:
        yield user
