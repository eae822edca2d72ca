"""The audit trail, page by page."""

from .repository import AuditFilter, AuditRepository
from .schemas import AuditEvent, AuditPage


class AuditTrail:
    """Reads the audit trail."""

    def __init__(self, repository: AuditRepository) -> None:
        self._repository = repository

    async def page(self, asked_by: str, wanted: AuditFilter, *, cursor: str | None, limit: int) -> AuditPage:
        """Return a page of events, newest first."""
        rows = await self._repository.page(asked_by, wanted, cursor=cursor, limit=limit + 1)
        return AuditPage.of(rows, limit, item=lambda row: AuditEvent.model_validate(row, from_attributes=True), cursor=lambda row: row.id)
