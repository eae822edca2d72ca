"""`/users/me`: the user's own account."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from playground.accounts.authorization import CurrentDevice, CurrentUser, ScopeMissing
from playground.accounts.export.service import Export, file_name
from playground.accounts.logins import cookies
from playground.accounts.logins.cookies import ForeignOrigin
from playground.accounts.logins.service import LoginNotFound, Logins
from playground.accounts.schemas import LoginPage, PasswordChange, PasswordConfirmation, Profile, ProfileChange, TokenPair
from playground.accounts.service import AccountService, LastAdministrator, UsernameTaken, WrongPassword
from playground.kit.closing_stream import ClosingStream
from playground.kit.errors import BadInput, NotAuthenticated, Unavailable
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.kit.text import CleanText
from playground.kit.wire import IdPath
from playground.settings import Settings

router = APIRouter(prefix="/users/me", tags=["accounts"])


@router.get("", summary="Get your account", responses=documented(NotAuthenticated, ScopeMissing, Unavailable))
async def me(accounts: Provided[AccountService], user: CurrentUser) -> Profile:
    """Return your account."""
    return await accounts.profile(user)


@router.patch("", summary="Change your account", responses=documented(NotAuthenticated, ScopeMissing, UsernameTaken, BadInput, Unavailable))
async def change_me(accounts: Provided[AccountService], user: CurrentUser, change: ProfileChange) -> Profile:
    """Change your name, bio, username or preferences. Absent fields stay the same."""
    return await accounts.change(user, change)


@router.delete(
    "",
    summary="Delete your account",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(NotAuthenticated, ScopeMissing, WrongPassword, LastAdministrator, BadInput, Unavailable),
)
async def delete_me(accounts: Provided[AccountService], user: CurrentUser, response: Response, body: PasswordConfirmation) -> None:
    """Delete your account with everything in it. Running comparisons are stopped. This can't be undone.

    Administrators can still see the audit trail: that the account was deleted, by whom, and what was recorded before.
    """
    await accounts.delete(user, body.password.get_secret_value())
    cookies.clear(response)


@router.post(
    "/password",
    summary="Change password",
    responses=documented(NotAuthenticated, ScopeMissing, WrongPassword, ForeignOrigin, BadInput, Unavailable),
)
async def change_password(
    settings: Provided[Settings],
    accounts: Provided[AccountService],
    user: CurrentUser,
    request: Request,
    response: Response,
    device: CurrentDevice,
    body: PasswordChange,
) -> TokenPair:
    """Change your password. All earlier tokens stop working immediately. The response has new ones."""
    if body.cookie:
        cookies.check_origin(request, settings)
    pair = await accounts.change_password(user, body, device)
    cookies.hand_over(pair, request, response, settings, in_cookie=body.cookie)
    return pair


@router.get("/logins", summary="List logins", responses=documented(NotAuthenticated, ScopeMissing, BadInput, Unavailable))
async def logins(
    logins: Provided[Logins],
    user: CurrentUser,
    cursor: Annotated[CleanText | None, Query(max_length=64, description="`nextCursor` of the previous page.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 30,
) -> LoginPage:
    """List your logins, newest first."""
    return await logins.page(user, cursor=cursor, limit=limit)


@router.delete(
    "/logins",
    summary="Log out on all other devices",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(NotAuthenticated, ScopeMissing, Unavailable),
)
async def end_other_logins(logins: Provided[Logins], user: CurrentUser) -> None:
    """Log out on all other devices."""
    await logins.end_others(user)


@router.delete(
    "/logins/{login_id}",
    summary="Log out on one device",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(NotAuthenticated, ScopeMissing, LoginNotFound, BadInput, Unavailable),
)
async def end_login(logins: Provided[Logins], user: CurrentUser, login_id: IdPath) -> None:
    """Log out on one device."""
    await logins.end(user.id, login_id)


@router.get(
    "/export",
    summary="Export your data",
    response_class=StreamingResponse,
    responses={
        **documented(NotAuthenticated, ScopeMissing, Unavailable),
        200: {
            "description": "A ZIP file of JSON files: profile, logins, keys without secrets, usage, and one file per session.",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        },
    },
)
async def export(account_export: Provided[Export], accounts: Provided[AccountService], user: CurrentUser) -> ClosingStream:
    """Download all your data as a ZIP file. It is created while it is sent."""
    parts = account_export.parts(await accounts.profile(user))
    headers = {"Content-Disposition": f'attachment; filename="{file_name()}"', "Cache-Control": "no-store"}
    return ClosingStream(parts, media_type="application/zip", headers=headers)
