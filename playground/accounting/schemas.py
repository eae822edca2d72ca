"""The response body of an estimate."""

from typing import Literal

from pydantic import Field

from playground.kit.wire import Money, WireModel


class CostRange(WireModel):
    """US dollars. The actual cost can be lower if the provider has a discount for cached input."""

    min: Money = Field(examples=["0.000018"], description="The cost of the prompt and an answer of one token.")
    max: Money = Field(examples=["0.009843"], description="The cost of the prompt and an answer of `maxOutputTokens`.")


class LaneEstimate(WireModel):
    """The estimate for one lane."""

    model: str = Field(examples=["openai/gpt-4o-mini"], description="The full name.")
    simulated: bool = Field(examples=[False], description="The model is simulated; its cost is invented.")
    listed: bool = Field(examples=[True], description="The model is in the provider's list of models.")
    input_tokens: int = Field(examples=[112], description="Tokens of the prompt, including the earlier conversation and the system prompt.")
    estimated: Literal[True] = Field(
        default=True, description="Always true: tokens are counted here, and vendors other than OpenAI count differently."
    )
    max_output_tokens: int = Field(examples=[16384], description="The longest answer, on which `cost.max` is based.")
    max_output_basis: Literal["maxTokens", "contextWindow", "assumed"] = Field(
        examples=["assumed"],
        description=(
            "Where `maxOutputTokens` comes from. `maxTokens`: the lane's parameter. `contextWindow`: the space that the prompt leaves in "
            "the context window. `assumed`: an assumed limit, because nothing sets one; a longer and more expensive answer is possible."
        ),
    )
    context_window: int | None = Field(examples=[128000], description="Tokens of prompt and answer together; null: unknown.")
    fits: bool | None = Field(examples=[True], description="Whether the prompt and an answer fit into the context window; null: unknown.")
    cost: CostRange | None = Field(description="Null: the price is unknown. This doesn't mean that the model is free.")


class Estimate(WireModel):
    """The estimate of a request, lane by lane."""

    lanes: list[LaneEstimate]
