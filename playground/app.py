"""Builds the application: opens every room once, in the order of their dependencies."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from . import __version__
from .accounting.opening import open_accounting
from .accounts.endpoints import router as accounts_router
from .accounts.invitations.endpoints import router as invitations_router
from .accounts.me.endpoints import router as me_router
from .accounts.opening import open_accounts
from .administration.endpoints import routers as administration_routers
from .administration.opening import open_administration
from .attachments.endpoints import router as attachments_router
from .attachments.opening import open_attachments
from .catalogue.endpoints import router as catalogue_router
from .catalogue.opening import open_catalogue
from .catalogue.upkeep.endpoints import router as upkeep_router
from .comparison.conversations.endpoints import router as conversations_router
from .comparison.endpoints import router as comparison_router
from .comparison.opening import open_comparison
from .database.foundation import open_foundation
from .keys.endpoints import router as keys_router
from .keys.opening import open_keys
from .kit import problems
from .kit.provided import Services, check
from .ledger.charges.statements import KEEP_CHARGES
from .ledger.model_reports.endpoints import router as model_reports_router
from .ledger.opening import open_ledger
from .ledger.reports.endpoints import router as reports_router
from .limits.endpoints import router as limits_router
from .limits.opening import open_limits
from .limits.quota_statements import SETTLE
from .operation.endpoints import router as operation_router
from .operation.metrics import Metrics
from .operation.opening import open_operation
from .operation.telemetry import open_telemetry
from .page.routes import serve_page
from .providers.opening import open_providers
from .serving.health import router as health_router
from .serving.middleware import add_middlewares
from .serving.middleware.known_query import KnownQuery, QueryNames
from .serving.openapi import describe
from .serving.trailing_slashes import redirect_trailing_slashes
from .settings import Settings


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[FastAPI]:
    """Open the application with everything that it needs: database, simulator, background tasks. Raises `StartupError`."""
    app = create_app()
    metrics = Metrics()
    add_middlewares(app, settings, metrics)
    async with _open_rooms(settings, metrics) as services:
        check(app, services)
        app.state.services = services
        yield app


def create_app() -> FastAPI:
    """Create the application with its routes. `open_app` adds the middlewares and opens the rooms."""
    app = FastAPI(
        title="Playground",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # It would redirect to any host that the request names.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    routers = (
        comparison_router,  # First, because routes are tried in order, and 50 others before it would cost a stream 0.2 ms.
        conversations_router,
        health_router,
        operation_router,
        accounts_router,
        me_router,
        invitations_router,
        keys_router,
        catalogue_router,
        upkeep_router,
        attachments_router,
        reports_router,
        model_reports_router,
        limits_router,
        *administration_routers,
    )
    for router in routers:
        app.include_router(router)
    # The innermost middleware, so that its errors have the same headers as other responses.
    app.add_middleware(KnownQuery, names=QueryNames(routers, {"/openapi.json": ()}))
    serve_page(app)
    redirect_trailing_slashes(app)
    problems.install(app)
    describe(app)
    return app


@asynccontextmanager
async def _open_rooms(settings: Settings, metrics: Metrics) -> AsyncIterator[Services]:
    async with (
        open_telemetry(settings) as tracing,
        open_providers(settings) as providers,
        open_foundation(settings) as foundation,
    ):
        keys = open_keys(foundation, providers)
        models = await open_catalogue(foundation, providers, keys)
        accounting = await open_accounting(foundation, models)
        await open_ledger(foundation)
        closing_also = f"{SETTLE.strip()},{KEEP_CHARGES}"
        comparison = open_comparison(foundation, providers, models, accounting, closing_also=closing_also, observers=[metrics, *tracing])
        attachments = open_attachments(foundation)
        open_accounts(foundation, keys, comparison, attachments)
        open_limits(foundation, accounting)
        open_administration(foundation, models, accounting, comparison)
        open_operation(foundation, metrics, models, comparison)
        foundation.tasks.start_soon(foundation.announcements.run_forever)
        yield foundation.services
