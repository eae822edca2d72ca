"""Asking a provider for one token: does it answer, does it accept the key, and how fast is it."""

import time

import anyio

from playground.providers.adapter import ProviderClient
from playground.providers.calls import Message, ModelCall
from playground.providers.errors.kinds import (
    InsufficientFunds,
    ModelNotFound,
    ProviderError,
    RateLimited,
    TimedOut,
    Unreachable,
    WrongKey,
)
from playground.providers.records import Provider

from .schemas import TestedProvider

LONGEST_SECONDS = 30.0
_KEY_ACCEPTED = (InsufficientFunds, ModelNotFound, RateLimited)
"""Errors that a provider gives only after it has looked at the key."""


async def ask_one_token(client: ProviderClient, provider: Provider, model: str | None) -> TestedProvider:
    """Return what `provider` answers. Without a `model` its list is fetched instead. Takes at most `LONGEST_SECONDS`."""
    begun = time.perf_counter()
    try:
        with anyio.fail_after(LONGEST_SECONDS):
            if model is None:
                await client.list_models(provider)
                return _answered(provider, None, None, f"{provider.name} sent its list of models, which has none that could be asked.")
            latency = await _first_token(client, provider, model, begun)
    except TimeoutError:
        return _failed(provider, model, TimedOut(f"{provider.name} did not answer within {LONGEST_SECONDS:g} s.", provider=provider.name))
    except ProviderError as error:
        return _failed(provider, model, error)
    return _answered(provider, model, latency, f"{provider.name} answered.")


async def _first_token(client: ProviderClient, provider: Provider, model: str, begun: float) -> float | None:
    """The time to the first token, in ms; `None`: the answer was empty, as that of a model that only thought."""
    latency: float | None = None
    call = ModelCall(provider, model, (Message("user", "Hi"),), max_tokens=1)
    with anyio.CancelScope() as asking:

        def arrived(_deltas: object) -> None:
            nonlocal latency
            latency = round((time.perf_counter() - begun) * 1000, 1)
            asking.cancel()

        async with client.stream(call) as answer:
            await answer.deliver(arrived)
    return latency


def _answered(provider: Provider, model: str | None, latency: float | None, message: str) -> TestedProvider:
    return TestedProvider(
        id=provider.id,
        name=provider.name,
        reachable=True,
        key_accepted=None if model is None else True,
        latency=latency,
        model=_full_name(provider, model),
        code=None,
        message=message,
        simulated=provider.simulated,
    )


def _failed(provider: Provider, model: str | None, error: ProviderError) -> TestedProvider:
    return TestedProvider(
        id=provider.id,
        name=provider.name,
        reachable=not isinstance(error, Unreachable | TimedOut),
        key_accepted=False if isinstance(error, WrongKey) else True if isinstance(error, _KEY_ACCEPTED) else None,
        latency=None,
        model=_full_name(provider, model),
        code=error.code,
        message=str(error),
        simulated=provider.simulated,
    )


def _full_name(provider: Provider, model: str | None) -> str | None:
    return None if model is None else f"{provider.id}/{model}"
