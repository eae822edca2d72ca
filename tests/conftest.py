"""One service for all tests that need nothing special of it: a real server in a thread, with its own embedded database."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from playground.accounts.passwords import hashing as passwords
from playground.kit import logs
from playground.serving.server import RunningService, running
from playground.settings import Settings

from .support.certificates import Certificate
from .support.client import User, new_user
from .support.folders import NewDataDir, copy_database, prepared_database, temporary_folder
from .support.forks import QUICK_COST
from .support.scripted import MOST_MODELS, ScriptedProvider, scripted_provider


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """At the cost that is meant, passwords would be most of what the tests do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "COST", QUICK_COST)
        yield


@pytest.fixture(scope="session", autouse=True)
def one_trusted_certificate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """In place of the public ones: no test asks anybody who has one of those, and every HTTP client reads them all, which takes 20 ms."""
    path = Certificate("nobody.invalid").write(tmp_path_factory.mktemp("trusted") / "certificate.pem")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(path))
        yield


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    """An event loop in a thread, for servers that outlive a test's own loop."""
    with start_blocking_portal("asyncio") as portal:
        yield portal


@pytest.fixture(scope="session")
def scripted(portal: BlockingPortal) -> Iterator[ScriptedProvider]:
    with portal.wrap_async_context_manager(scripted_provider()) as provider:
        yield provider


@pytest.fixture(scope="session")
def providers_file(scripted: ScriptedProvider, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("providers") / "providers.toml"
    path.write_text(
        f'[[provider]]\nid = "scripted"\nname = "Scripted"\nbase_url = "{scripted.url}"\napi_key = "test-key"\n'
        + "".join(f"[provider.prices.m{number}]\ninput = 1.00\noutput = 2.00\n" for number in range(MOST_MODELS))
    )
    return path


@pytest.fixture(scope="session")
def new_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewDataDir]:
    """For services whose tests are not about a first start, which takes seconds of processor time to make a database."""
    own = tmp_path_factory.getbasetemp()
    # With several processes, each has a folder within the one of the whole run.
    prepared = prepared_database(own.parent if "PYTEST_XDIST_WORKER" in os.environ else own)
    with ExitStack() as folders:

        def new() -> Path:
            folder = folders.enter_context(temporary_folder())
            copy_database(prepared, folder / "postgres")
            return folder

        yield new


@pytest.fixture(scope="session")
def settings(new_data_dir: NewDataDir, providers_file: Path) -> Settings:
    return Settings(
        data_dir=new_data_dir(),
        port=0,
        providers_file=providers_file,
        sim_words_per_second=2_000,
        sim_first_token_ms=5,
        log_level="warning",
        shutdown_grace_seconds=0,
        # All tests come from one address, and nobody but the first is an administrator.
        limit_address_requests=None,
        limit_user_requests=None,
        limit_auth=None,
        limit_streams=None,
        user_daily_requests=None,
        user_monthly_requests=None,
        user_monthly_tokens=None,
        _env_file=None,
    )


@pytest.fixture(scope="session")
def service(portal: BlockingPortal, settings: Settings) -> Iterator[RunningService]:
    logs.configure(settings)
    with portal.wrap_async_context_manager(running(settings)) as service:
        yield service


@pytest.fixture
async def user(service: RunningService) -> AsyncIterator[User]:
    async with new_user(service.url) as user:
        yield user


@pytest.fixture
async def other_user(service: RunningService) -> AsyncIterator[User]:
    async with new_user(service.url) as user:
        yield user
