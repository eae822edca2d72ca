"""DNS rebinding: a page of another site whose name was made to mean this machine while it is open.

A browser then takes this service for the site's own, so that neither CORS nor a check of `Origin` against `Host` is in the way. Such a page
finds no login, since cookies belong to names. But it could make an account here, the first one even, and use what the operator pays for.
Its `Origin` gives it away: a service that listens on this machine alone is opened under a name of this machine, or one that it was told.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import Request

from playground.accounts.logins.cookies import ForeignOrigin
from playground.settings import Settings


def check_name(request: Request, settings: Settings) -> None:
    """Refuse a browser that opened a service of this machine alone under a strange name. Raises `ForeignOrigin`.

    Who is behind a proxy is told so by its settings or by https, which no page can pretend: this service speaks none.
    """
    origin = request.headers.get("origin", "")
    if not origin.startswith("http://") or settings.trusted_proxies or not _is_of_this_machine(settings.host):
        return
    if origin in settings.cors_origins or f"{settings.public_url}/".startswith(f"{origin}/"):
        return
    if not _is_of_this_machine(_host(origin)):
        raise ForeignOrigin(
            "This service only listens on its own machine, but was opened under an unknown name. "
            "If it is behind a proxy, set PUBLIC_URL to the address of the page, or set TRUSTED_PROXIES."
        )


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).hostname or ""
    except ValueError:
        return ""


def _is_of_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
