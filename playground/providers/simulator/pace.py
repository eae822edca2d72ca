"""When each word of an answer is due: an absolute schedule, so that the rate is right on average and never drifts."""

import math
from dataclasses import dataclass
from typing import Self

from .models import SimulatedModel


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """What may be set for all simulated models at once; `None` leaves each its own.

    Raises `ValueError` for what can't be a speed or a delay.
    """

    words_per_second: float | None = None
    first_token_ms: float | None = None

    def __post_init__(self) -> None:
        if self.words_per_second is not None and not 0 < self.words_per_second < math.inf:
            raise ValueError(f"words_per_second must be a positive number, not {self.words_per_second}")
        if self.first_token_ms is not None and not 0 <= self.first_token_ms < math.inf:
            raise ValueError(f"first_token_ms must be 0 or a positive number, not {self.first_token_ms}")


@dataclass(frozen=True, slots=True)
class Pace:
    """The schedule of one answer, in seconds after the request came in. Words are counted from 0."""

    first_token: float
    words_per_second: float

    @classmethod
    def of(cls, model: SimulatedModel, settings: SimulatorSettings) -> Self:
        """The model's own pace, with what `settings` overrides."""
        first_token_ms = model.first_token_ms if settings.first_token_ms is None else settings.first_token_ms
        words_per_second = model.words_per_second if settings.words_per_second is None else settings.words_per_second
        return cls(first_token_ms / 1000, words_per_second)

    def moment(self, word: int) -> float:
        """When that word is due."""
        return self.first_token + word / self.words_per_second

    def due(self, moment: float) -> int:
        """How many words are due by then."""
        if moment < self.first_token:
            return 0
        return int((moment - self.first_token) * self.words_per_second) + 1
