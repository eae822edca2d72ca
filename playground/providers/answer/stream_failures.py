"""The errors for streams that no provider should send."""

from playground.providers.errors.kinds import BrokenStream, UnexpectedAnswer
from playground.providers.errors.provider_messages import shorten
from playground.providers.records import Provider

QUOTED_BYTES = 4_000
"""Longer than the final quote, so that a key in it is found completely and removed."""


def broken_stream(provider: Provider, what: str) -> BrokenStream:
    """Return the error of a stream that broke off or went wrong."""
    return BrokenStream(f"{provider.name} {what}. The text so far is kept. Try again.", provider=provider.name)


def unexpected_answer(provider: Provider, what: str) -> UnexpectedAnswer:
    """Return the error of a response that is not an answer."""
    return UnexpectedAnswer(f"{provider.name} {what}. Check the base URL.", provider=provider.name)


def quoted(provider: Provider, words: bytes) -> str:
    """Return the start of what the provider sent, without its key."""
    return shorten(words[:QUOTED_BYTES].decode("utf-8", "replace"), provider.secret)
