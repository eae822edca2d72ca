"""Writing `added_models`."""

import msgspec

from playground.database.audit import Audit
from playground.database.client import Database
from playground.database.generated import Json, Prisma
from playground.database.transactions import in_transaction
from playground.providers.records import ListedModel


class AddedModelsRepository:
    """Adds models by hand and removes them again, with an audit event in the same transaction."""

    def __init__(self, database: Database, audit: Audit) -> None:
        self._database = database
        self._audit = audit

    async def add(self, full_name: str, listed: ListedModel, *, actor_id: str) -> bool:
        """Keep a model; `False`, and nothing is changed, if it was added before. Raises `DatabaseAway`."""
        known = msgspec.to_builtins(listed)

        async def write(transaction: Prisma) -> bool:
            if await transaction.added_models.find_unique(where={"model": full_name}) is not None:
                return False
            await transaction.added_models.create(data={"model": full_name, "listed": Json(known)})
            await self._audit.record(actor_id, "model.added", "model", full_name, {"listed": (None, known)}, within=transaction)
            return True

        return await in_transaction(self._database, write)

    async def remove(self, full_name: str, *, actor_id: str) -> bool:
        """Forget a model that was added by hand; whether there was one. Raises `DatabaseAway`."""

        async def write(transaction: Prisma) -> bool:
            removed = await transaction.added_models.delete(where={"model": full_name})
            if removed is None:
                return False
            await self._audit.record(actor_id, "model.removed", "model", full_name, {"listed": (removed.listed, None)}, within=transaction)
            return True

        return await in_transaction(self._database, write)
