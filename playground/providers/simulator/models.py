"""The simulated models in one table. Their speeds, prices and windows are invented, and differ clearly."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from .writing import Manner


class Failure(Enum):
    """What a model does instead of answering."""

    FLAKY = "flaky"
    """Fails before the first token on some first attempts; `flaky.py` has the rule."""
    REFUSES = "refuses"
    """Refuses every prompt, like a provider's content policy."""
    HANGS = "hangs"
    """Accepts the request and sends headers, and then nothing."""
    CUTS_OFF = "cuts-off"
    """Closes the connection after a third of the answer."""


@dataclass(frozen=True, slots=True)
class SimulatedModel:
    """One simulated model: its behaviour, and its entry in the list."""

    id: str
    name: str
    description: str
    words_per_second: float
    first_token_ms: float
    manner: Manner
    sections: int
    """The length of its answers, in sections of 60 to 150 words."""
    input_price: Decimal
    """US dollars per token, like all prices here."""
    output_price: Decimal
    context_window: int
    """In tokens as counted by `tokens.py`, prompt and answer together."""
    failure: Failure | None = None


_ALL = (
    SimulatedModel(
        id="quick",
        name="Quick (simulated)",
        description="Answers immediately, in a few lines.",
        words_per_second=150,
        first_token_ms=150,
        manner=Manner.BRIEF,
        sections=1,
        input_price=Decimal("0.00000015"),
        output_price=Decimal("0.0000006"),
        context_window=262_144,
    ),
    SimulatedModel(
        id="careful",
        name="Careful (simulated)",
        description="Takes its time and gives a structured answer: sections, steps, a table, caveats.",
        words_per_second=45,
        first_token_ms=600,
        manner=Manner.THOROUGH,
        sections=3,
        input_price=Decimal("0.0000025"),
        output_price=Decimal("0.00001"),
        context_window=200_000,
    ),
    SimulatedModel(
        id="verbose",
        name="Verbose (simulated)",
        description="Writes a thousand words where a hundred would do.",
        words_per_second=80,
        first_token_ms=350,
        manner=Manner.EXPANSIVE,
        sections=6,
        input_price=Decimal("0.0000005"),
        output_price=Decimal("0.0000015"),
        context_window=1_000_000,
    ),
    SimulatedModel(
        id="reasoner",
        name="Reasoner (simulated)",
        description="Thinks aloud first, then answers.",
        words_per_second=60,
        first_token_ms=400,
        manner=Manner.THOUGHTFUL,
        sections=2,
        input_price=Decimal("0.0000011"),
        output_price=Decimal("0.0000044"),
        context_window=200_000,
    ),
    SimulatedModel(
        id="flaky",
        name="Flaky (simulated)",
        description="Is overloaded or rate-limited on the first attempt at two of three prompts, then answers. Small context window.",
        words_per_second=100,
        first_token_ms=250,
        manner=Manner.BRIEF,
        sections=2,
        input_price=Decimal("0.0000002"),
        output_price=Decimal("0.0000008"),
        context_window=16_384,
        failure=Failure.FLAKY,
    ),
    SimulatedModel(
        id="refuses",
        name="Refuses (simulated)",
        description="Refuses every prompt, like a content filter.",
        words_per_second=100,
        first_token_ms=200,
        manner=Manner.BRIEF,
        sections=1,
        input_price=Decimal("0.0000002"),
        output_price=Decimal("0.0000008"),
        context_window=131_072,
        failure=Failure.REFUSES,
    ),
    SimulatedModel(
        id="hangs",
        name="Hangs (simulated)",
        description="Accepts the request and never answers.",
        words_per_second=100,
        first_token_ms=200,
        manner=Manner.BRIEF,
        sections=1,
        input_price=Decimal("0.0000002"),
        output_price=Decimal("0.0000008"),
        context_window=131_072,
        failure=Failure.HANGS,
    ),
    SimulatedModel(
        id="cuts-off",
        name="Cuts off (simulated)",
        description="Closes the connection after a third of the answer.",
        words_per_second=90,
        first_token_ms=300,
        manner=Manner.THOROUGH,
        sections=2,
        input_price=Decimal("0.0000002"),
        output_price=Decimal("0.0000008"),
        context_window=131_072,
        failure=Failure.CUTS_OFF,
    ),
)

MODELS: Mapping[str, SimulatedModel] = {model.id: model for model in _ALL}
"""Every simulated model by its id, in the order of the list."""
