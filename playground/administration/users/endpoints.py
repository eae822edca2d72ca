"""`/admin/users`: accounts, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Query, status

from playground.accounts.authorization import Administrator
from playground.accounts.roles import Role
from playground.accounts.service import LastAdministrator
from playground.administration.users.service import UserAdministration
from playground.database.shares import TooSlow
from playground.kit.errors import BadInput, Forbidden, NotAuthenticated, Unavailable
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.kit.text import CleanText
from playground.kit.wire import IdPath
from playground.limits.schemas import Usage
from playground.limits.service import LimitService

from .repository import UserFilter
from .schemas import Order, Sorting, UserChange, UserDetail, UserPage
from .service import UserNotFound

router = APIRouter(prefix="/admin/users", tags=["administration"])


@router.get("", summary="List accounts", responses=documented(BadInput, NotAuthenticated, Forbidden, Unavailable, TooSlow))
async def list_users(
    users: Provided[UserAdministration],
    administrator: Administrator,
    q: Annotated[CleanText | None, Query(max_length=200, description="Part of the email address, the username or the name.")] = None,
    role: Annotated[Role | None, Query()] = None,
    active: Annotated[bool | None, Query(description="`false`: only locked accounts.")] = None,
    sort: Annotated[Sorting, Query()] = "createdAt",
    order: Annotated[Order, Query()] = "desc",
    cursor: Annotated[CleanText | None, Query(max_length=1_000, description="`nextCursor` of the previous page.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> UserPage:
    """List all accounts."""
    wanted = UserFilter(text=q, role=role, active=active)
    return await users.page(administrator.id, wanted, sort=sort, order=order, cursor=cursor, limit=limit)


@router.get("/{user_id}", summary="Get account", responses=documented(BadInput, NotAuthenticated, Forbidden, UserNotFound, Unavailable))
async def get_user(users: Provided[UserAdministration], _administrator: Administrator, user_id: IdPath) -> UserDetail:
    """Return an account with its usage, and how many sessions, logins and keys it has."""
    return await users.detail(user_id)


@router.get(
    "/{user_id}/usage", summary="Get account usage", responses=documented(BadInput, NotAuthenticated, Forbidden, UserNotFound, Unavailable)
)
async def get_user_usage(
    limits: Provided[LimitService], users: Provided[UserAdministration], _administrator: Administrator, user_id: IdPath
) -> Usage:
    """Return what a user has used and has left of each limit, as the user sees it at `/users/me/usage`."""
    return await limits.usage(await users.as_asker(user_id))


@router.patch(
    "/{user_id}",
    summary="Change account",
    responses=documented(BadInput, NotAuthenticated, Forbidden, UserNotFound, LastAdministrator, Unavailable),
)
async def change_user(users: Provided[UserAdministration], administrator: Administrator, user_id: IdPath, change: UserChange) -> UserDetail:
    """Change an account's role, limits or name, or lock or unlock it. Takes effect with the next request, on every replica."""
    return await users.change(user_id, change, actor_id=administrator.id)


@router.delete(
    "/{user_id}",
    summary="Delete account",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(BadInput, NotAuthenticated, Forbidden, UserNotFound, LastAdministrator, Unavailable),
)
async def delete_user(users: Provided[UserAdministration], administrator: Administrator, user_id: IdPath) -> None:
    """Delete an account with its sessions, logins and keys. Its running comparisons are stopped."""
    await users.delete(user_id, actor_id=administrator.id)
