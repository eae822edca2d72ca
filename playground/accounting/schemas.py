"""The shapes of an estimate on the wire."""

from typing import Literal

from pydantic import Field

from playground.kit.wire import Money, WireModel


class CostRange(WireModel):
    """US dollars. A provider's discount for cached input can make it cheaper."""

    min: Money = Field(examples=["0.000018"], description="The prompt and an answer of one token.")
    max: Money = Field(examples=["0.009843"], description="The prompt and an answer of `maxOutputTokens`.")


class LaneEstimate(WireModel):
    """What one lane would take, counted before anything is sent."""

    model: str = Field(examples=["openai/gpt-4o-mini"], description="The full name.")
    simulated: bool = Field(examples=[False], description="The model is the simulator's: its cost is made up.")
    listed: bool = Field(examples=[True], description="The provider's list of models has it.")
    input_tokens: int = Field(examples=[112], description="The prompt with the conversation so far and the system prompt.")
    estimated: Literal[True] = Field(default=True, description="Counted here; other vendors' models than OpenAI's count differently.")
    max_output_tokens: int = Field(examples=[16384], description="The longest answer that `cost.max` allows for.")
    max_output_basis: Literal["maxTokens", "contextWindow", "assumed"] = Field(
        examples=["assumed"],
        description=(
            "Where `maxOutputTokens` comes from: the lane's `maxTokens`; the space that the prompt leaves in the context window; "
            "or an assumed limit, when nothing sets one: a longer answer is then possible, and costs more."
        ),
    )
    context_window: int | None = Field(examples=[128000], description="Tokens; null: unknown.")
    fits: bool | None = Field(examples=[True], description="Whether the prompt and an answer fit the context window; null: it is unknown.")
    cost: CostRange | None = Field(description="Null: the price is unknown, which is not free.")


class Estimate(WireModel):
    """What a request would take, lane by lane."""

    lanes: list[LaneEstimate]
