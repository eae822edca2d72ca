"""A database to keep lists in, and the catalogue over it."""

from collections.abc import AsyncIterator, Callable

import pytest

from playground.accounting.prices import Prices
from playground.catalogue.catalogue import Catalogue
from playground.catalogue.repository import CatalogueRepository, FavouriteRepository, RecentAnswersRepository
from playground.catalogue.service import Models
from playground.database.client import Database
from playground.providers.adapter import ProviderClient
from playground.providers.records import Provider
from playground.providers.registry import Providers
from playground.settings import Settings

from ..support.folders import NewDataDir


@pytest.fixture(scope="module")
async def database(new_data_dir: NewDataDir) -> AsyncIterator[Database]:
    async with Database.open(Settings(data_dir=new_data_dir(), _env_file=None)) as database:
        yield database


@pytest.fixture
async def repository(database: Database) -> CatalogueRepository:
    await database.run(lambda prisma: prisma.provider_catalogues.delete_many())
    return CatalogueRepository(database)


@pytest.fixture
async def client() -> AsyncIterator[ProviderClient]:
    async with ProviderClient(connect_timeout=5, first_token_timeout=20, between_tokens_timeout=20) as client:
        yield client


Build = Callable[..., Catalogue]


@pytest.fixture
def build(client: ProviderClient, repository: CatalogueRepository) -> Build:
    """A catalogue of some providers, which does nothing yet."""

    def build(*providers: Provider, refresh_seconds: float = 3_600, retry_seconds: float = 3_600) -> Catalogue:
        return Catalogue(Providers(providers), client, repository, refresh_seconds=refresh_seconds, retry_seconds=retry_seconds)

    return build


def models_of(catalogue: Catalogue) -> Models:
    """The service that shows a catalogue, over its database."""
    database = catalogue._repository._database
    return Models(catalogue, Providers([]), Prices(), FavouriteRepository(database), RecentAnswersRepository(database))
