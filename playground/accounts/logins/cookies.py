"""The refresh token as a cookie, for the page: no script can read it, and no other site can make a browser use it."""

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
    """Let nobody but pages of this service use the cookie. Raises `ForeignOrigin`.

    Browsers send `Origin` with every POST, and no page can change it; what sends none is no browser. `SameSite=Strict` keeps pages of
    other sites away already, but not those of a neighbouring subdomain, nor those of another port.
    """
    origin = request.headers.get("origin")
    if origin is None or (settings.public_url is not None and origin == _origin(settings.public_url)):
        return
    # As the browser addressed this service; only the browser's own user can choose that.
    scheme, _, place = origin.partition("://")
    if place != request.headers.get("host") or (scheme == "http" and request.url.scheme == "https"):
        raise ForeignOrigin("Only pages of this service can use the cookie. Behind a proxy, set PUBLIC_URL to the address of the page.")


def hand_over(pair: TokenPair, request: Request, response: Response, settings: Settings, *, in_cookie: bool) -> None:
    """Move the refresh token out of the answer's body into the cookie, if it is to be there."""
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
    """Make the browser forget the cookie."""
    response.delete_cookie(NAME, path=_PATH, httponly=True, samesite="strict")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
