"""Asking a provider whose answer the test writes."""

import json
from dataclasses import dataclass, field

from playground.providers.adapter import ProviderClient
from playground.providers.calls import Delta, Message, ModelCall, Usage
from playground.providers.errors.kinds import ProviderError
from playground.providers.records import Provider

from .upstream import Answer, Upstream


@dataclass
class Outcome:
    """What a call came to."""

    deltas: list[Delta] = field(default_factory=list)
    usage: Usage | None = None
    finish_reason: str | None = None
    model: str | None = None
    error: ProviderError | None = None

    @property
    def text(self) -> str:
        return "".join(delta.text for delta in self.deltas if not delta.reasoning)

    @property
    def reasoning(self) -> str:
        return "".join(delta.text for delta in self.deltas if delta.reasoning)


def call_to(provider: Provider, model: str = "m", prompt: str = "hello") -> ModelCall:
    return ModelCall(provider=provider, model=model, messages=(Message("user", prompt),))


async def ask(client: ProviderClient, call: ModelCall) -> Outcome:
    """The outcome of `call`, errors included."""
    outcome = Outcome()
    try:
        async with client.stream(call) as answer:
            try:
                await answer.deliver(outcome.deltas.extend)
            finally:
                outcome.usage, outcome.finish_reason, outcome.model = answer.usage, answer.finish_reason, answer.model
    except ProviderError as error:
        outcome.error = error
    return outcome


@dataclass
class Asking:
    client: ProviderClient
    upstream: Upstream
    provider: Provider

    async def __call__(self, *answers: Answer) -> Outcome:
        """What a call comes to when the provider answers so."""
        self.upstream.will_answer(*answers)
        return await ask(self.client, call_to(self.provider))

    async def stream(self, *pieces: bytes) -> Outcome:
        """What a call comes to when the provider answers with these bytes as its stream."""
        return await self(Answer(pieces))


async def refused(asking: Asking, status: int, body: object, **headers: str) -> ProviderError:
    """What a call comes to that is refused so, with `body` as JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    outcome = await asking(Answer([json.dumps(body).encode()], status=status, headers=named, content_type="application/json"))
    assert outcome.error is not None
    return outcome.error
