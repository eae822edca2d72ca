"""Finds the error in `kinds.py` for a request that got no HTTP response, from how the connection failed."""

import ssl
from collections.abc import Iterator

import aiohttp

from playground.providers.base_urls import origin_of
from playground.providers.records import Provider
from playground.providers.transport.pool import UNSENDABLE
from playground.providers.transport.public_addresses import AddressRefusedError

from .kinds import AddressRefused, ProviderError, TimedOut, UnexpectedAnswer, Unreachable
from .provider_messages import shorten


def not_connected(provider: Provider, error: BaseException, connect_timeout: float) -> ProviderError:
    """Return the error for a request without a response. `connect_timeout` in seconds."""
    causes = list(_causes(error))
    where = f"{provider.name} ({origin_of(provider.base_url)})"
    refused = next((cause for cause in causes if isinstance(cause, AddressRefusedError)), None)
    if refused is not None:
        message = f"No request was sent to {where}: its address {refused}. Use a public https:// address."
        return AddressRefused(message, provider=provider.name)
    if _any(causes, aiohttp.ConnectionTimeoutError):
        return TimedOut(f"{where} did not accept a connection within {connect_timeout:g} s.", provider=provider.name, refused=True)
    fault = _why_unreachable(provider, causes)
    if fault is not None:
        return Unreachable(f"{where} {fault}", provider=provider.name)
    message = f"{where} did not send a valid HTTP response: {_words(provider, causes)}. Check the base URL."
    return UnexpectedAnswer(message, provider=provider.name)


def _why_unreachable(provider: Provider, causes: list[BaseException]) -> str | None:
    if _any(causes, aiohttp.ClientConnectorDNSError):
        return "is unreachable: its host name was not found. Check the base URL."
    if _any(causes, aiohttp.ClientConnectorCertificateError, ssl.SSLError, aiohttp.ClientSSLError):
        return f"is unreachable: the secure connection failed: {_words(provider, causes)}."
    if _any(causes, aiohttp.ClientConnectorError):
        return f"is unreachable: {_words(provider, causes)}. Is it running?"
    if _any(causes, aiohttp.ClientConnectionError):
        return "closed the connection without a response."
    if isinstance(causes[0], UNSENDABLE):
        return "is unreachable: its address is not valid. Check the base URL."
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    # The SDK wraps httpx2's error, which wraps aiohttp's, which wraps the system's.
    while error is not None:
        yield error
        error = error.__cause__


def _any(causes: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _words(provider: Provider, causes: list[BaseException]) -> str:
    last = causes[-1]
    words = last.strerror if isinstance(last, OSError) and last.strerror else str(last) or type(last).__name__
    return shorten(words, provider.secret).rstrip(".")
