"""The shapes of the catalogue on the wire."""

from typing import Literal, Self

from pydantic import Field

from playground.kit.wire import Moment, Money, WireModel
from playground.providers.records import ListPrice

from .model_settings import Tier


class ModelPrice(WireModel):
    """US dollars per million tokens. Where the price rises with the length of the prompt, it is that of short prompts."""

    input: Money = Field(examples=["0.15"])
    output: Money = Field(examples=["0.6"])
    cached_input: Money | None = Field(examples=["0.075"], description="Of input that the provider reads from its cache; null: as `input`.")

    @classmethod
    def of(cls, price: ListPrice | None) -> Self | None:
        """The price as it is shown; `None`: unknown."""
        return cls(input=price.input, output=price.output, cached_input=price.cached_input) if price is not None else None


class ModelItem(WireModel):
    """One model of one provider. What nobody says is null or empty, never guessed."""

    id: str = Field(examples=["openai/gpt-4o-mini"], description="The full name, to be used in requests.")
    provider: str = Field(examples=["openai"])
    name: str = Field(examples=["gpt-4o-mini"], description="The provider's own name.")
    display_name: str = Field(
        examples=["GPT-4o mini"], description="For people: what an administrator or the provider calls it, else its name."
    )
    context_window: int | None = Field(examples=[128000], description="Tokens of prompt and answer together.")
    input_modalities: list[str] = Field(examples=[["text", "image"]])
    output_modalities: list[str] = Field(examples=[["text"]])
    price: ModelPrice | None = Field(description="Null: unknown, which is not free.")
    price_note: str | None = Field(
        examples=[None], description="Why the price is unknown although the provider's list names one; else null."
    )
    tier: Tier = Field(
        examples=["free"], description="Who may use it. `free`: everybody. `premium`: premium users. `hidden`: administrators alone."
    )
    active: bool = Field(examples=[True], description="False: an administrator switched it off, and nobody can use it.")
    allowed: bool = Field(examples=[True], description="Whether you may use it.")
    simulated: bool = Field(examples=[False], description="Its answers and its price are made up.")
    pattern: bool = Field(
        examples=[False], description="A wildcard such as `openai/*`: ask for a model that it stands for by its full name."
    )
    stale: bool = Field(examples=[False], description="From an earlier list: the provider could not be asked since.")


class ProviderItem(WireModel):
    """One configured provider and how its list of models stands."""

    id: str = Field(examples=["openai"])
    name: str = Field(examples=["OpenAI"])
    state: Literal["loading", "ok", "stale", "failed"] = Field(
        examples=["ok"],
        description=(
            "`ok`: as the provider said at the last attempt. `stale`: from an earlier attempt. "
            "`loading`: the first attempt is under way. `failed`: it gave no list yet. "
            "In every state a model that is not listed can be asked by its full name."
        ),
    )
    error: str | None = Field(examples=[None], description="Why the last attempt failed.")
    fetched_at: Moment | None = Field(examples=["2026-11-21T09:30:00.000Z"], description="When the provider last gave its list.")
    models: int = Field(examples=[74], description="How many models the list has.")
    simulated: bool = Field(examples=[False])


class ModelPage(WireModel):
    """A page of models, in the providers' order and by name, and all configured providers."""

    items: list[ModelItem]
    providers: list[ProviderItem]
    next_cursor: str | None = Field(examples=[None], description="Ask with it as `cursor` for what follows; null: this was the end.")
