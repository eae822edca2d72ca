"""Reads the simulator's answers as bytes, so that nothing of the protocol is hidden by a library."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from playground.providers.simulator import SimulatorSettings

BURST = SimulatorSettings(words_per_second=100_000, first_token_ms=0)


@dataclass(frozen=True)
class Answer:
    """One streamed answer, taken apart."""

    raw: bytes
    chunks: list[dict[str, Any]]
    done: bool
    """Whether the stream ended with `[DONE]`."""

    def joined(self, field: str) -> str:
        choices = [choice for chunk in self.chunks for choice in chunk["choices"]]
        return "".join(choice["delta"].get(field) or "" for choice in choices)

    @property
    def text(self) -> str:
        return self.joined("content")

    @property
    def thoughts(self) -> str:
        return self.joined("reasoning_content")

    @property
    def finish_reason(self) -> str | None:
        reasons = [choice["finish_reason"] for chunk in self.chunks for choice in chunk["choices"] if choice["finish_reason"]]
        return reasons[0] if reasons else None

    @property
    def usage(self) -> dict[str, Any] | None:
        return next((chunk["usage"] for chunk in self.chunks if chunk.get("usage")), None)


def take_apart(raw: bytes) -> Answer:
    messages = [message.removeprefix(b"data: ") for message in raw.split(b"\n\n") if message.startswith(b"data: ")]
    chunks = [json.loads(message) for message in messages if message != b"[DONE]"]
    return Answer(raw, chunks, raw.endswith(b"data: [DONE]\n\n"))


def body(model: str, prompt: str | list[dict[str, Any]], **fields: object) -> dict[str, Any]:
    messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    return {"model": model, "messages": messages, **fields}


def answering() -> int:
    """How many requests are being answered by simulators in this event loop."""
    return sum("run_asgi" in repr(task) for task in asyncio.all_tasks())
