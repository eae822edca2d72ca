"""The requests of a benchmark, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .prompts import Prompt


@dataclass(frozen=True, slots=True)
class Job:
    """One request: one prompt to one model, or to all of them as lanes of one session."""

    models: tuple[str, ...]
    prompt: Prompt
    repetition: int
    """From 1."""
    parameters: Mapping[str, object]

    def body(self) -> dict[str, Any]:
        """The body of `POST /playground/stream`."""
        parameters = {**self.parameters, **self.prompt.parameters}
        # After this script has ended, no one reads the answer, so no one should pay for it.
        return {"prompt": self.prompt.text, "lanes": [{"model": model, **parameters} for model in self.models], "onDisconnect": "stop"}


@dataclass(frozen=True, slots=True)
class Plan:
    """The options of the command line."""

    models: tuple[str, ...]
    prompts: tuple[Prompt, ...]
    repeat: int
    concurrency: int
    warm_up: int
    """Requests per model (or sessions) before measuring."""
    one_session: bool
    parameters: Mapping[str, object]

    def counted(self) -> list[Job]:
        """Return the measured requests.

        Models take turns, so that a slow phase of the network or the machine affects all of them equally.
        """
        return [
            Job(group, prompt, repetition, self.parameters)
            for repetition in range(1, self.repeat + 1)
            for prompt in self.prompts
            for group in self._groups()
        ]

    def warming(self) -> list[Job]:
        """Return the warm-up requests, which open connections and fill caches, and are not counted."""
        prompts: Sequence[Prompt] = self.prompts
        return [
            Job(group, prompts[turn % len(prompts)], turn + 1, self.parameters) for turn in range(self.warm_up) for group in self._groups()
        ]

    def _groups(self) -> list[tuple[str, ...]]:
        return [self.models] if self.one_session else [(model,) for model in self.models]
