"""Who asks: the annotated dependencies that say who may call an endpoint."""

from typing import Annotated

from fastapi import Depends, Query
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from playground.errors import NotAuthenticated
from playground.services import CurrentServices

from .tokens import User

_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="The `accessToken` of `/auth/login`.")

_Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
_QueryToken = Annotated[
    str | None, Query(alias="token", max_length=4096, description="An access token, for clients that can't set headers (`EventSource`).")
]


async def current_user(services: CurrentServices, bearer: _Bearer) -> User:
    """The user whose access token came as `Authorization: Bearer`. Raises `NotAuthenticated`."""
    if bearer is None:
        raise NotAuthenticated("Log in first: send an access token as `Authorization: Bearer ...`.")
    return services.tokens.read(bearer.credentials, "access")


async def stream_user(services: CurrentServices, bearer: _Bearer, token: _QueryToken = None) -> User:
    """As `current_user`; the token may also come as `token=` in the query. For event streams alone: addresses end up in logs."""
    if bearer is None and token is not None:
        return services.tokens.read(token, "access")
    return await current_user(services, bearer)


CurrentUser = Annotated[User, Depends(current_user)]
StreamUser = Annotated[User, Depends(stream_user)]
