"""Base URLs as an operator writes them."""

from urllib.parse import urlsplit


def base_url_of(text: str) -> str:
    """`text` as a base URL without a slash at its end. Raises `ValueError` saying what is wrong with it."""
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        port_fits = parts.port is None or parts.port > 0
    except ValueError as error:
        raise ValueError(f"is no URL: {error}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_fits:
        raise ValueError("must be a URL such as https://example.com/v1")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("must be a URL without a query, a fragment or a name before @; a key has its own setting")
    return url
