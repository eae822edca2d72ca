"""Base URLs as written by operators and users."""

import re
from urllib.parse import urlsplit

import httpx2

_LAST_PORT = 65_535
_HOST = re.compile(rb"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?|.*:.*")
"""A host name, an IPv4 address, or an IPv6 address, which the URL parser has checked."""


def base_url_of(text: str) -> str:
    """Return `text` as a base URL without a trailing slash. Raises `ValueError` saying what is wrong with it."""
    url = text.strip().rstrip("/")
    if " " in url or not url.isprintable():
        raise ValueError("must be a URL without spaces, tabs or line breaks")
    try:
        parts = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise ValueError(f"is not a valid URL: {error}") from None
    port_fits = parts.port is None or 0 < parts.port <= _LAST_PORT
    if parts.scheme not in {"http", "https"} or not parts.host or not port_fits:
        raise ValueError("must be a URL such as https://example.com/v1")
    if not _HOST.fullmatch(parts.raw_host):
        raise ValueError("must be a URL with a host name or an IP address, such as https://example.com/v1")
    if "?" in url or "#" in url or parts.userinfo:
        raise ValueError("must be a URL without a query, a fragment or credentials; set the key in its own field")
    if parts.path.endswith("/chat/completions"):
        raise ValueError("must be the URL without /chat/completions; remove that part")
    return url


def origin_of(base_url: str) -> str:
    """Return scheme, host and port of `base_url`. Only these are shown to everyone, since a path may contain a token."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
