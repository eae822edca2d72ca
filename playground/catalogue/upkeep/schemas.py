"""The shapes of the catalogue's upkeep on the wire."""

from typing import Annotated

from pydantic import AfterValidator, Field

from playground.catalogue.catalogue import ListState
from playground.catalogue.selection import Modality
from playground.kit.text import CleanText
from playground.kit.wire import WireInput, WireModel


class ChangedModel(WireModel):
    """A model of which the provider's list says something else than before."""

    id: str = Field(examples=["openai/gpt-4o-mini"])
    fields: list[str] = Field(examples=[["contextWindow", "price"]], description="What changed.")


class SyncedProvider(WireModel):
    """What a fetched list changed."""

    id: str = Field(examples=["openai"])
    name: str = Field(examples=["OpenAI"])
    state: ListState = Field(examples=["ok"])
    error: str | None = Field(examples=[None], description="Why the list could not be fetched; the last one is kept.")
    models: int = Field(examples=[74])
    added: list[str] = Field(examples=[["openai/gpt-5"]], description="Full names.")
    removed: list[str] = Field(examples=[["openai/gpt-4-32k"]], description="Full names.")
    changed: list[ChangedModel]


class SyncResult(WireModel):
    """What fetching all lists changed, in the providers' order."""

    providers: list[SyncedProvider]


class TestedProvider(WireModel):
    """What a provider answered to a request for one token."""

    id: str = Field(examples=["openai"])
    name: str = Field(examples=["OpenAI"])
    reachable: bool = Field(examples=[True], description="It answered at all.")
    key_accepted: bool | None = Field(examples=[True], description="Null: its answer doesn't say.")
    latency: float | None = Field(examples=[412.5], description="From the request to the first token, in ms; null: there was none.")
    model: str | None = Field(examples=["openai/gpt-4o-mini"], description="The cheapest active model; null: none is listed.")
    code: str | None = Field(examples=[None], description="The code of the error, as in events; null: it answered.")
    message: str = Field(examples=["OpenAI answered."])
    simulated: bool = Field(examples=[False])


class TestResult(WireModel):
    """What all configured providers answered, in their order."""

    providers: list[TestedProvider]


def _full_name(text: str) -> str:
    provider_id, slash, name = text.partition("/")
    if not provider_id or not slash or not name.strip():
        raise ValueError("should be a full name such as groq/llama-3.3-70b-versatile")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text.strip()


DisplayName = Annotated[CleanText, Field(max_length=200, examples=["My fine-tune"]), AfterValidator(_not_blank)]


class NewModel(WireInput):
    """A model to add to its provider's list. Its tier and price are set with `PATCH /admin/models/{model_id}`."""

    model: Annotated[CleanText, Field(max_length=300, examples=["groq/my-fine-tune"]), AfterValidator(_full_name)]
    display_name: DisplayName | None = None
    context_window: Annotated[int, Field(ge=1, le=1_000_000_000, examples=[131072])] | None = None
    input_modalities: list[Modality] = Field(default=[], max_length=5, examples=[["text", "image"]])
    output_modalities: list[Modality] = Field(default=[], max_length=5, examples=[["text"]])
