"""Tests whether a key works, as cheaply as the provider allows."""

from dataclasses import replace
from decimal import Decimal

import anyio

from playground.keys.schemas import ProviderKeyTest
from playground.providers.adapter import ProviderClient
from playground.providers.calls import Message, ModelCall
from playground.providers.errors.kinds import AddressRefused, InsufficientFunds, ProviderError, TimedOut, WrongKey
from playground.providers.records import ListedModel, Provider

LONGEST_SECONDS = 30.0
_ANSWER_TOKENS = 16
_FAULTS = (WrongKey, InsufficientFunds, AddressRefused)
"""Errors caused by the key or its address. Any other error may be temporary, or specific to the provider."""


async def try_key(client: ProviderClient, provider: Provider) -> ProviderKeyTest:
    """Test the key of `provider`. Takes at most `LONGEST_SECONDS`.

    The list of models is free. If the provider returns it without a key (such as OpenRouter), it proves nothing: then the
    cheapest model is asked for a few tokens.
    """
    try:
        with anyio.fail_after(LONGEST_SECONDS):
            return await _try_key(client, provider)
    except TimeoutError:
        return _failed(TimedOut(f"{provider.name} did not answer within {LONGEST_SECONDS:g} s.", provider=provider.name))


async def _try_key(client: ProviderClient, provider: Provider) -> ProviderKeyTest:
    try:
        models = await client.list_models(provider)
    except ProviderError as error:
        return _failed(error)
    if not await _lists_for_anybody(client, provider):
        return _works(f"{provider.name} accepts the key.", models)
    if not models:
        return ProviderKeyTest(works=None, code=None, message=f"{provider.name} lists no models to test the key with.", models=0)
    model = min(models, key=_price).name
    try:
        with anyio.CancelScope() as begun:
            async with client.stream(ModelCall(provider, model, (Message("user", "Say hello."),), max_tokens=_ANSWER_TOKENS)) as answer:
                await answer.deliver(lambda _: begun.cancel())
    except ProviderError as error:
        return _failed(error, len(models))
    return _works(f"{provider.name} accepts the key: {model} answered.", models)


async def _lists_for_anybody(client: ProviderClient, provider: Provider) -> bool:
    try:
        await client.list_models(replace(provider, api_key=None))
    except ProviderError as error:
        return error.retryable  # The error says nothing about the key.
    return True


def _price(model: ListedModel) -> tuple[bool, Decimal]:
    return (True, Decimal(0)) if model.price is None else (False, model.price.input + model.price.output)


def _works(message: str, models: list[ListedModel]) -> ProviderKeyTest:
    return ProviderKeyTest(works=True, code=None, message=f"{message} It lists {len(models)} models.", models=len(models))


def _failed(error: ProviderError, models: int | None = None) -> ProviderKeyTest:
    return ProviderKeyTest(works=False if isinstance(error, _FAULTS) else None, code=error.code, message=str(error), models=models)
