"""Fetching all lists now, adding models by hand, and trying every provider."""

from collections.abc import Mapping
from dataclasses import fields

from anyio import create_task_group
from pydantic.alias_generators import to_camel

from playground.catalogue.catalogue import Catalogue, ProviderList
from playground.catalogue.model_settings import ModelSettings
from playground.catalogue.resolution import is_askable, listed_entry
from playground.catalogue.wildcards import is_pattern
from playground.kit.announcements import Announcements
from playground.kit.errors import BadInput, Conflict, NotFound
from playground.providers.adapter import ProviderClient
from playground.providers.records import ListedModel, Provider

from .provider_test import ask_one_token
from .repository import AddedModelsRepository
from .schemas import ChangedModel, NewModel, SyncedProvider, SyncResult, TestedProvider, TestResult


class ModelListed(Conflict):
    """The model is in the list already."""

    code = "model_listed"
    title = "The model is listed already"


class ModelNotAdded(NotFound):
    """No one added this model by hand."""

    code = "model_not_added"
    title = "The model was not added by hand"


class CatalogueUpkeep:
    """What administrators do with the catalogue."""

    def __init__(
        self,
        catalogue: Catalogue,
        settings: ModelSettings,
        repository: AddedModelsRepository,
        client: ProviderClient,
        announcements: Announcements,
    ) -> None:
        self._catalogue = catalogue
        self._settings = settings
        self._repository = repository
        self._client = client
        self._announcements = announcements

    async def sync(self) -> SyncResult:
        """Fetch all lists at once, and return what changed. Other replicas take the new lists over."""
        before = {known.provider.id: known for known in self._catalogue.lists}
        async with create_task_group() as group:
            for provider_id in before:
                group.start_soon(self._catalogue.refresh, provider_id)
        await self._announcements.announce("catalogue", "synced")
        return SyncResult(providers=[_difference(before[known.provider.id], known) for known in self._catalogue.lists])

    async def test(self) -> TestResult:
        """Ask all configured providers at once for one token. Raises `Unavailable`."""
        settings = await self._settings.current()
        found: dict[str, TestedProvider] = {}

        async def ask(known: ProviderList) -> None:
            active = [model for model in known.models.values() if settings.of(known.provider, model.name).active]
            found[known.provider.id] = await ask_one_token(self._client, known.provider, _cheapest(active))

        lists = self._catalogue.lists
        async with create_task_group() as group:
            for known in lists:
                group.start_soon(ask, known)
        return TestResult(providers=[found[known.provider.id] for known in lists])

    async def add(self, new: NewModel, *, actor_id: str) -> str:
        """Add a model to its provider's list, on every replica; its full name.

        Raises `BadInput` for a provider that is not configured, or a name that can't be a model's, `ModelListed`, `Unavailable`.
        """
        provider_id, _, name = new.model.partition("/")
        known = self._catalogue.list_of(provider_id)
        if known is None:
            there = ", ".join(each.provider.id for each in self._catalogue.lists)
            raise BadInput.at("model", f"names a provider that is not set up. Providers that are: {there or 'none'}.")
        if known.provider.simulated or not is_askable(name):
            raise BadInput.at("model", "is no name that a model of this provider can have")
        if listed_entry(known, name) is not None:
            raise ModelListed(f"{new.model} is in the list of {known.provider.name} already.")
        inputs, outputs = tuple(dict.fromkeys(new.input_modalities)), tuple(dict.fromkeys(new.output_modalities))
        listed = ListedModel(name, new.display_name, new.context_window, inputs, outputs)
        if not await self._repository.add(new.model, listed, actor_id=actor_id):
            raise ModelListed(f"{new.model} was added already.")
        await self._changed(new.model)
        return new.model

    async def remove(self, full_name: str, *, actor_id: str) -> None:
        """Remove a model that was added by hand, on every replica. Raises `ModelNotAdded`, `Unavailable`."""
        if not await self._repository.remove(full_name, actor_id=actor_id):
            raise ModelNotAdded("No model of this name was added by hand.")
        await self._changed(full_name)

    async def _changed(self, full_name: str) -> None:
        await self._catalogue.reload()
        await self._announcements.announce("catalogue", full_name)


def _difference(before: ProviderList, after: ProviderList) -> SyncedProvider:
    provider = after.provider
    return SyncedProvider(
        id=provider.id,
        name=provider.name,
        state=after.state,
        error=after.failure,
        models=len(after.models),
        added=_full_names(provider, [name for name in after.models if name not in before.models]),
        removed=_full_names(provider, [name for name in before.models if name not in after.models]),
        changed=_changed_models(provider, before.models, after.models),
    )


def _full_names(provider: Provider, names: list[str]) -> list[str]:
    return [f"{provider.id}/{name}" for name in names]


def _changed_models(provider: Provider, before: Mapping[str, ListedModel], after: Mapping[str, ListedModel]) -> list[ChangedModel]:
    changed = []
    for name, model in after.items():
        earlier = before.get(name, model)
        if earlier != model:
            differing = [field.name for field in fields(ListedModel) if getattr(earlier, field.name) != getattr(model, field.name)]
            changed.append(ChangedModel(id=f"{provider.id}/{name}", fields=[to_camel(field) for field in differing]))
    return changed


def _cheapest(models: list[ListedModel]) -> str | None:
    """The model with the lowest listed price; if none has a price, the first of the list."""
    named = [model for model in models if not is_pattern(model.name)]
    priced = [model for model in named if model.price is not None]
    if priced:
        return min(priced, key=lambda model: model.price.input + model.price.output if model.price is not None else 0).name
    return named[0].name if named else None
