"""Counts requests before anything else is done for them. Plain ASGI: what is sent passes untouched."""

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
"""Files of the documentation and of the page, also of one that was built anew since."""
_STREAM = "/stream"


class RequestLimits:
    """Refuses requests beyond the limits; the answers to all others tell how the limits stand.

    A request with a login counts for its user, one without a good one for its address. Requests by which passwords are guessed
    count apart from others: those that log in, register or ask for a new password, whoever asks, and all others to `/auth` without a
    good access token, but not those for new tokens.
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
    """Who asks; `None` without a login that holds. What is wrong with it the endpoint will tell, if it needs to know who asks."""
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
    """Whether a browser gets a file of the page or the page itself, as at `/` and at every address that is none of the API's."""
    app = scope["app"]
    page: Page = app.state.page
    return page.serves(scope) and (scope["path"] == "/" or all(route.matches(scope)[0] is Match.NONE for route in app.router.routes))


def is_counted(path: str) -> bool:
    """Whether requests to `path` are limited."""
    return path not in _UNCOUNTED and not path.startswith(_UNCOUNTED_FOLDERS)
