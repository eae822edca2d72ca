"""The refresh token as a cookie for the page. Scripts can't read it, and other sites can't make a browser use it."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Cookie, Request, Response

from playground.accounts.schemas import TokenPair
from playground.kit.errors import Forbidden
from playground.settings import Settings

NAME = "playground_refresh"
_PATH = "/auth"

RefreshCookie = Annotated[str | None, Cookie(alias=NAME, max_length=4096, description="Used by the page instead of `refreshToken`.")]


class ForeignOrigin(Forbidden):
    """A page of another site tried to use or set the cookie."""

    code = "foreign_origin"
    title = "Refused for a page of another site"


def check_origin(request: Request, settings: Settings) -> None:
    """Let only pages of this service use the cookie. Raises `ForeignOrigin`.

    Browsers send `Origin` with every POST, and pages can't change it. A client that sends none is not a browser.
    `SameSite=Strict` already excludes pages of other sites, but not those of a sibling subdomain or another port.
    """
    origin = request.headers.get("origin")
    if origin is None or (settings.public_url is not None and origin == _origin(settings.public_url)):
        return
    # `Host` is the address that the browser used; only the browser's user can choose it.
    scheme, _, place = origin.partition("://")
    if place != request.headers.get("host") or (scheme == "http" and request.url.scheme == "https"):
        raise ForeignOrigin("Only pages of this service can use the cookie. Behind a proxy, set PUBLIC_URL to the address of the page.")


def hand_over(pair: TokenPair, request: Request, response: Response, settings: Settings, *, in_cookie: bool) -> None:
    """If `in_cookie`, move the refresh token from the body of the response into the cookie."""
    if in_cookie:
        secure = request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")
        response.set_cookie(
            NAME,
            pair.refresh_token or "",
            max_age=settings.refresh_token_seconds,
            path=_PATH,
            secure=secure,
            httponly=True,
            samesite="strict",
        )
        pair.refresh_token = None


def clear(response: Response) -> None:
    """Delete the cookie in the browser."""
    response.delete_cookie(NAME, path=_PATH, httponly=True, samesite="strict")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
