"""`/admin/invitations`: invitations from administrators."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from playground.accounts.authorization import Administrator, ScopeMissing
from playground.accounts.invitations.service import Invitations
from playground.accounts.schemas import InvitationPage, IssuedInvitation, NewInvitation
from playground.accounts.service import AddressTaken
from playground.kit.errors import BadInput, Forbidden, NotAuthenticated, Unavailable
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.kit.text import CleanText
from playground.kit.wire import IdPath

from .service import InvitationNotFound

router = APIRouter(prefix="/admin/invitations", tags=["administration"])


@router.post(
    "",
    summary="Create invitation",
    status_code=status.HTTP_201_CREATED,
    responses=documented(NotAuthenticated, Forbidden, ScopeMissing, AddressTaken, BadInput, Unavailable),
)
async def invite(invitations: Provided[Invitations], administrator: Administrator, invitation: NewInvitation) -> IssuedInvitation:
    """Invite someone. The token is only shown in this response. With `email`, it is also sent to that address."""
    return await invitations.issue(administrator, invitation)


@router.get("", summary="List invitations", responses=documented(NotAuthenticated, Forbidden, ScopeMissing, BadInput, Unavailable))
async def list_invitations(
    invitations: Provided[Invitations],
    _administrator: Administrator,
    cursor: Annotated[CleanText | None, Query(max_length=64, description="`nextCursor` of the previous page.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> InvitationPage:
    """List the invitations, newest first. Expired ones are listed for one more day."""
    return await invitations.page(cursor=cursor, limit=limit)


@router.delete(
    "/{invitation_id}",
    summary="Withdraw invitation",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(NotAuthenticated, Forbidden, ScopeMissing, InvitationNotFound, BadInput, Unavailable),
)
async def withdraw(invitations: Provided[Invitations], administrator: Administrator, invitation_id: IdPath) -> None:
    """Withdraw an invitation."""
    await invitations.withdraw(administrator, invitation_id)
