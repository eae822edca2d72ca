"""The catalogue as shown to a user: filtered, with prices, page by page, or one model."""

from collections.abc import Iterator, Sequence

from anyio import to_thread

from playground.accounting.prices import Prices
from playground.kit.errors import BadInput, Conflict, NotFound
from playground.providers.registry import Providers

from .access import ModelView
from .catalogue import Catalogue, ProviderList
from .categories import CATEGORIES
from .repository import FavouriteRepository, LastHour, RecentAnswersRepository
from .resolution import UnknownModel, joined
from .schemas import (
    CategoryItem,
    CategoryList,
    ModelItem,
    ModelPage,
    ModelPrice,
    ProviderItem,
    ProviderStatus,
    ProviderStatusList,
    RecentAnswers,
)
from .selection import Entry, ModelQuery, cursor_of, select
from .wildcards import is_pattern

_MOST_FAVOURITES = 500
"""Of one user."""


class ModelNotFound(NotFound):
    """No list has this model, or the user can't see it."""

    code = "model_not_listed"
    title = "The model is not in the lists"


class TooManyFavourites(Conflict):
    """The user has the maximum number of favourites."""

    code = "too_many_favourites"
    title = "Too many favourites"


class Models:
    """Shows the catalogue. Long lists are built in a worker thread, so that running streams don't wait for them."""

    def __init__(
        self,
        catalogue: Catalogue,
        providers: Providers,
        prices: Prices,
        favourites: FavouriteRepository,
        recent: RecentAnswersRepository,
    ) -> None:
        self._catalogue = catalogue
        self._providers = providers
        self._recent = recent
        self._prices = prices
        self._favourites = favourites

    async def page(self, user_id: str, view: ModelView, query: ModelQuery) -> bytes:
        """Return a `ModelPage` as JSON, with the models that `view` shows.

        Raises `BadInput` if `provider` or `cursor` name a provider that is not configured, and `Unavailable`.
        """
        favourites = await self._favourites.of(user_id)
        return await to_thread.run_sync(self._page, self._catalogue.lists, view, query, favourites)

    async def get(self, user_id: str, view: ModelView, name: str) -> ModelItem:
        """Return one listed model, by its full name or by a bare name. Raises `ModelNotFound` and `Unavailable`."""
        known, model = self._find(name, view)
        favourites = await self._favourites.of(user_id)
        entry = next(self._entries([known], view, favourites, only=model))
        return _model_item(entry)

    async def categories(self, view: ModelView) -> CategoryList:
        """Return all categories, with the number of models in each that `view` shows."""
        return await to_thread.run_sync(self._categories, self._catalogue.lists, view)

    async def providers(self, user_id: str, view: ModelView) -> ProviderStatusList:
        """Return the state of all providers. Raises `TooSlow`, `Unavailable`."""
        last_hour = await self._recent.last_hour(user_id)
        configured = self._catalogue.lists
        ids = {known.provider.id for known in configured}
        others = [ProviderList(provider) for provider in self._providers.all_known() if provider.id not in ids]
        return ProviderStatusList(
            items=[
                ProviderStatus(
                    id=known.provider.id,
                    name=known.provider.name,
                    state=known.state if known.provider.id in ids else None,
                    error=known.failure,
                    fetched_at=known.fetched_at,
                    models=shown_models(known, view),
                    simulated=known.provider.simulated,
                    configured=known.provider.id in ids,
                    reachable=known.reachable,
                    last_hour=_recent_answers(last_hour.get(known.provider.id)),
                )
                for known in (*configured, *others)
            ]
        )

    async def mark(self, user_id: str, view: ModelView, name: str) -> None:
        """Make a model a favourite of the user. Raises `ModelNotFound`, `TooManyFavourites`, `Unavailable`."""
        known, model = self._find(name, view)
        if not await self._favourites.add(user_id, f"{known.provider.id}/{model}", most=_MOST_FAVOURITES):
            raise TooManyFavourites(f"You have {_MOST_FAVOURITES} favourites, the maximum. Remove one first.")

    async def unmark(self, user_id: str, name: str) -> None:
        """Remove a model from the user's favourites, whether it is still listed or not. Raises `Unavailable`."""
        await self._favourites.remove(user_id, name)

    def _find(self, name: str, view: ModelView) -> tuple[ProviderList, str]:
        provider_id, _, model = name.partition("/")
        known = self._catalogue.list_of(provider_id)
        if known is None or model not in known.models:
            try:
                resolved = self._catalogue.resolve(name, view=view)
            except UnknownModel as error:
                raise self._not_found(name, view) from error
            known = self._catalogue.list_of(resolved.provider.id)
            model = resolved.listed.name if resolved.listed is not None else resolved.model
        if known is None or model not in known.models or not view.shows(known.provider, model):
            raise self._not_found(name, view)
        return known, model

    def _not_found(self, name: str, view: ModelView) -> ModelNotFound:
        nearest = self._catalogue.nearest(name, view.shows)
        meant = f" Did you mean {joined(nearest, 'or')}?" if nearest else ""
        return ModelNotFound(f"No provider lists such a model.{meant}")

    def _page(self, lists: Sequence[ProviderList], view: ModelView, query: ModelQuery, favourites: frozenset[str]) -> bytes:
        places = {known.provider.id: place for place, known in enumerate(lists)}
        if query.provider is not None and query.provider not in places:
            raise BadInput.at(
                "provider", f'The provider "{query.provider[:100]}" is not set up. Providers that are: {", ".join(places) or "none"}.'
            )
        page = ModelPage.of(
            select(self._entries(lists, view, favourites), query, places),
            query.limit,
            item=_model_item,
            cursor=lambda last: cursor_of(last, query.sort),
            providers=[provider_item(known, view) for known in lists],
        )
        return page.model_dump_json(by_alias=True).encode()

    def _categories(self, lists: Sequence[ProviderList], view: ModelView) -> CategoryList:
        found = [entry.categories for entry in self._entries(lists, view, frozenset())]
        return CategoryList(
            items=[
                CategoryItem(
                    id=category.id,
                    name=category.name,
                    description=category.description,
                    models=sum(category.id in categories for categories in found),
                )
                for category in CATEGORIES
            ]
        )

    def _entries(
        self, lists: Sequence[ProviderList], view: ModelView, favourites: frozenset[str], *, only: str | None = None
    ) -> Iterator[Entry]:
        for place, known in enumerate(lists):
            for name, model in known.models.items():
                if only in (None, name) and view.shows(known.provider, name):
                    yield Entry(known, place, model, view, self._prices, favourites)


def _model_item(entry: Entry) -> ModelItem:
    model, provider = entry.listed, entry.known.provider
    return ModelItem(
        id=entry.id,
        provider=provider.id,
        name=model.name,
        display_name=entry.display_name,
        context_window=entry.context_window,
        input_modalities=list(model.input_modalities),
        output_modalities=list(model.output_modalities),
        categories=list(entry.categories),
        price=ModelPrice.of(entry.price),
        price_note=model.price_note if entry.price is None else None,
        free=entry.free,
        tier=entry.setting.tier,
        active=entry.setting.active,
        allowed=entry.view.allows(provider, model.name),
        favourite=entry.favourite,
        simulated=provider.simulated,
        pattern=is_pattern(model.name),
        added=model.name in entry.known.added,
        stale=entry.known.state == "stale",
    )


def provider_item(known: ProviderList, view: ModelView) -> ProviderItem:
    """Return a provider and the state of its list, with the models that `view` shows."""
    return ProviderItem(
        id=known.provider.id,
        name=known.provider.name,
        state=known.state,
        error=known.failure,
        fetched_at=known.fetched_at,
        models=shown_models(known, view),
        simulated=known.provider.simulated,
    )


def _recent_answers(found: LastHour | None) -> RecentAnswers:
    if found is None:
        return RecentAnswers(answers=0, failures=0, failure_share=None, time_to_first_token=None, response_time=None, last_error=None)
    return RecentAnswers(
        answers=found.answers,
        failures=found.failures,
        failure_share=round(found.failures / found.answers, 4),
        time_to_first_token=found.time_to_first_token,
        response_time=found.response_time,
        last_error=found.last_error,
    )


def shown_models(known: ProviderList, view: ModelView) -> int:
    """Return how many models of a provider `view` shows."""
    return sum(view.shows(known.provider, name) for name in known.models)
