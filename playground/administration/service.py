"""All that administrators can do, by what it is about."""

from dataclasses import dataclass
from typing import Self

from playground.accounting.prices import Prices
from playground.announcements import Announcements
from playground.comparison.runs import Runs
from playground.database.client import Database
from playground.models.access import ModelAccess
from playground.models.catalogue import Catalogue
from playground.models.settings import ModelSettings
from playground.settings import Settings

from .audit import Audit
from .models.repository import SettingsRepository
from .models.service import ModelAdministration
from .statistics.repository import StatisticsRepository
from .statistics.service import StatisticsService
from .system.service import SystemService
from .trail.repository import AuditRepository
from .trail.service import AuditTrail
from .users.repository import AccountRepository
from .users.service import UserAdministration


@dataclass(frozen=True, slots=True)
class Administration:
    """The services behind `/admin`."""

    users: UserAdministration
    models: ModelAdministration
    statistics: StatisticsService
    system: SystemService
    trail: AuditTrail

    @classmethod
    def over(
        cls,
        settings: Settings,
        database: Database,
        announcements: Announcements,
        audit: Audit,
        *,
        catalogue: Catalogue,
        prices: Prices,
        model_settings: ModelSettings,
        models: ModelAccess,
        runs: Runs,
    ) -> Self:
        """The administration of a service that has these parts."""
        return cls(
            users=UserAdministration(AccountRepository(database, audit), announcements),
            models=ModelAdministration(catalogue, prices, model_settings, SettingsRepository(database, audit), announcements),
            statistics=StatisticsService(StatisticsRepository(database)),
            system=SystemService(settings, database, announcements, runs, catalogue, models),
            trail=AuditTrail(AuditRepository(database)),
        )
