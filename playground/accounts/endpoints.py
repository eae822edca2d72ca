"""`/auth`: accounts and tokens."""

from fastapi import APIRouter, Request, Response, status

from playground.accounts.logins.cookies import ForeignOrigin, RefreshCookie
from playground.accounts.logins.service import Logins, RefreshTokenUsed
from playground.accounts.passwords.resets import PasswordResets, ResetRefused
from playground.accounts.service import AccountService
from playground.kit.errors import BadInput, NotAuthenticated, Unavailable
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.settings import Settings

from .authorization import CurrentDevice, CurrentUser, ScopeMissing, bearer_of, identify
from .dns_rebinding import check_name
from .logins import cookies
from .schemas import Asked, ForgottenPassword, Login, PasswordReset, Profile, Refresh, Registered, Registration, TokenPair, Verified
from .service import AccountLocked, AddressTaken, InvitationNeeded, InvitationRefused, RegistrationClosed, UsernameTaken

router = APIRouter(prefix="/auth", tags=["accounts"])


@router.post(
    "/register",
    summary="Create account",
    status_code=status.HTTP_201_CREATED,
    responses=documented(
        AddressTaken, UsernameTaken, RegistrationClosed, InvitationNeeded, InvitationRefused, ForeignOrigin, BadInput, Unavailable
    ),
)
async def register(
    settings: Provided[Settings],
    accounts: Provided[AccountService],
    request: Request,
    response: Response,
    device: CurrentDevice,
    registration: Registration,
) -> Registered:
    """Create an account and log in. The first account becomes the administrator."""
    check_name(request, settings)
    if registration.cookie:
        cookies.check_origin(request, settings)
    registered = await accounts.register(registration, device)
    cookies.hand_over(registered, request, response, settings, in_cookie=registration.cookie)
    return registered


@router.post("/login", summary="Log in", responses=documented(NotAuthenticated, AccountLocked, ForeignOrigin, BadInput, Unavailable))
async def login(
    settings: Provided[Settings],
    accounts: Provided[AccountService],
    request: Request,
    response: Response,
    device: CurrentDevice,
    login: Login,
) -> TokenPair:
    """Log in. The response has an access token for requests, and a refresh token to get new tokens with."""
    if login.cookie:
        cookies.check_origin(request, settings)
    pair = await accounts.login(login, device)
    cookies.hand_over(pair, request, response, settings, in_cookie=login.cookie)
    return pair


@router.post(
    "/refresh", summary="Refresh tokens", responses=documented(NotAuthenticated, RefreshTokenUsed, ForeignOrigin, BadInput, Unavailable)
)
async def refresh(
    settings: Provided[Settings],
    logins: Provided[Logins],
    request: Request,
    response: Response,
    device: CurrentDevice,
    body: Refresh | None = None,
    cookie: RefreshCookie = None,
) -> TokenPair:
    """Exchange a refresh token for new tokens. A refresh token works once: a second use ends its login.

    A second use within ten seconds, such as when a page is loaded twice in quick succession, returns the refresh token
    that replaced it. Without `refreshToken` in the body, the cookie is read, and the new refresh token is set as a cookie.
    """
    given = body.refresh_token if body else None
    in_cookie = given is None
    if in_cookie:
        cookies.check_origin(request, settings)
        given = cookie
    if given is None:
        raise NotAuthenticated("Log in first, then send the `refreshToken` or the cookie that contains it.")
    pair = await logins.refresh(given, device)
    cookies.hand_over(pair, request, response, settings, in_cookie=in_cookie)
    return pair


@router.post(
    "/logout",
    summary="Log out",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(NotAuthenticated, ForeignOrigin, BadInput, Unavailable),
)
async def logout(
    settings: Provided[Settings],
    logins: Provided[Logins],
    request: Request,
    response: Response,
    body: Refresh | None = None,
    cookie: RefreshCookie = None,
) -> None:
    """Log out. All tokens of the login stop working.

    The login is found by the access token, the `refreshToken` in the body, or the cookie, which is cleared.
    """
    if cookie is not None:
        cookies.check_origin(request, settings)
    cookies.clear(response)
    try:
        user = await identify(request.scope)
    except NotAuthenticated:
        user = None  # Logging out must also work with an expired access token.
    ended = await logins.end_given(user, [token for token in (body.refresh_token if body else None, cookie) if token])
    if not ended and cookie is None:
        raise NotAuthenticated("Send the access token or the refresh token of the login to end.")


@router.get("/verify", summary="Verify token", responses=documented(NotAuthenticated, ScopeMissing, Unavailable))
async def verify(accounts: Provided[AccountService], user: CurrentUser, request: Request) -> Verified:
    """Return the account that the access token belongs to, and when the token expires."""
    return await accounts.verify(user, bearer_of(request.headers) or "")


@router.get("/profile", summary="Get your account", responses=documented(NotAuthenticated, ScopeMissing, Unavailable))
async def profile(accounts: Provided[AccountService], user: CurrentUser) -> Profile:
    """Return your account. Same as `GET /users/me`."""
    return await accounts.profile(user)


@router.post("/forgot-password", summary="Request password reset", status_code=status.HTTP_202_ACCEPTED, responses=documented(BadInput))
async def forgot_password(resets: Provided[PasswordResets], body: ForgottenPassword) -> Asked:
    """Request a mail with a link to reset the password. The response is the same whether or not the account exists."""
    resets.send_link_soon(body.email)
    return Asked()


@router.post(
    "/reset-password",
    summary="Reset password",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=documented(ResetRefused, BadInput, Unavailable),
)
async def reset_password(resets: Provided[PasswordResets], response: Response, body: PasswordReset) -> None:
    """Set a new password with the token from the mail. All logins of the account end."""
    cookies.clear(response)
    await resets.reset(body)
