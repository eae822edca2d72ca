"""All that administrators can do, by what it is about."""

from dataclasses import dataclass
from typing import Self

from playground.accounting.prices import Prices
from playground.administration.audit_trail.repository import AuditRepository
from playground.administration.audit_trail.service import AuditTrail
from playground.administration.models.repository import SettingsRepository
from playground.administration.models.service import ModelAdministration
from playground.administration.statistics.repository import StatisticsRepository
from playground.administration.statistics.service import StatisticsService
from playground.administration.system.service import SystemService
from playground.administration.users.repository import AccountRepository
from playground.administration.users.service import UserAdministration
from playground.catalogue.access import ModelAccess
from playground.catalogue.catalogue import Catalogue
from playground.catalogue.model_settings import ModelSettings
from playground.comparison.running.runs import Runs
from playground.database.audit import Audit
from playground.database.client import Database
from playground.kit.announcements import Announcements
from playground.settings import Settings


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
