"""What was said in a lane before, as far as its model can take it."""

from collections.abc import Mapping, Sequence

from playground.providers.answer.think_tags import without_thinking
from playground.providers.calls import Message
from playground.providers.records import ListedModel

from .stored_sessions import ContinuedSession, Exchange, Said, StoredLane

_BYTES_PER_TOKEN = 16
"""More than any vocabulary makes of prose or code. What is left out by this is beyond the window in any case."""


def newest_said(session: ContinuedSession, lane: StoredLane, listed: ListedModel | None) -> list[Said]:
    """The newest answers of a lane that its model's context window may take, newest first.

    A conversation that is longer is cut at its beginning: the provider says whether it still takes that.
    """
    said = [each for each in session.said if each.lane_id == lane.id]
    if listed is None or listed.context_window is None:
        return said
    room = listed.context_window * _BYTES_PER_TOKEN
    for kept, each in enumerate(said):
        room -= each.size
        if room < 0:
            return said[:kept]
    return said


def conversation(said: Sequence[Said], texts: Mapping[str, Exchange]) -> tuple[Message, ...]:
    """The messages of a lane, in order. Thinking is never sent back, also where it stands in an answer's text."""
    messages: list[Message] = []
    for each in reversed(said):
        exchange = texts.get(each.answer_id)
        # One that is missing was deleted a moment ago. A model expects the roles in turn, and strict servers refuse blank messages.
        text = without_thinking(exchange.text) if exchange is not None else ""
        if exchange is not None and text.strip():
            messages += (Message("user", exchange.prompt), Message("assistant", text))
    return tuple(messages)
