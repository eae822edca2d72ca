"""`/admin/audit`: who changed what, when and from where."""

from typing import Annotated

from fastapi import APIRouter, Query

from playground.accounts.authorization import Administrator
from playground.administration.audit_trail.service import AuditTrail
from playground.database.shares import TooSlow
from playground.kit.errors import BadInput, Forbidden, NotAuthenticated, Unavailable
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.kit.text import CleanText
from playground.kit.wire import GivenMoment

from .repository import AuditFilter
from .schemas import AuditPage

router = APIRouter(prefix="/admin", tags=["administration"])


@router.get("/audit", summary="List audit events", responses=documented(BadInput, NotAuthenticated, Forbidden, Unavailable, TooSlow))
async def list_audit_events(
    trail: Provided[AuditTrail],
    administrator: Administrator,
    actor: Annotated[
        CleanText | None,
        Query(max_length=320, description="Who made the change: an id, an email address or name at that time, or `terminal`."),
    ] = None,
    action: Annotated[
        CleanText | None, Query(max_length=100, description="Such as `user.locked`, or `user` for all user actions.", examples=["user"])
    ] = None,
    target_type: Annotated[CleanText | None, Query(alias="targetType", max_length=100, description="Such as `user` or `model`.")] = None,
    target: Annotated[CleanText | None, Query(max_length=400, description="The id of the changed object.")] = None,
    since: Annotated[GivenMoment | None, Query(alias="from", description="Start time (inclusive).")] = None,
    until: Annotated[GivenMoment | None, Query(alias="to", description="End time (exclusive).")] = None,
    cursor: Annotated[CleanText | None, Query(max_length=64, description="`nextCursor` of the previous page.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AuditPage:
    """List audit events, newest first."""
    wanted = AuditFilter(actor=actor, action=action, target_type=target_type, target_id=target, since=since, until=until)
    return await trail.page(administrator.id, wanted, cursor=cursor, limit=limit)
