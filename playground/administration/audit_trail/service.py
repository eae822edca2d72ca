"""Reading the audit."""

from .repository import AuditFilter, AuditRepository
from .schemas import AuditEvent, AuditPage


class AuditTrail:
    """What was changed, by whom."""

    def __init__(self, repository: AuditRepository) -> None:
        self._repository = repository

    async def page(self, asked_by: str, wanted: AuditFilter, *, cursor: str | None, limit: int) -> AuditPage:
        """A page of events, newest first. One more is asked for than shown, to know whether there is a next page."""
        rows = await self._repository.page(asked_by, wanted, cursor=cursor, limit=limit + 1)
        items = [AuditEvent.model_validate(row) for row in rows[:limit]]
        return AuditPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)
