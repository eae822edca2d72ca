"""The services of one application, as its endpoints reach them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

if TYPE_CHECKING:
    from playground.accounting.estimates import Estimator
    from playground.accounting.prices import Prices
    from playground.accounts.export.service import Export
    from playground.accounts.identity import Identities
    from playground.accounts.invitations.service import Invitations
    from playground.accounts.logins.service import Logins
    from playground.accounts.logins.tickets import Tickets
    from playground.accounts.passwords.resets import PasswordResets
    from playground.accounts.service import AccountService
    from playground.administration.service import Administration
    from playground.catalogue.access import ModelAccess
    from playground.catalogue.catalogue import Catalogue
    from playground.catalogue.model_settings import ModelSettings
    from playground.comparison.history import History
    from playground.comparison.running.runs import Runs
    from playground.comparison.service import ComparisonService
    from playground.comparison.stream.write_rounds import Pace
    from playground.database.audit import Audit
    from playground.database.client import Database
    from playground.keys.api_keys.service import ApiKeyService
    from playground.keys.provider_keys.service import ProviderKeyService
    from playground.kit.announcements import Announcements
    from playground.ledger.reports.service import CostReports
    from playground.limits.service import LimitService

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
