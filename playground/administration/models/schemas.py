"""The shapes of models on the wire, as administrators see them."""

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
    """A price above all other sources."""

    input: Amount
    output: Amount
    cached_input: Annotated[Amount | None, Field(description="Of input that the provider reads from its cache; null: as `input`.")] = None

    def as_list_price(self) -> ListPrice:
        """The price as the rest of the service knows it."""
        return ListPrice(self.input, self.output, self.cached_input)


class ModelDecision(WireModel):
    """What administrators decided about a model."""

    active: bool = Field(description="False: nobody can use it.")
    tier: Tier
    display_name: str | None = Field(description="Shown in place of the provider's own; null: none was set.")
    price: ModelPrice | None = Field(description="Above every other source; null: none was set.")


class ManagedModel(WireModel):
    """One model: what was decided about it, and what is known."""

    id: str = Field(examples=["groq/llama-3.3-70b-versatile"])
    provider: str = Field(examples=["groq"])
    name: str = Field(examples=["llama-3.3-70b-versatile"], description="The provider's own name.")
    settings: ModelDecision
    own_settings: bool = Field(description="False: these are the defaults, or those of the model whose route this is.")
    listed: bool = Field(description="The provider's list has it.")
    stale: bool = Field(description="From an earlier list: the provider could not be asked since.")
    simulated: bool
    pattern: bool = Field(description="It is a wildcard such as `openai/*`: its settings hold for the models that it stands for.")
    provider_name: str | None = Field(description="What the provider calls it for people.")
    context_window: int | None
    price: ModelPrice | None = Field(description="What it costs, by the set price or by the known one; null: unknown.")
    known_price: ModelPrice | None = Field(description="What it costs where no price is set here.")
    price_note: str | None = Field(
        description="Why `knownPrice` is unknown although the provider's list names one: it is beyond belief, or not by the token."
    )


class ManagedModelPage(Page[ManagedModel]):
    """A page of models: those that the providers list and those that have settings, by provider and name."""


class ModelChange(WireInput):
    """What to change of a model's settings; what is absent stays."""

    active: bool | None = None
    tier: Tier | None = None
    price: Annotated[SetPrice | None, Field(description="Null takes the set price away.")] = None
    display_name: Annotated[
        Annotated[CleanText, AfterValidator(not_blank), AfterValidator(str.strip), Field(max_length=200)] | None,
        Field(description="Null takes the name away."),
    ] = None
