"""The shapes of models on the wire as administrators see them."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from playground.catalogue.model_settings import Tier
from playground.catalogue.schemas import ModelPrice
from playground.kit.pages import Page
from playground.kit.text import CleanText, not_blank
from playground.kit.wire import WireInput, WireModel
from playground.providers.records import ListPrice

Amount = Annotated[
    Decimal,
    Field(ge=0, lt=1_000_000, decimal_places=12, allow_inf_nan=False, examples=["0.15"], description="US dollars per million tokens."),
]


class SetPrice(WireInput):
    """A price that overrides all other sources."""

    input: Amount
    output: Amount
    cached_input: Annotated[
        Amount | None, Field(description="Price of input that the provider reads from its cache; null: same as `input`.")
    ] = None

    def as_list_price(self) -> ListPrice:
        """Return the price as the rest of the service represents it."""
        return ListPrice(self.input, self.output, self.cached_input)


class ModelDecision(WireModel):
    """What administrators have set for a model."""

    active: bool = Field(description="False: no one can use the model.")
    tier: Tier
    display_name: str | None = Field(description="Shown instead of the provider's name for the model; null: not set.")
    price: ModelPrice | None = Field(description="Overrides every other source; null: not set.")


class ManagedModel(WireModel):
    """One model: its settings, and what is known about it."""

    id: str = Field(examples=["groq/llama-3.3-70b-versatile"])
    provider: str = Field(examples=["groq"])
    name: str = Field(examples=["llama-3.3-70b-versatile"], description="The provider's name for the model.")
    settings: ModelDecision
    own_settings: bool = Field(description="False: `settings` are the defaults, or those of the model that this is a route of.")
    listed: bool = Field(description="The model is in the provider's list.")
    stale: bool = Field(description="From an earlier list: the provider has been unreachable since.")
    simulated: bool
    pattern: bool = Field(description="A wildcard such as `openai/*`: its settings apply to all models that match it.")
    provider_name: str | None = Field(description="The provider's display name for the model.")
    context_window: int | None
    price: ModelPrice | None = Field(description="The price that applies: the set price, else the known price; null: unknown.")
    known_price: ModelPrice | None = Field(description="The price if none is set; null: unknown.")
    price_note: str | None = Field(
        description="Why `knownPrice` is unknown although the provider lists a price: it is implausible, or not per token."
    )


class ManagedModelPage(Page[ManagedModel]):
    """A page of models that are listed or have settings, sorted by provider and name."""


class ModelChange(WireInput):
    """Changes to a model's settings. Absent fields stay the same."""

    active: bool | None = None
    tier: Tier | None = None
    price: Annotated[SetPrice | None, Field(description="Null removes the price.")] = None
    display_name: Annotated[
        Annotated[CleanText, AfterValidator(not_blank), AfterValidator(str.strip), Field(max_length=200)] | None,
        Field(description="Null removes the name."),
    ] = None
