"""Creates the whole completion of a call before any of it is sent: its pieces, finish reason and cost."""

import time
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from random import Random
from typing import Literal

import msgspec

from playground.kit.ids import new_id

from .errors import prompt_too_long
from .models import SimulatedModel
from .requests import ChatCall, Effort
from .tokens import Piece, count_prompt_tokens, count_tokens, cut_at_budget, cut_at_stop, split
from .writing import Manner, read_subject, write_answer, write_thoughts

_THOUGHTS: dict[Effort, int] = {"none": 0, "minimal": 2, "low": 4, "medium": 9, "high": 16}


@dataclass(frozen=True, slots=True)
class SimulatedUsage:
    """The usage of a completion. `reasoning_tokens` are part of `completion_tokens`."""

    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cost: Decimal
    """US dollars."""

    def body(self) -> dict[str, object]:
        """Return the `usage` of OpenAI's protocol, with `cost` like OpenRouter's: a JSON number with every digit and no exponent."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": self.reasoning_tokens},
            "cost": msgspec.Raw(format(self.cost, "f").encode()),
            "simulated": True,
        }


@dataclass(frozen=True, slots=True)
class Completion:
    """One complete answer."""

    id: str
    created: int
    """Seconds since 1970."""
    model: str
    pieces: tuple[Piece, ...]
    """Reasoning first, if any."""
    finish_reason: Literal["stop", "length"]
    usage: SimulatedUsage

    def text(self, *, reasoning: bool) -> str:
        """Return the whole answer, or the whole reasoning."""
        return "".join(piece.text for piece in self.pieces if piece.reasoning is reasoning)


def complete(call: ChatCall, model: SimulatedModel) -> Completion:
    """Return the completion of a call; the same for the same model, messages, temperature, `top_p` and seed.

    At temperature 0, the seed and `top_p` change nothing, as with a model that takes the likeliest word. `max_tokens` and `stop` cut the
    text without changing it. Raises `ApiError` if the prompt doesn't fit into the model's context window.
    """
    prompt_tokens = count_prompt_tokens(message.text for message in call.messages)
    if prompt_tokens >= model.context_window:
        raise prompt_too_long(prompt_tokens, model.context_window)
    room = model.context_window - prompt_tokens
    pieces, shortened = cut_at_budget(_write(call, model), room if call.max_tokens is None else min(room, call.max_tokens))
    reasoning_tokens = sum(count_tokens(piece.text) for piece in pieces if piece.reasoning)
    completion_tokens = reasoning_tokens + sum(count_tokens(piece.text) for piece in pieces if not piece.reasoning)
    return Completion(
        id=f"chatcmpl-{new_id()}",
        created=int(time.time()),
        model=model.id,
        pieces=tuple(pieces),
        finish_reason="length" if shortened else "stop",
        usage=SimulatedUsage(
            prompt_tokens=prompt_tokens,
            completion_tokens=completion_tokens,
            reasoning_tokens=reasoning_tokens,
            cost=model.input_price * prompt_tokens + model.output_price * completion_tokens,
        ),
    )


def _write(call: ChatCall, model: SimulatedModel) -> list[Piece]:
    prompts = [message.text for message in call.messages if message.role == "user"]
    instructions = " ".join(message.text for message in call.messages if message.role in ("system", "developer"))
    subject = read_subject(prompts, instructions)
    answer = write_answer(subject, model.manner, model.sections, _choices(call, model, "answer"), model.id)
    # Reasoning has its own random choices, so that the effort changes only the reasoning.
    sentences = _THOUGHTS[call.effort] if model.manner is Manner.THOUGHTFUL else 0
    thoughts = write_thoughts(subject, _choices(call, model, "thoughts"), sentences)
    return [*split(thoughts, reasoning=True), *split(cut_at_stop(answer, call.stop), reasoning=False)]


def _choices(call: ChatCall, model: SimulatedModel, purpose: str) -> Random:
    sampling = None if call.temperature == 0 else (call.temperature, call.top_p, call.seed)
    digest = sha256(msgspec.json.encode((purpose, model.id, call.messages, sampling))).digest()
    return Random(digest)  # noqa: S311 - choices that can be repeated are the point
