"""Redirects addresses with a trailing slash, which many HTTP clients and people add, to the same address without it."""

from urllib.parse import quote

from fastapi import FastAPI
from starlette.responses import RedirectResponse
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send


def redirect_trailing_slashes(app: FastAPI) -> None:
    """Let `app` redirect if only the path without its trailing slash has a route.

    To a path, unlike Starlette's `redirect_slashes`, which redirects to whatever host the request names.
    """
    nothing: ASGIApp = app.router.default

    async def redirect_or_nothing(scope: Scope, receive: Receive, send: Send) -> None:
        target = _target(app, scope)
        await (nothing if target is None else RedirectResponse(target))(scope, receive, send)

    app.router.default = redirect_or_nothing


def _target(app: FastAPI, scope: Scope) -> str | None:
    if scope["type"] != "http" or not scope["path"].endswith("/"):
        return None
    path = scope["path"].rstrip("/")
    # A path that begins with two slashes would be read as the name of a host.
    if path.startswith("//") or all(route.matches({**scope, "path": path})[0] is Match.NONE for route in app.routes):
        return None
    query = scope["query_string"].decode("latin-1")
    return quote(path) + (f"?{query}" if query else "")
