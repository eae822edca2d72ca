"""Opens the room: the services behind `/admin`."""

from playground.accounting.opening import AccountingRoom
from playground.accounts.repository import UserRepository
from playground.catalogue.opening import CatalogueRoom
from playground.comparison.opening import ComparisonRoom
from playground.database.foundation import Foundation

from .audit_trail.repository import AuditRepository
from .audit_trail.service import AuditTrail
from .models.repository import SettingsRepository
from .models.service import ModelAdministration
from .statistics.repository import StatisticsRepository
from .statistics.service import StatisticsService
from .system.service import SystemService
from .users.repository import AccountRepository
from .users.service import UserAdministration


def open_administration(foundation: Foundation, models: CatalogueRoom, accounting: AccountingRoom, comparison: ComparisonRoom) -> None:
    """Open the room."""
    settings, database, announcements, audit = foundation.settings, foundation.database, foundation.announcements, foundation.audit
    foundation.services.add(
        UserAdministration(AccountRepository(database, audit), UserRepository(database), announcements),
        ModelAdministration(models.catalogue, accounting.prices, models.settings, SettingsRepository(database, audit), announcements),
        StatisticsService(StatisticsRepository(database)),
        SystemService(settings, database, announcements, comparison.runs, models.catalogue, models.access),
        AuditTrail(AuditRepository(database)),
    )
