"""Protection against DNS rebinding: a page of another site whose name is changed to resolve to this machine while it is open.

A browser then treats this service as the site itself, so neither CORS nor comparing `Origin` with `Host` helps. Such a page has no
login, because cookies belong to host names. But it could create an account, even the first one, and spend the operator's money.
Its `Origin` reveals it: a service that only listens on this machine is opened under a name of this machine or a configured name.
"""

from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import Request

from playground.accounts.logins.cookies import ForeignOrigin
from playground.settings import Settings


def check_name(request: Request, settings: Settings) -> None:
    """Refuse a browser that opened a service on this machine under an unknown name. Raises `ForeignOrigin`.

    A proxy in front is recognised by the settings or by https, which a page can't fake: this service doesn't speak it.
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
