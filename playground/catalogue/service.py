"""The catalogue as shown to a user: filtered, with prices, page by page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from anyio import to_thread

from playground.accounting.prices import Prices
from playground.kit.errors import BadInput, FieldError
from playground.providers.records import ListedModel

from .access import ModelView
from .catalogue import Catalogue, ProviderList
from .schemas import ModelItem, ModelPage, ModelPrice, ProviderItem
from .wildcards import is_pattern


@dataclass(frozen=True, slots=True)
class ModelQuery:
    """Selects the models of a page."""

    provider: str | None = None
    search: str | None = None
    """Words that the full name and display name must contain; case is ignored."""
    limit: int = 1_000
    cursor: str | None = None
    """The full name of the last model of the previous page."""


async def list_models(catalogue: Catalogue, prices: Prices, view: ModelView, query: ModelQuery) -> bytes:
    """Return a `ModelPage` as JSON, with the models that `view` shows.

    It is built in a worker thread, since thousands of models take tens of milliseconds, which would delay running streams.
    Raises `BadInput` if `provider` or `cursor` name a provider that is not configured.
    """
    lists = catalogue.lists
    _check_provider(lists, query.provider, "provider")
    if query.cursor is not None:
        _check_provider(lists, query.cursor.partition("/")[0], "cursor")
    return await to_thread.run_sync(_page, lists, prices, view, query)


def _check_provider(lists: Sequence[ProviderList], provider_id: str | None, field: str) -> None:
    known = [listed.provider.id for listed in lists]
    if provider_id is not None and provider_id not in known:
        message = f'The provider "{provider_id[:100]}" is not set up. Providers that are: {", ".join(known) or "none"}.'
        raise BadInput(message, errors=[FieldError(field, message)])


def _page(lists: Sequence[ProviderList], prices: Prices, view: ModelView, query: ModelQuery) -> bytes:
    page = ModelPage.of(
        _wanted(lists, view, query),
        query.limit,
        item=lambda found: _model_item(*found, prices, view),
        cursor=lambda found: _full_name(*found),
        providers=[provider_item(known, view) for known in lists],
    )
    return page.model_dump_json(by_alias=True).encode()


def _wanted(lists: Sequence[ProviderList], view: ModelView, query: ModelQuery) -> Iterator[tuple[ProviderList, ListedModel]]:
    words = (query.search or "").casefold().split()
    after_provider, _, after_name = (query.cursor or "").partition("/")
    reached = query.cursor is None
    for known in lists:
        starts_here = known.provider.id == after_provider and not reached
        reached = reached or starts_here
        if not reached or query.provider not in (None, known.provider.id):
            continue
        for name in sorted(known.models):
            if (starts_here and name <= after_name) or not view.shows(known.provider, name):
                continue
            model = known.models[name]
            text = f"{_full_name(known, model)} {_display_name(known, model, view)}".casefold()
            if all(word in text for word in words):
                yield known, model


def _model_item(known: ProviderList, model: ListedModel, prices: Prices, view: ModelView) -> ModelItem:
    provider = known.provider
    setting = view.settings.of(provider, model.name)
    price = prices.price(provider, model.name, model)
    return ModelItem(
        id=_full_name(known, model),
        provider=provider.id,
        name=model.name,
        display_name=_display_name(known, model, view),
        context_window=prices.context_window(provider, model.name, model),
        input_modalities=list(model.input_modalities),
        output_modalities=list(model.output_modalities),
        price=ModelPrice.of(price),
        price_note=model.price_note if price is None else None,
        tier=setting.tier,
        active=setting.active,
        allowed=view.allows(provider, model.name),
        simulated=provider.simulated,
        pattern=is_pattern(model.name),
        stale=known.state == "stale",
    )


def _display_name(known: ProviderList, model: ListedModel, view: ModelView) -> str:
    return view.settings.of(known.provider, model.name).display_name or model.display_name or model.name


def provider_item(known: ProviderList, view: ModelView) -> ProviderItem:
    """Return a provider and the state of its list, with the models that `view` shows."""
    return ProviderItem(
        id=known.provider.id,
        name=known.provider.name,
        state=known.state,
        error=known.failure,
        fetched_at=known.fetched_at,
        models=sum(view.shows(known.provider, name) for name in known.models),
        simulated=known.provider.simulated,
    )


def _full_name(known: ProviderList, model: ListedModel) -> str:
    return f"{known.provider.id}/{model.name}"
