"""What is sent of a conversation: the messages on the way from the answer that is continued to the start, as far as they fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playground.accounting.token_counts import TOKENS_OF_PRIMING, TOKENS_PER_MESSAGE, TokenCounter
from playground.kit.errors import BadInput
from playground.providers.answer.think_tags import without_thinking
from playground.providers.calls import Message

from .stored_sessions import EarlierAnswer, Exchange

_MOST_BYTES_PER_TOKEN = 16
"""More than any vocabulary makes of prose or code. What is left out by this is beyond the window in any case."""
_MOST_BYTES_PER_CHARACTER = 4
_ANSWER_SHARE = 8
"""One part in so many of the window is left for an answer whose length isn't limited."""
_FEWEST_TOKENS = 0.8
"""Tokens that another vendor's vocabulary makes where the one that we count with makes one. Only what is sure not to fit is refused."""


class PromptTooLong(BadInput):
    """The prompt doesn't fit the context window of a model, even without the earlier turns."""

    title = "The prompt is longer than the model's context window"
    code = "prompt_too_long"


@dataclass(frozen=True, slots=True)
class Context:
    """The messages of one call, and how many of the oldest turns are not among them."""

    messages: tuple[Message, ...]
    omitted_turns: int


def newest_answers(said: Sequence[EarlierAnswer], window: int | None) -> Sequence[EarlierAnswer]:
    """Return the newest answers of a lane that a context window of so many tokens may hold; the newest come first."""
    if window is None:
        return said
    room = window * _MOST_BYTES_PER_TOKEN
    for kept, each in enumerate(said):
        room -= each.size
        if room < 0:
            return said[:kept]
    return said


def exchanged(said: Sequence[EarlierAnswer], texts: Mapping[str, Exchange]) -> list[tuple[Message, Message]]:
    """Return what a lane said, the oldest first. Thinking is never sent back, also where it stands in an answer's text."""
    turns = []
    for each in reversed(said):
        exchange = texts.get(each.answer_id)
        # One that is missing was deleted a moment ago. A model expects the roles in turn, and strict servers refuse blank messages.
        text = without_thinking(exchange.text) if exchange is not None else ""
        if exchange is not None and text.strip():
            turns.append((Message("user", exchange.prompt), Message("assistant", text)))
    return turns


class ContextWindow:
    """Leaves out the oldest turns of a conversation that doesn't fit a model."""

    def __init__(self, counter: TokenCounter) -> None:
        self._counter = counter

    async def fitted(
        self,
        *,
        system: str | None,
        turns: Sequence[tuple[Message, Message]],
        prompt: str,
        model: str,
        window: int | None,
        max_tokens: int | None,
        may_be_too_long: bool,
    ) -> Context:
        """Return the messages as they are sent. Raises `PromptTooLong` unless it `may_be_too_long`."""
        first = (Message("system", system),) if system else ()
        last = Message("user", prompt)
        everything = (*first, *(message for turn in turns for message in turn), last)
        if window is None or sum(len(message.content) for message in everything) * _MOST_BYTES_PER_CHARACTER <= window:
            return Context(everything, 0)
        fixed, *sizes = await self._sizes([(*first, last), *turns], model)
        fixed += TOKENS_OF_PRIMING
        if not may_be_too_long and fixed * _FEWEST_TOKENS > window:
            raise PromptTooLong.at(
                "prompt", f"is about {fixed:,} tokens long with the system prompt; the context window of {model} has {window:,}"
            )
        room = window - fixed - min(window // 2, window // _ANSWER_SHARE if max_tokens is None else max_tokens)
        kept = 0
        for size in reversed(sizes):
            room -= size
            if room < 0:
                break
            kept += 1
        sent = turns[len(turns) - kept :]
        return Context((*first, *(message for turn in sent for message in turn), last), len(turns) - kept)

    async def _sizes(self, groups: Sequence[Sequence[Message]], model: str) -> list[int]:
        counts = iter(await self._counter.count([message.content for group in groups for message in group], model))
        return [sum(next(counts) + TOKENS_PER_MESSAGE for _ in group) for group in groups]
