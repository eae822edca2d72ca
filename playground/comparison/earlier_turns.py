"""The earlier conversation of a lane, as much as fits into its model's context window."""

from collections.abc import Mapping, Sequence

from playground.providers.answer.think_tags import without_thinking
from playground.providers.calls import Message
from playground.providers.records import ListedModel

from .stored_sessions import ContinuedSession, EarlierAnswer, Exchange, StoredLane

_BYTES_PER_TOKEN = 16
"""More than any tokenizer needs for prose or code, so what this leaves out would not fit into the window anyway."""


def newest_answers(session: ContinuedSession, lane: StoredLane, listed: ListedModel | None) -> list[EarlierAnswer]:
    """Return the newest answers of a lane that may fit into its model's context window, newest first.

    A longer conversation loses its beginning. The provider decides whether the rest still fits.
    """
    said = [each for each in session.earlier if each.lane_id == lane.id]
    if listed is None or listed.context_window is None:
        return said
    room = listed.context_window * _BYTES_PER_TOKEN
    for kept, each in enumerate(said):
        room -= each.size
        if room < 0:
            return said[:kept]
    return said


def conversation(said: Sequence[EarlierAnswer], texts: Mapping[str, Exchange]) -> tuple[Message, ...]:
    """Return the messages of a lane, in order. Reasoning is never sent back, even if it is part of an answer's text."""
    messages: list[Message] = []
    for each in reversed(said):
        exchange = texts.get(each.answer_id)
        # A missing answer was deleted a moment ago. Models expect alternating roles, and strict servers reject blank messages.
        text = without_thinking(exchange.text) if exchange is not None else ""
        if exchange is not None and text.strip():
            messages += (Message("user", exchange.prompt), Message("assistant", text))
    return tuple(messages)
