"""The last lists of models in the database: the table `provider_catalogues`."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec
import structlog
from prisma import Json

from playground.database.client import Database
from playground.providers.records import ListedModel

log = structlog.get_logger(__name__)


class StoredList(NamedTuple):
    """A provider's list as it was at `fetched_at`."""

    models: tuple[ListedModel, ...]
    fetched_at: datetime


class CatalogueRepository:
    """Every query on `provider_catalogues`. All raise `DatabaseAway` when the database can't be reached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> Mapping[str, StoredList]:
        """The last list of every provider that ever gave one, by the provider's id. Rows in a shape of another version are left out."""
        rows = await self._database.run(lambda prisma: prisma.provider_catalogues.find_many())
        stored: dict[str, StoredList] = {}
        for row in rows:
            try:
                stored[row.provider] = StoredList(msgspec.convert(row.models, tuple[ListedModel, ...]), row.fetched_at)
            except msgspec.ValidationError as error:
                log.warning("stored_model_list_ignored", provider=row.provider, reason=str(error))
        return stored

    async def save(self, provider_id: str, last: StoredList) -> None:
        """Keep `last` in the place of the one before."""
        models = Json(msgspec.to_builtins(last.models))
        await self._database.run(
            lambda prisma: prisma.provider_catalogues.upsert(
                where={"provider": provider_id},
                data={
                    "create": {"provider": provider_id, "models": models, "fetched_at": last.fetched_at},
                    "update": {"models": models, "fetched_at": last.fetched_at},
                },
            )
        )
