"""The services of one application, as its endpoints reach them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

if TYPE_CHECKING:
    from .accounting.estimates import Estimator
    from .accounting.prices import Prices
    from .accounting.reports.service import CostReports
    from .accounts.export import Export
    from .accounts.identity import Identities
    from .accounts.invitations import Invitations
    from .accounts.logins import Logins
    from .accounts.resets import PasswordResets
    from .accounts.service import AccountService
    from .accounts.tickets import Tickets
    from .administration.audit import Audit
    from .administration.service import Administration
    from .announcements import Announcements
    from .comparison.history import History
    from .comparison.pace import Pace
    from .comparison.runs import Runs
    from .comparison.service import ComparisonService
    from .database.client import Database
    from .keys.provider_keys import ProviderKeyService
    from .keys.service import ApiKeyService
    from .limits.service import LimitService
    from .models.access import ModelAccess
    from .models.catalogue import Catalogue
    from .models.settings import ModelSettings
    from .settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that `create_app` built."""

    settings: Settings
    database: Database
    announcements: Announcements
    identities: Identities
    accounts: AccountService
    api_keys: ApiKeyService
    provider_keys: ProviderKeyService
    logins: Logins
    tickets: Tickets
    password_resets: PasswordResets
    invitations: Invitations
    export: Export
    audit: Audit
    administration: Administration
    catalogue: Catalogue
    model_settings: ModelSettings
    models: ModelAccess
    prices: Prices
    runs: Runs
    comparisons: ComparisonService
    pace: Pace
    history: History
    estimator: Estimator
    reports: CostReports
    limits: LimitService


def services_of(request: Request) -> Services:
    """The services of the application that got the request."""
    services: Services = request.app.state.services
    return services


async def _services(request: Request) -> Services:
    # Not a plain function: those are run in a thread, which a first token would wait for.
    return services_of(request)


CurrentServices = Annotated[Services, Depends(_services)]
