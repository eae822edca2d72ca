"""Decides who may read the metrics and the details of the status page, by `METRICS_ACCESS` and `METRICS_TOKEN`."""

import secrets
from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import Request

from playground.accounts.authorization import bearer_of, identify
from playground.kit.errors import Forbidden, NotAuthenticated, NotFound
from playground.settings import Settings

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""Headers of proxies. With one of them the request comes from this machine, but not from a program on it."""


async def check_reader(request: Request, settings: Settings) -> None:
    """Check that the request may read metrics. Raises `NotFound`, `NotAuthenticated`, `Forbidden`."""
    if settings.metrics_access == "off":
        raise NotFound("Metrics are disabled: METRICS_ACCESS is off.")
    if settings.metrics_access == "public" or _has_token(request, settings):
        return
    if settings.metrics_access == "local" and _is_local(request, settings):
        return
    user = await identify(request.scope)
    if user is None:
        raise NotAuthenticated(
            "Send the METRICS_TOKEN of this service, or an administrator's access token, as `Authorization: Bearer ...`."
        )
    if user.role != "admin" or user.key_id is not None:
        raise Forbidden("Only administrators may read metrics, with an access token and not with an API key.")


def _has_token(request: Request, settings: Settings) -> bool:
    given = bearer_of(request.headers)
    if given is None or settings.metrics_token is None:
        return False
    return secrets.compare_digest(given.encode(), settings.metrics_token.get_secret_value().encode())


def _is_local(request: Request, settings: Settings) -> bool:
    """Whether the client is a program on this machine: not a proxy, and not a web page that uses DNS rebinding."""
    if settings.trusted_proxies or settings.public_url is not None or any(name in request.headers for name in _FORWARDED):
        return False
    client = request.client.host if request.client else ""
    return _is_loopback(client) and _is_loopback(_host(request))


def _host(request: Request) -> str:
    try:
        return urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
