"""Authorization: the annotated dependencies that say who can call an endpoint."""

from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.openapi.models import HTTPBearer as BearerModel
from fastapi.security.base import SecurityBase
from starlette.datastructures import Headers
from starlette.types import Scope as AsgiScope

from playground.accounts.logins.service import Device
from playground.accounts.logins.tickets import Tickets
from playground.kit.errors import Forbidden, NotAuthenticated, Problem
from playground.kit.provided import services_of
from playground.kit.text import clean

from .identity import Identities, Scope, User

API_KEY_PREFIX = "pg_"
"""The prefix of every API key. It distinguishes keys from tokens, and lets scanners find leaked keys."""
_ASKER = "playground.asker"
_LONGEST_USER_AGENT = 300

_QueryToken = Annotated[
    str | None,
    Query(alias="token", max_length=4096, description="An access token or a stream ticket, for clients that can't set headers."),
]


class ScopeMissing(Forbidden):
    """The API key lacks the scope that this request needs."""

    code = "scope_missing"
    title = "The API key lacks a scope"


async def identify(scope: AsgiScope) -> User | None:
    """Return the user of a request, by its headers; `None` without token and key. Determined once per request.

    Raises `NotAuthenticated` if the token or key is not valid, `Unavailable` if that can't be checked.
    """
    found: User | Problem | None
    if _ASKER not in scope:
        try:
            found = await _identify(Headers(scope=scope), services_of(scope).get(Identities))
        except Problem as error:
            found = error
        scope[_ASKER] = found
    found = scope[_ASKER]
    if isinstance(found, Problem):
        raise found
    return found


def bearer_of(headers: Headers) -> str | None:
    """Return the token after `Authorization: Bearer`."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    return credentials.strip() if scheme.lower() == "bearer" else None


async def _identify(headers: Headers, identities: Identities) -> User | None:
    key, credentials = headers.get("x-api-key"), bearer_of(headers)
    if key is None and credentials is not None:
        if not credentials.startswith(API_KEY_PREFIX):
            return await identities.of_access_token(credentials)
        key = credentials
    return await identities.of_api_key(key) if key is not None else None


class LoggedIn(SecurityBase):
    """Requires a login: an access token as `Authorization: Bearer`. Raises `NotAuthenticated`, `Forbidden`.

    These dependencies provide their own OpenAPI description, because a further dependency would cost 0.1 ms per request.
    """

    scheme_name = "login"
    model = BearerModel(bearerFormat="JWT", description="The `accessToken` from `/auth/login`.")

    async def __call__(self, request: Request) -> User:
        """Return the user."""
        user = await identify(request.scope)
        if user is None:
            raise NotAuthenticated("Log in first: send an access token as `Authorization: Bearer ...`.")
        if user.key_id is not None:
            raise ScopeMissing("This request needs a login. API keys are not accepted.")
        return user


class LoggedInAsAdministrator(LoggedIn):
    """Requires the login of an administrator. Raises `NotAuthenticated`, `Forbidden`."""

    async def __call__(self, request: Request) -> User:
        """Return the administrator."""
        user = await super().__call__(request)
        if user.role != "admin":
            raise Forbidden("Only administrators can do this.")
        return user


class Allowed(SecurityBase):
    """Requires a login, or an API key with `scope`. Raises `NotAuthenticated`, `ScopeMissing`."""

    scheme_name = "loginOrKey"  # The OpenAPI document replaces it by both schemes.
    model = LoggedIn.model

    def __init__(self, scope: Scope) -> None:
        self._scope: Scope = scope

    async def __call__(self, request: Request) -> User:
        """Return the user."""
        return check_scope(_somebody(await identify(request.scope)), self._scope)


class AllowedToStream(Allowed):
    """Like `Allowed`, but also accepts `token=` in the query. Only for event streams, because URLs end up in logs."""

    async def __call__(self, request: Request, token: _QueryToken = None) -> User:
        """Return the user."""
        user = await identify(request.scope)
        if user is None and token is not None:
            user = await services_of(request.scope).get(Tickets).user_of(token, request.headers.get("last-event-id"))
        return check_scope(_somebody(user), self._scope)


def _somebody(user: User | None) -> User:
    if user is None:
        raise NotAuthenticated("Log in first: send an access token as `Authorization: Bearer ...`, or an API key as `X-API-Key`.")
    return user


def check_scope(user: User, scope: Scope) -> User:
    """Return the user if their login or API key has `scope`. Raises `ScopeMissing`."""
    if user.scopes is not None and scope not in user.scopes:
        raise ScopeMissing(f"The API key lacks the scope `{scope}`. Its scopes are: {', '.join(sorted(user.scopes)) or 'none'}.")
    return user


async def _device(request: Request) -> Device:
    user_agent = clean(request.headers.get("user-agent", ""))[:_LONGEST_USER_AGENT]
    return Device(request.client.host if request.client else None, user_agent or None)


CurrentDevice = Annotated[Device, Depends(_device)]
"""The device that sent the request, as far as the request shows."""
CurrentUser = Annotated[User, Depends(LoggedIn())]
"""The logged-in user. API keys are refused."""
Administrator = Annotated[User, Depends(LoggedInAsAdministrator())]
streamer = AllowedToStream("stream")
StreamUser = Annotated[User, Depends(streamer)]
Streamer = Annotated[User, Depends(Allowed("stream"))]
"""Like `StreamUser`, but only with headers."""
SessionReader = Annotated[User, Depends(Allowed("sessions:read"))]
SessionWriter = Annotated[User, Depends(Allowed("sessions:write"))]
ModelReader = Annotated[User, Depends(Allowed("models:read"))]
ReportReader = Annotated[User, Depends(Allowed("reports:read"))]
