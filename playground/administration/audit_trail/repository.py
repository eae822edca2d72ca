"""The database queries on `audit_events`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from playground.database.client import LIST_SECONDS, Database

_PAGE = """
SELECT id, created_at, actor_id, actor, action, target_type, target_id, details, address, request_id
FROM audit_events
WHERE ($1::text IS NULL OR id < $1)
  AND ($2::text IS NULL OR actor_id = $2 OR lower(actor) = lower($2))
  AND ($3::text IS NULL OR action = $3 OR starts_with(action, $3 || '.'))
  AND ($4::text IS NULL OR target_type = $4)
  AND ($5::text IS NULL OR target_id = $5)
  AND ($6::timestamptz IS NULL OR created_at >= $6::timestamptz)
  AND ($7::timestamptz IS NULL OR created_at < $7::timestamptz)
ORDER BY id DESC
LIMIT $8::int
"""


_NARROW = "Filter the list by `from`, `to`, `actor` or `action`."


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which events to return; `None` doesn't filter."""

    actor: str | None = None
    """An id, or an email address or name at that time."""
    action: str | None = None
    """Such as `user.locked`, or `user` for all user actions."""
    target_type: str | None = None
    target_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event as it was recorded."""

    id: str
    created_at: datetime
    actor_id: str | None
    actor: str
    action: str
    target_type: str
    target_id: str
    details: dict[str, dict[str, Any]]
    """By field, the values before and after."""
    address: str | None
    request_id: str | None


class AuditRepository:
    """Reads audit events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, asked_by: str, wanted: AuditFilter, *, cursor: str | None, limit: int) -> list[RecordedEvent]:
        """Return events, newest first, starting after `cursor`."""
        times = [None if moment is None else moment.isoformat() for moment in (wanted.since, wanted.until)]
        parameters = (cursor, wanted.actor, wanted.action, wanted.target_type, wanted.target_id, *times, limit)
        rows = await self._database.read(asked_by, _PAGE, *parameters, seconds=LIST_SECONDS, narrow=_NARROW)
        return msgspec.convert(rows, list[RecordedEvent])
