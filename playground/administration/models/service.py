"""The settings of models, beside what is known about the models."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from anyio import to_thread

from playground.accounting.prices import Prices
from playground.catalogue.catalogue import Catalogue, ProviderList
from playground.catalogue.model_settings import KnownSettings, ModelSettings, Tier
from playground.catalogue.resolution import UnknownModel, is_askable, listed_entry
from playground.catalogue.schemas import ModelPrice
from playground.catalogue.wildcards import is_pattern
from playground.kit.announcements import Announcements
from playground.kit.errors import FieldError, NotFound
from playground.providers.builtin import BUILTIN
from playground.providers.records import Provider

from .repository import SettingsRepository
from .schemas import ManagedModel, ManagedModelPage, ModelChange, ModelDecision


class UnknownProvider(NotFound):
    """The provider is not configured, and is none of the built-in ones."""

    def __init__(self, model: str) -> None:
        super().__init__(f'There is no model "{model[:100]}". Write it as provider/model, with a provider that this service knows.')


@dataclass(frozen=True, slots=True)
class ManagedModelQuery:
    """Which models to return; `None` doesn't filter."""

    search: str | None = None
    """Words that must all be in the full name or a display name, ignoring case."""
    provider: str | None = None
    tier: Tier | None = None
    active: bool | None = None
    limit: int = 100
    cursor: str | None = None
    """The full name of the last model of the previous page."""


class ModelAdministration:
    """Reads and changes the settings of models. A change takes effect immediately, on every replica."""

    def __init__(
        self,
        catalogue: Catalogue,
        prices: Prices,
        settings: ModelSettings,
        repository: SettingsRepository,
        announcements: Announcements,
    ) -> None:
        self._catalogue = catalogue
        self._prices = prices
        self._settings = settings
        self._repository = repository
        self._announcements = announcements

    async def page(self, query: ManagedModelQuery) -> bytes:
        """Return a `ManagedModelPage` as JSON. Built in a worker thread, because of up to thousands of models. Raises `Unavailable`."""
        settings = await self._settings.current()
        return await to_thread.run_sync(self._page, self._catalogue.lists, settings, query)

    async def get(self, model: str) -> ManagedModel:
        """Return one model. Raises `UnknownProvider`, `Unavailable`."""
        settings = await self._settings.current()
        known, name = self._place(model, settings)
        return self._item(known, name, settings)

    async def change(self, model: str, change: ModelChange, *, actor_id: str | None) -> ManagedModel:
        """Change a model's settings, even before its provider lists it.

        Raises `UnknownProvider`, `UnknownModel` for a model that can't be run, `Unavailable`.
        """
        settings = await self._settings.current()
        known, name = self._place(model, settings)
        self._check_runnable(known, name)
        values = change.model_dump(exclude_unset=True)
        for field in ("active", "tier"):
            if values.get(field, ...) is None:
                del values[field]
        if change.price is not None:
            values["price"] = change.price.as_list_price()
        stored_name = settings.stored_name(known.provider, name)
        # An unlisted model becomes usable when it has any settings, even the defaults.
        decides = bool(values) and (listed_entry(known, name) is None or is_pattern(name))
        if await self._repository.change(
            stored_name, values, otherwise=settings.of(known.provider, name), decides=decides, actor_id=actor_id
        ):
            await self._announcements.announce("models", stored_name)
        return self._item(known, name, await self._settings.current())

    def _place(self, model: str, settings: KnownSettings) -> tuple[ProviderList, str]:
        """Return the provider of `model`, and the name under which it is shown."""
        provider_id, _, name = model.partition("/")
        known = next((listed for listed in self._catalogue.lists if listed.provider.id == provider_id), None)
        if known is None and (provider_id in _BUILTIN or settings.stored_under(model) is not None):
            known = _not_set_up(provider_id)
        if known is None or not name:
            raise UnknownProvider(model)
        listed = None if known.provider.quirks.routes else listed_entry(known, name)
        return known, listed.name if listed is not None else known.provider.listed_as(name)[0]

    def _check_runnable(self, known: ProviderList, name: str) -> None:
        if is_pattern(name) and name in known.models:
            return  # Its settings apply to the models that it covers.
        if known.provider.id in _BUILTIN and known.provider.id not in {listed.provider.id for listed in self._catalogue.lists}:
            if is_askable(name):
                return  # A user's key can run it.
        elif known.provider.base_url:
            self._catalogue.resolve(f"{known.provider.id}/{name}", field="model")
            return
        detail = f'The model "{known.provider.id}/{name}" can\'t be run on this service.'
        raise UnknownModel(detail, errors=[FieldError("model", detail)])

    def _page(self, lists: Sequence[ProviderList], settings: KnownSettings, query: ManagedModelQuery) -> bytes:
        wanted = self._wanted(lists, settings, query)
        page = ManagedModelPage.of(wanted, query.limit, item=lambda model: model, cursor=lambda model: model.id)
        return page.model_dump_json(by_alias=True).encode()

    def _wanted(self, lists: Sequence[ProviderList], settings: KnownSettings, query: ManagedModelQuery) -> Iterator[ManagedModel]:
        words = (query.search or "").casefold().split()
        after_provider, _, after_name = (query.cursor or "").partition("/")
        for known in _with_those_not_set_up(lists, settings):
            provider = known.provider
            if query.provider not in (None, provider.id) or provider.id < after_provider:
                continue
            for name in _names(known, settings):
                listed, setting = known.models.get(name), settings.of(provider, name)
                text = f"{provider.id}/{name} {setting.display_name or ''} {(listed and listed.display_name) or ''}".casefold()
                if (
                    not (provider.id == after_provider and name <= after_name)
                    and query.tier in (None, setting.tier)
                    and query.active in (None, setting.active)
                    and all(word in text for word in words)
                ):
                    yield self._item(known, name, settings)

    def _item(self, known: ProviderList, name: str, settings: KnownSettings) -> ManagedModel:
        provider, listed = known.provider, listed_entry(known, name)
        setting = settings.of(provider, name)
        known_price = self._prices.price_unless_set(provider, name, listed)
        return ManagedModel(
            id=f"{provider.id}/{name}",
            provider=provider.id,
            name=name,
            settings=ModelDecision(
                active=setting.active, tier=setting.tier, display_name=setting.display_name, price=ModelPrice.of(setting.price)
            ),
            own_settings=settings.stored_under(settings.stored_name(provider, name)) is not None,
            listed=listed is not None,
            stale=listed is not None and known.state == "stale",
            simulated=provider.simulated,
            provider_name=listed.display_name if listed is not None else None,
            pattern=is_pattern(name),
            context_window=self._prices.context_window(provider, name, listed),
            price=ModelPrice.of(setting.price or known_price),
            known_price=ModelPrice.of(known_price),
            price_note=listed.price_note if listed is not None and known_price is None else None,
        )


_BUILTIN = {provider.id: provider for provider in BUILTIN}


def _not_set_up(provider_id: str) -> ProviderList:
    return ProviderList(_BUILTIN.get(provider_id) or Provider(id=provider_id, name=provider_id, base_url=""))


def _with_those_not_set_up(lists: Sequence[ProviderList], settings: KnownSettings) -> list[ProviderList]:
    """Return all lists, including the providers of models that only have settings, sorted by id."""
    known = {listed.provider.id: listed for listed in lists}
    for full_name in settings.names:
        provider_id = full_name.partition("/")[0]
        if provider_id not in known:
            known[provider_id] = _not_set_up(provider_id)
    return [known[provider_id] for provider_id in sorted(known)]


def _names(known: ProviderList, settings: KnownSettings) -> list[str]:
    """Return all models of a provider that are listed or have settings."""
    prefix = f"{known.provider.id}/"
    covered = {settings.stored_name(known.provider, name) for name in known.models}
    others = [name.removeprefix(prefix) for name in settings.names if name.startswith(prefix) and name not in covered]
    return sorted([*known.models, *others])
