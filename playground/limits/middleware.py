"""Counts requests before anything else is done for them. Plain ASGI: responses pass unchanged."""

from starlette.datastructures import QueryParams
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from playground.accounts.authorization import identify
from playground.accounts.identity import User
from playground.accounts.logins.tickets import Tickets
from playground.kit.errors import Problem
from playground.kit.problems import respond
from playground.kit.provided import services_of
from playground.page.routes import Page

from .service import LimitService

_UNCOUNTED = frozenset({"/health", "/health/live", "/health/ready", "/metrics", "/docs", "/favicon.ico"})
_UNCOUNTED_FOLDERS = ("/docs/", "/assets/")
"""Files of the documentation and of the page, including those of an earlier build."""
_STREAM = "/stream"


class RequestLimits:
    """Refuses requests beyond the limits. The responses to all others report the limits.

    A request with a valid login counts for its user, others for their address. Requests that can be used to guess passwords count
    separately: logging in, registering and password resets, with or without a login, and all other requests to `/auth` without a
    valid access token, except for refreshing tokens.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and is_counted(scope["path"]) and not _is_for_page(scope):
            refusal = await services_of(scope).get(LimitService).count_request(scope, await _asker(scope))
            if refusal is not None:
                await respond(refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _asker(scope: Scope) -> User | None:
    """Return the user; `None` without a valid login. If the endpoint needs a user, it reports what is wrong with the login."""
    try:
        user = await identify(scope)
        if user is None and scope["path"].endswith(_STREAM) and b"token=" in scope["query_string"]:
            # `EventSource` can't set headers.
            token = QueryParams(scope["query_string"]).get("token")
            user = await services_of(scope).get(Tickets).holder_of(token) if token else None
    except Problem:
        return None
    return user


def _is_for_page(scope: Scope) -> bool:
    """Return whether a browser gets the page or one of its files, such as at `/` and at every address that is not in the API."""
    app = scope["app"]
    page: Page = app.state.page
    return page.serves(scope) and (scope["path"] == "/" or all(route.matches(scope)[0] is Match.NONE for route in app.router.routes))


def is_counted(path: str) -> bool:
    """Return whether requests to `path` are counted."""
    return path not in _UNCOUNTED and not path.startswith(_UNCOUNTED_FOLDERS)
