"""Who may: the annotated dependencies that say who may call an endpoint."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.datastructures import Headers
from starlette.types import Scope as AsgiScope

from playground.errors import Forbidden, NotAuthenticated
from playground.services import CurrentServices, Services

from .identity import Scope, User

API_KEY_PREFIX = "pg_"
"""Every API key begins with it, so that it is told from a token, and found by those who search for leaked ones."""
_ASKER = "playground.asker"

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="The `accessToken` of `/auth/login`, or an API key.")
_api_key = APIKeyHeader(name="X-API-Key", auto_error=False, description="A key of `/users/me/api-keys`.")

# For the OpenAPI document: `identify` reads the headers itself, since it is needed before there is an endpoint.
_Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
_ApiKey = Annotated[str | None, Depends(_api_key)]
_QueryToken = Annotated[
    str | None,
    Query(alias="token", max_length=4096, description="An access token or a stream ticket, for clients that can't set headers."),
]


class ScopeMissing(Forbidden):
    """The API key was not made for this."""

    code = "scope_missing"
    title = "The API key is not good for this"


async def identify(scope: AsgiScope, services: Services) -> User | None:
    """Who sent the request, by its headers; `None`: they hold no token and no key. Found out once a request.

    Raises `NotAuthenticated` when what they hold is not good.
    """
    found: User | NotAuthenticated | None
    if _ASKER not in scope:
        try:
            found = await _identify(Headers(scope=scope), services)
        except NotAuthenticated as error:
            found = error
        scope[_ASKER] = found
    found = scope[_ASKER]
    if isinstance(found, NotAuthenticated):
        raise found
    return found


async def _identify(headers: Headers, services: Services) -> User | None:
    key = headers.get("x-api-key")
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if key is None and scheme.lower() == "bearer":
        credentials = credentials.strip()
        if not credentials.startswith(API_KEY_PREFIX):
            return await services.identities.of_access_token(credentials)
        key = credentials
    return await services.identities.of_api_key(key) if key is not None else None


async def current_user(request: Request, services: CurrentServices, _for_docs: _Bearer) -> User:
    """The user who logged in: an access token came as `Authorization: Bearer`. Raises `NotAuthenticated`, `Forbidden`."""
    user = await identify(request.scope, services)
    if user is None:
        raise NotAuthenticated("Log in first: send an access token as `Authorization: Bearer ...`.")
    if user.key_id is not None:
        raise ScopeMissing("This needs a login: no API key is good for it.")
    return user


def _allowed(scope: Scope) -> Callable[..., Awaitable[User]]:
    async def user_with_scope(request: Request, services: CurrentServices, _for_docs: _Bearer, _key_for_docs: _ApiKey) -> User:
        user = await identify(request.scope, services)
        if user is None:
            raise NotAuthenticated("Log in first: send an access token as `Authorization: Bearer ...`, or an API key as `X-API-Key`.")
        return check_scope(user, scope)

    return user_with_scope


def check_scope(user: User, scope: Scope) -> User:
    """The user, if what they came with is good for `scope`. Raises `ScopeMissing`."""
    if user.scopes is not None and scope not in user.scopes:
        raise ScopeMissing(f"The API key has not the scope {scope}: it has {', '.join(sorted(user.scopes)) or 'none'}.")
    return user


async def stream_user(
    request: Request, services: CurrentServices, _for_docs: _Bearer, _key_for_docs: _ApiKey, token: _QueryToken = None
) -> User:
    """Who may stream; the token may also come as `token=` in the query. For event streams alone: addresses end up in logs."""
    user = await identify(request.scope, services)
    if user is None and token is not None:
        user = await services.identities.of_access_token(token)
    if user is None:
        raise NotAuthenticated("Log in first: send an access token as `Authorization: Bearer ...`, or an API key as `X-API-Key`.")
    return check_scope(user, "stream")


async def administrator(user: Annotated[User, Depends(current_user)]) -> User:
    """An administrator who logged in. Raises `NotAuthenticated`, `Forbidden`."""
    if user.role != "admin":
        raise Forbidden("Only administrators may do this.")
    return user


CurrentUser = Annotated[User, Depends(current_user)]
"""Somebody who logged in; no API key will do."""
StreamUser = Annotated[User, Depends(stream_user)]
Streamer = Annotated[User, Depends(_allowed("stream"))]
"""As `StreamUser`, but by headers alone."""
SessionReader = Annotated[User, Depends(_allowed("sessions:read"))]
SessionWriter = Annotated[User, Depends(_allowed("sessions:write"))]
ModelReader = Annotated[User, Depends(_allowed("models:read"))]
Administrator = Annotated[User, Depends(administrator)]
