"""The audit trail: who changed what, when and from where. Every room records its important changes here."""

from collections.abc import Mapping
from typing import Any

import msgspec

from playground.kit.ids import new_id
from playground.kit.request_origin import ORIGIN

from .client import Database
from .transactions import Transaction

TERMINAL = "terminal"
"""The actor of changes without a login: the operator."""

Changes = Mapping[str, tuple[Any, Any]]
"""The previous and the new JSON value by field."""

# The statement looks up the actor's name, so that callers don't need it. It can be repeated safely.
_RECORD = """
INSERT INTO audit_events (id, actor_id, actor, action, target_type, target_id, details, address, request_id)
SELECT $1, $2::text, coalesce((SELECT coalesce(email, username, name) FROM users WHERE id = $2), $2, $3), $4, $5, $6, $7::jsonb, $8, $9
ON CONFLICT DO NOTHING
"""


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return what changed between two records with the same fields."""
    return {field: (before[field], after[field]) for field in after if before[field] != after[field]}


class Audit:
    """Records changes, with the address and the id of the current request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(
        self,
        actor_id: str | None,
        action: str,
        target_type: str,
        target_id: str,
        changes: Changes | None = None,
        *,
        within: Transaction | None = None,
        event_id: str | None = None,
    ) -> None:
        """Record that `actor_id` (`None`: the operator at the terminal) did `action`, such as `user.locked`, to a `user`, `model`, ...

        `changes` must not contain secrets: no password, key or token, nor a hash of one. `within` is the transaction of the change, so
        that neither is stored without the other. If the operation may run twice (see `Database.run`) and would record something both
        times, `event_id` must be created before it. Raises `Unavailable`.
        """
        origin = ORIGIN.get()
        details = {field: {"before": before, "after": after} for field, (before, after) in (changes or {}).items()}
        row = (
            event_id or new_id(),
            actor_id,
            TERMINAL,
            action,
            target_type,
            target_id,
            msgspec.json.encode(details).decode(),
            origin.address,
            origin.request_id,
        )
        if within is not None:
            await within.execute_raw(_RECORD, *row)
        else:
            await self._database.run(lambda prisma: prisma.execute_raw(_RECORD, *row))

    async def happened(self, event_id: str, *, within: Transaction) -> bool:
        """Return whether an earlier attempt of this operation succeeded and its response got lost.

        An operation that finds nothing to change must check this before it reports that. `event_id` is created once for all attempts,
        and the event is recorded in the transaction of the change.
        """
        return await within.audit_events.count(where={"id": event_id}) > 0
