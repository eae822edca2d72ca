"""Database queries about models: the providers' last lists, and the administrators' settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, cast

import msgspec
import structlog

from playground.database.client import LIST_SECONDS, Database
from playground.database.generated import Prisma
from playground.database.generated import models as tables
from playground.database.transactions import in_transaction
from playground.kit.errors import NotAuthenticated
from playground.providers.records import ListedModel, ListPrice

from .model_settings import ModelSetting, Tier

log = structlog.get_logger(__name__)


_SAVE = """
INSERT INTO provider_catalogues (provider, models, fetched_at) VALUES ($1, $2::text::jsonb, $3::text::timestamptz)
ON CONFLICT (provider) DO UPDATE SET models = excluded.models, fetched_at = excluded.fetched_at
WHERE provider_catalogues.fetched_at <= excluded.fetched_at
"""


class StoredList(NamedTuple):
    """A provider's list as it was at `fetched_at`."""

    models: tuple[ListedModel, ...]
    fetched_at: datetime


class CatalogueRepository:
    """Every query on `provider_catalogues`. All raise `DatabaseAway` if the database can't be reached."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> Mapping[str, StoredList]:
        """Return the last list of every provider, by the provider's id. Rows in the format of another version are skipped."""
        rows = await self._database.run(lambda prisma: prisma.provider_catalogues.find_many())
        stored: dict[str, StoredList] = {}
        for row in rows:
            try:
                stored[row.provider] = StoredList(msgspec.convert(row.models, tuple[ListedModel, ...]), row.fetched_at)
            except msgspec.ValidationError as error:
                log.warning("stored_model_list_ignored", provider=row.provider, reason=str(error))
        return stored

    async def added(self) -> Mapping[str, Mapping[str, ListedModel]]:
        """Return the models that administrators added by hand, by provider and name."""
        rows = await self._database.run(lambda prisma: prisma.added_models.find_many(order={"model": "asc"}))
        added: dict[str, dict[str, ListedModel]] = {}
        for row in rows:
            provider_id, _, name = row.model.partition("/")
            added.setdefault(provider_id, {})[name] = msgspec.convert(row.listed, ListedModel)
        return added

    async def save(self, provider_id: str, last: StoredList) -> None:
        """Store a list in place of an earlier one. One that another process fetched later stays."""
        models = msgspec.json.encode(last.models).decode()
        await self._database.run(lambda prisma: prisma.execute_raw(_SAVE, provider_id, models, last.fetched_at.isoformat()))


class FavouriteRepository:
    """Every query on `favourite_models`. All raise `DatabaseAway`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_id: str) -> frozenset[str]:
        """Return the full names of the user's favourites."""
        rows = await self._database.run(lambda prisma: prisma.favourite_models.find_many(where={"user_id": user_id}))
        return frozenset(row.model for row in rows)

    async def add(self, user_id: str, model: str, *, most: int) -> bool:
        """Store a favourite if the user has fewer than `most`; return whether it is stored now."""

        async def write(transaction: Prisma) -> bool:
            # One at a time for this user, so that the count is right.
            found = await transaction.query_raw("SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE", user_id)
            if not found:
                raise NotAuthenticated("The account no longer exists.")
            kept = await transaction.favourite_models.find_many(where={"user_id": user_id}, take=most)
            if model in {row.model for row in kept}:
                return True
            if len(kept) < most:
                await transaction.favourite_models.create(data={"user_id": user_id, "model": model})
            return len(kept) < most

        return await in_transaction(self._database, write)

    async def remove(self, user_id: str, model: str) -> None:
        """Remove a favourite, if there is one."""
        await self._database.run(lambda prisma: prisma.favourite_models.delete_many(where={"user_id": user_id, "model": model}))


class ModelSettingsRepository:
    """Reads `model_settings`; the room `administration` writes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> Mapping[str, ModelSetting]:
        """Return all settings, by the full name of the model. Raises `DatabaseAway`."""
        rows = await self._database.run(lambda prisma: prisma.model_settings.find_many(order={"model": "asc"}))
        return {row.model: setting_of(row) for row in rows}


def setting_of(row: tables.model_settings) -> ModelSetting:
    """Return the setting in a row."""
    price = None
    if row.input_price is not None and row.output_price is not None:
        price = ListPrice(row.input_price, row.output_price, row.cached_input_price)
    return ModelSetting(active=row.active, tier=cast("Tier", row.tier), display_name=row.display_name, price=price)


_LAST_HOUR = """
SELECT a.provider, count(*)::int AS answers, count(*) FILTER (WHERE a.status = 'failed')::int AS failures,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY a.time_to_first_token) AS time_to_first_token,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY a.response_time) FILTER (WHERE a.status = 'completed') AS response_time,
  (array_agg(a.error_code ORDER BY a.finished_at DESC) FILTER (WHERE a.status = 'failed'))[1] AS last_error
FROM answers a
WHERE a.created_at > now() - interval '1 hour' AND a.status IN ('completed', 'failed') AND NOT a.own_key AND a.copied_from IS NULL
GROUP BY a.provider
"""


@dataclass(frozen=True, slots=True)
class LastHour:
    """How a provider did in the last hour, on the service's own keys."""

    answers: int
    """That completed or failed."""
    failures: int
    time_to_first_token: float | None
    """The median, in ms."""
    response_time: float | None
    """The median of completed answers, in ms."""
    last_error: str | None
    """The code of the newest failure."""


class RecentAnswersRepository:
    """Adds up the answers of the last hour."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def last_hour(self, asked_by: str) -> Mapping[str, LastHour]:
        """Return the figures of every provider that was asked, by its id. Raises `TooSlow` and `DatabaseAway`."""
        rows = await self._database.read(asked_by, _LAST_HOUR, seconds=LIST_SECONDS, narrow="Try again later.")
        return {
            row["provider"]: LastHour(row["answers"], row["failures"], row["time_to_first_token"], row["response_time"], row["last_error"])
            for row in rows
        }
