"""The time of each word of an answer: an absolute schedule, so that the average rate is right and never drifts."""

import math
from dataclasses import dataclass
from typing import Self

from .models import SimulatedModel


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """Settings for all simulated models; `None` keeps each model's own.

    Raises `ValueError` for an invalid speed or delay.
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
    """The schedule of one answer, in seconds after the request arrived. Words are counted from 0."""

    first_token: float
    words_per_second: float

    @classmethod
    def of(cls, model: SimulatedModel, settings: SimulatorSettings) -> Self:
        """Return the model's own pace, overridden by `settings`."""
        first_token_ms = model.first_token_ms if settings.first_token_ms is None else settings.first_token_ms
        words_per_second = model.words_per_second if settings.words_per_second is None else settings.words_per_second
        return cls(first_token_ms / 1000, words_per_second)

    def moment(self, word: int) -> float:
        """Return when that word is due."""
        return self.first_token + word / self.words_per_second

    def due(self, moment: float) -> int:
        """Return the number of words due by then."""
        if moment < self.first_token:
            return 0
        return int((moment - self.first_token) * self.words_per_second) + 1
