"""The database queries on invitations, except for using one, which is part of creating the account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self, cast

from playground.accounts.roles import Role
from playground.database.audit import Audit
from playground.database.client import Database
from playground.database.generated import models
from playground.database.transactions import Transaction, in_transaction
from playground.kit.ids import new_id

_TARGET = "invitation"

_INVITE = """
INSERT INTO invitations (id, token_hash, email, role, invited_by, expires_at) VALUES ($1, $2, $3, $4::"Role", $5, $6::timestamptz)
ON CONFLICT (id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class StoredInvitation:
    """An invitation, without its token."""

    id: str
    email: str | None
    role: Role
    invited_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    used_by: str | None

    @classmethod
    def of(cls, row: models.invitations) -> Self:
        """Return the invitation of a row."""
        role = cast("Role", row.role)
        return cls(row.id, row.email, role, row.invited_by, row.created_at, row.expires_at, row.used_at, row.used_by)


class InvitationRepository:
    """Invitations in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._audit = Audit(database)

    async def create(
        self, invitation_id: str, *, token_hash: str, email: str | None, role: str, invited_by: str, expires_at: datetime
    ) -> StoredInvitation:
        """Store an invitation."""
        parameters = (invitation_id, token_hash, email, role, invited_by, expires_at.isoformat())
        given = {"email": (None, email), "role": (None, role)}
        event_id = new_id()

        async def write(transaction: Transaction) -> StoredInvitation:
            await transaction.execute_raw(_INVITE, *parameters)
            await self._audit.record(invited_by, "invitation.issued", _TARGET, invitation_id, given, within=transaction, event_id=event_id)
            return StoredInvitation.of(await transaction.invitations.find_unique_or_raise(where={"id": invitation_id}))

        return await in_transaction(self._database, write)

    async def page(self, *, cursor: str | None, limit: int) -> list[StoredInvitation]:
        """Return invitations, newest first, starting after `cursor`."""
        where: Any = {} if cursor is None else {"id": {"lt": cursor}}
        rows = await self._database.run(lambda prisma: prisma.invitations.find_many(where=where, order={"id": "desc"}, take=limit))
        return [StoredInvitation.of(row) for row in rows]

    async def delete(self, invitation_id: str, *, actor_id: str) -> bool:
        """Delete an invitation. Return whether it existed."""
        event_id = new_id()

        async def write(transaction: Transaction) -> bool:
            row = await transaction.invitations.delete(where={"id": invitation_id})
            if row is None:
                return await self._audit.happened(event_id, within=transaction)
            lost = {"email": (row.email, None), "role": (row.role, None)}
            await self._audit.record(actor_id, "invitation.withdrawn", _TARGET, invitation_id, lost, within=transaction, event_id=event_id)
            return True

        return await in_transaction(self._database, write)
