"""Builds the services of this room: the catalogue of models, and their settings."""

from dataclasses import dataclass

from playground.accounting.prices import Prices
from playground.database.foundation import Foundation
from playground.keys.opening import KeysRoom
from playground.providers.opening import ProvidersRoom

from .access import ModelAccess
from .catalogue import Catalogue
from .default_tiers import DefaultTiers
from .model_settings import ModelSettings
from .repository import CatalogueRepository, FavouriteRepository, ModelSettingsRepository, RecentAnswersRepository
from .service import Models
from .upkeep.repository import AddedModelsRepository
from .upkeep.service import CatalogueUpkeep

_FIRST_LISTS_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class CatalogueRoom:
    """The services that other rooms use."""

    catalogue: Catalogue
    settings: ModelSettings
    access: ModelAccess
    prices: Prices


async def open_catalogue(foundation: Foundation, providers: ProvidersRoom, keys: KeysRoom) -> CatalogueRoom:
    """Build the services, and wait up to two seconds for the first lists of models."""
    database = foundation.database
    settings = ModelSettings(ModelSettingsRepository(database), foundation.announcements)
    prices = Prices(settings.price)
    catalogue = Catalogue(
        providers.providers,
        providers.client,
        CatalogueRepository(database),
        refresh_seconds=foundation.settings.model_list_refresh_seconds,
    )
    await prices.warm_up()
    settings.default_to(DefaultTiers(prices, foundation.settings.priced_models_tier, catalogue.list_of).of)
    await settings.current()
    models = Models(catalogue, providers.providers, prices, FavouriteRepository(database), RecentAnswersRepository(database))
    added = AddedModelsRepository(database, foundation.audit)
    upkeep = CatalogueUpkeep(catalogue, settings, added, providers.client, foundation.announcements)
    catalogue.listen(foundation.announcements)
    access = ModelAccess(catalogue, settings, keys.user_keys)
    foundation.services.add(catalogue, access, prices, models, upkeep)
    foundation.tasks.start_soon(settings.run_forever)
    foundation.tasks.start_soon(catalogue.run_forever)
    await catalogue.first_lists(_FIRST_LISTS_SECONDS)
    return CatalogueRoom(catalogue, settings, access, prices)
