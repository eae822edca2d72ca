"""The response bodies of the catalogue."""

from typing import Literal, Self

from pydantic import Field

from playground.kit.pages import Page
from playground.kit.wire import Moment, Money, WireModel
from playground.providers.records import ListPrice

from .categories import CategoryId
from .model_settings import Tier


class ModelPrice(WireModel):
    """US dollars per million tokens. If the price depends on the length of the prompt, this is the price for short prompts."""

    input: Money = Field(examples=["0.15"])
    output: Money = Field(examples=["0.6"])
    cached_input: Money | None = Field(
        examples=["0.075"], description="For input that the provider reads from its cache; null: same as `input`."
    )

    @classmethod
    def of(cls, price: ListPrice | None) -> Self | None:
        """Return the price to show, or `None` if unknown."""
        return cls(input=price.input, output=price.output, cached_input=price.cached_input) if price is not None else None


class ModelItem(WireModel):
    """One model of one provider. Unknown values are null or empty, never guessed."""

    id: str = Field(examples=["openai/gpt-4o-mini"], description="The full name. Use it in requests.")
    provider: str = Field(examples=["openai"])
    name: str = Field(examples=["gpt-4o-mini"], description="The provider's name for the model.")
    display_name: str = Field(
        examples=["GPT-4o mini"], description="The name to show: set by an administrator, or from the provider, or else `name`."
    )
    context_window: int | None = Field(examples=[128000], description="The most tokens of prompt and answer together; null: unknown.")
    input_modalities: list[str] = Field(examples=[["text", "image"]])
    output_modalities: list[str] = Field(examples=[["text"]])
    categories: list[CategoryId] = Field(examples=[["chat", "vision", "small"]], description="See `GET /models/categories`.")
    price: ModelPrice | None = Field(description="Null: the price is unknown. This doesn't mean that the model is free.")
    price_note: str | None = Field(
        examples=[None], description="Why the price in the provider's list is ignored, if it is; otherwise null."
    )
    free: bool = Field(
        examples=[False], description="The model is simulated, its price is 0, or it runs on a server of the operator and has no price."
    )
    tier: Tier = Field(
        examples=["free"], description="Who may use it. `free`: every user. `premium`: premium users. `hidden`: administrators only."
    )
    active: bool = Field(examples=[True], description="False: an administrator switched it off, and no one can use it.")
    allowed: bool = Field(examples=[True], description="Whether you may use it.")
    favourite: bool = Field(examples=[False], description="You marked the model with `PUT /models/{model_id}/favourite`.")
    simulated: bool = Field(examples=[False], description="The model is simulated; its answers and price are invented.")
    pattern: bool = Field(
        examples=[False], description="The entry is a wildcard such as `openai/*`. Use the full name of one of its models in requests."
    )
    added: bool = Field(examples=[False], description="An administrator added the model by hand.")
    stale: bool = Field(
        examples=[False], description="The model is from an earlier list, because the last attempt to fetch the list failed."
    )


class ProviderItem(WireModel):
    """One configured provider, and the state of its list of models."""

    id: str = Field(examples=["openai"])
    name: str = Field(examples=["OpenAI"])
    state: Literal["loading", "ok", "stale", "failed"] = Field(
        examples=["ok"],
        description=(
            "`ok`: the last attempt to fetch the list succeeded. `stale`: the list is from an earlier attempt. "
            "`loading`: the first attempt is in progress. `failed`: no attempt has succeeded yet. "
            "In every state, models that are not listed can be used by their full name."
        ),
    )
    error: str | None = Field(examples=[None], description="Why the last attempt failed; otherwise null.")
    fetched_at: Moment | None = Field(examples=["2026-11-21T09:30:00.000Z"], description="When the list was last fetched; null: never.")
    models: int = Field(examples=[74], description="The number of models in the list that you can see.")
    simulated: bool = Field(examples=[False])


class ModelPage(Page[ModelItem]):
    """A page of models in the order of `sort`, and all configured providers."""

    providers: list[ProviderItem]
    next_cursor: str | None = Field(examples=[None], description="Send it as `cursor` to get the next page; null on the last page.")


class CategoryItem(WireModel):
    """One category of models, derived by rules from what is known of a model."""

    id: CategoryId
    name: str = Field(examples=["Vision"])
    description: str = Field(examples=["Takes images"])
    models: int = Field(examples=[12], description="The number of models of `GET /models` in this category.")


class CategoryList(WireModel):
    """All categories, in the order in which they are shown."""

    items: list[CategoryItem]


class RecentAnswers(WireModel):
    """The answers of a provider in the last hour, of all users, without those on users' own keys."""

    answers: int = Field(examples=[120], description="Answers that completed or failed.")
    failures: int = Field(examples=[3])
    failure_share: float | None = Field(examples=[0.025], description="From 0 to 1; null: there were no answers.")
    time_to_first_token: float | None = Field(examples=[412.5], description="The median (p50), in ms; null: unknown.")
    response_time: float | None = Field(examples=[3180.0], description="The median (p50) of completed answers, in ms; null: unknown.")
    last_error: str | None = Field(examples=["rate_limited"], description="The code of the newest failure; null: there was none.")


class ProviderStatus(WireModel):
    """One provider: whether it is set up, whether it answers, and how it did in the last hour."""

    id: str = Field(examples=["openai"])
    name: str = Field(examples=["OpenAI"])
    state: Literal["loading", "ok", "stale", "failed"] | None = Field(
        examples=["ok"], description="Of its list, as in `GET /models`; null: the provider is not set up, and has none."
    )
    error: str | None = Field(examples=[None], description="Why the last attempt to fetch its list failed; otherwise null.")
    fetched_at: Moment | None = Field(examples=["2026-11-21T09:30:00.000Z"], description="When its list was last fetched; null: never.")
    models: int = Field(examples=[74], description="The number of models in the list that you can see.")
    simulated: bool = Field(examples=[False])
    configured: bool = Field(examples=[True], description="False: the service has no key for it; your own key opens it.")
    reachable: bool | None = Field(
        examples=[True], description="It answered the last request for its list, with a list or an error; null: it was not asked yet."
    )
    last_hour: RecentAnswers


class ProviderStatusList(WireModel):
    """All providers: the configured ones in their order, then the others that the service knows."""

    items: list[ProviderStatus]
