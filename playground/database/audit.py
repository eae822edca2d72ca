"""The audit: who changed what, when and from where. Every room that changes something of note records it here."""

from collections.abc import Mapping
from typing import Any

import msgspec

from playground.kit.ids import new_id
from playground.kit.request_origin import ORIGIN

from .client import Database
from .transactions import Transaction

TERMINAL = "terminal"
"""Who acts when nobody is logged in: the operator."""

Changes = Mapping[str, tuple[Any, Any]]
"""By field: what was before and what is after, as JSON has it."""

# The name is looked up by the statement itself, so that nobody has to know it. Repeated without harm.
_RECORD = """
INSERT INTO audit_events (id, actor_id, actor, action, target_type, target_id, details, address, request_id)
SELECT $1, $2::text, coalesce((SELECT coalesce(email, username, name) FROM users WHERE id = $2), $2, $3), $4, $5, $6, $7::jsonb, $8, $9
ON CONFLICT DO NOTHING
"""


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What changed between two records with the same fields."""
    return {field: (before[field], after[field]) for field in after if before[field] != after[field]}


class Audit:
    """Records changes. Address and id of the request are those of the request that is being served."""

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
        """Record that `actor_id` (`None`: the operator at the terminal) did `action`, as `user.locked`, to a `user`, `model`, ...

        `changes` must hold no secret: no password, no key, no token, nor a hash of one. `within` is the transaction of the change, so
        that neither is kept without the other. A caller whose operation may run twice (see `Database.run`), and would find something to
        record both times, gives an `event_id` that was made before it. Raises `Unavailable`.
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
        """Return whether an earlier attempt of this operation succeeded, although its answer was lost.

        An operation that finds nothing to change asks this before it says so: `event_id` is created once for all attempts, and the event
        is recorded in the transaction of the change.
        """
        return await within.audit_events.count(where={"id": event_id}) > 0
