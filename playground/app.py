"""Builds the application: every service once, wired by hand, for as long as it is open."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from playground.accounting.bills import Bills
from playground.accounting.estimates import Estimator
from playground.accounting.prices import Prices
from playground.accounting.token_counts import TokenCounter
from playground.accounts.account_mails import Letters
from playground.accounts.cleanup import Tidying
from playground.accounts.departures import Departures
from playground.accounts.endpoints import router as accounts_router
from playground.accounts.export.repository import ExportRepository
from playground.accounts.export.service import Export
from playground.accounts.identity import Identities
from playground.accounts.invitations.endpoints import router as invitations_router
from playground.accounts.invitations.repository import InvitationRepository
from playground.accounts.invitations.service import Invitations
from playground.accounts.logins.repository import LoginRepository
from playground.accounts.logins.service import Logins
from playground.accounts.logins.signed_tokens import Tokens
from playground.accounts.logins.tickets import Tickets, UsesInMemory, UsesInRedis
from playground.accounts.me.endpoints import router as me_router
from playground.accounts.passwords.hashing import PasswordHasher
from playground.accounts.passwords.resets import PasswordResets
from playground.accounts.repository import UserRepository
from playground.accounts.service import AccountService
from playground.administration.endpoints import routers as administration_routers
from playground.administration.service import Administration
from playground.catalogue.access import ModelAccess
from playground.catalogue.catalogue import Catalogue
from playground.catalogue.endpoints import router as models_router
from playground.catalogue.model_settings import ModelSettings
from playground.catalogue.repository import CatalogueRepository, ModelSettingsRepository
from playground.comparison.endpoints import router as comparison_router
from playground.comparison.history import History
from playground.comparison.recording.journal import Journal
from playground.comparison.recording.recorder import Recorder
from playground.comparison.recording.recovery import Recovery
from playground.comparison.repository import SessionRepository
from playground.comparison.running.run_memory import RunMemory
from playground.comparison.running.runs import Runs
from playground.comparison.service import ComparisonService
from playground.comparison.stream.write_rounds import Pace
from playground.database.audit import Audit
from playground.database.client import Database
from playground.keys.api_keys.last_use import KeyUses
from playground.keys.api_keys.service import ApiKeyService
from playground.keys.encryption import Vault
from playground.keys.endpoints import router as keys_router
from playground.keys.provider_keys.service import ProviderKeyService
from playground.keys.provider_keys.user_keys import OwnKeys
from playground.keys.repository import ApiKeyRepository, ProviderKeyRepository
from playground.kit.announcements import Announcements, RedisAnnouncements
from playground.kit.errors import StartupError
from playground.kit.mail import Mailer
from playground.kit.redis_connection import open_redis
from playground.kit.tasks import background_tasks
from playground.ledger.reports.endpoints import router as reports_router
from playground.ledger.reports.repository import ReportRepository
from playground.ledger.reports.service import CostReports
from playground.limits.endpoints import router as limits_router
from playground.limits.policy import Policy
from playground.limits.quota import Means
from playground.limits.quota_statements import SETTLE
from playground.limits.repository import UsageRepository
from playground.limits.reservations import Reservations
from playground.limits.service import LimitService
from playground.limits.shared_windows import SharedWindows
from playground.limits.windows import MemoryWindows
from playground.page.routes import serve_page
from playground.providers.adapter import ProviderClient
from playground.providers.records import Provider
from playground.providers.registry import Providers
from playground.providers.simulator.pace import SimulatorSettings
from playground.providers.simulator.server import running_simulator
from playground.providers.transport.public_addresses import PublicAddresses
from playground.serving.health import router as operation_router
from playground.serving.middleware import surround
from playground.serving.middleware.known_query import KnownQuery, QueryNames
from playground.serving.openapi import describe

from . import __version__
from .kit import problems
from .services import Services
from .settings import Settings

_FIRST_LISTS_SECONDS = 2.0


@asynccontextmanager
async def open_app(settings: Settings) -> AsyncIterator[FastAPI]:
    """The application with all that it needs: database, simulator, background work. Raises `StartupError`."""
    app = create_app()
    surround(app, settings)
    async with _open_services(settings) as services:
        app.state.services = services
        yield app


def create_app() -> FastAPI:
    """The routes; `open_app` surrounds them with the middlewares, and gives them the services behind."""
    app = FastAPI(
        title="Playground",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # It would redirect to whatever host the request names.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    routers = (
        comparison_router,  # First, since routes are tried in order, and 50 others before a stream's cost it 0.2 ms.
        operation_router,
        accounts_router,
        me_router,
        invitations_router,
        keys_router,
        models_router,
        reports_router,
        limits_router,
        *administration_routers,
    )
    for router in routers:
        app.include_router(router)
    # The innermost middleware, so that a refusal has all that other answers have.
    app.add_middleware(KnownQuery, names=QueryNames(routers, {"/openapi.json": ()}))
    serve_page(app)
    problems.install(app)
    describe(app)
    return app


@asynccontextmanager
async def _open_services(settings: Settings) -> AsyncIterator[Services]:
    _prepare_data_dir(settings)
    async with AsyncExitStack() as stack:
        providers = Providers.load(settings, settings.variable)
        if settings.simulator:
            pace = SimulatorSettings(settings.sim_words_per_second, settings.sim_first_token_ms)
            providers = providers.with_provider(_simulated(await stack.enter_async_context(running_simulator(pace))))
        database = await stack.enter_async_context(Database.open(settings))
        redis = await stack.enter_async_context(open_redis(settings))
        announcements = Announcements() if redis is None else RedisAnnouncements(redis)
        addresses = PublicAddresses()
        client = await stack.enter_async_context(
            ProviderClient(
                connect_timeout=settings.connect_timeout_seconds,
                first_token_timeout=settings.first_token_timeout_seconds,
                between_tokens_timeout=settings.between_tokens_timeout_seconds,
                addresses=addresses,
            )
        )
        journal = Journal.open(settings.data_dir / "journal")
        stack.callback(journal.close)
        tasks = await stack.enter_async_context(background_tasks())

        model_settings = ModelSettings(ModelSettingsRepository(database), announcements)
        await model_settings.current()
        counter, prices = TokenCounter(), Prices(model_settings.price)
        catalogue = Catalogue(providers, client, CatalogueRepository(database), refresh_seconds=settings.model_list_refresh_seconds)
        bills = Bills(counter, prices, catalogue.listed)
        sessions = SessionRepository(database, closing_also=SETTLE)
        recorder = Recorder(tasks, sessions, journal, Recovery(providers, bills))
        memory = RunMemory(settings.run_memory_mb)
        runs = Runs(tasks, client, bills, recorder, memory, retention_seconds=settings.run_retention_seconds)
        users = UserRepository(database)
        tokens = Tokens(
            settings.signing_secrets(), access_seconds=settings.access_token_seconds, refresh_seconds=settings.refresh_token_seconds
        )
        audit = Audit(database)
        api_keys, stored_keys = ApiKeyRepository(database, audit), ProviderKeyRepository(database, audit)
        key_uses, vault = KeyUses(api_keys), Vault(settings.encryption_secrets())
        own_keys = OwnKeys(stored_keys, vault, providers, announcements, allow_private=settings.allow_private_provider_urls)
        models = ModelAccess(catalogue, model_settings, own_keys)
        identities = Identities(
            users,
            tokens,
            announcements,
            key_used=key_uses.note,
            user_seen=lambda user_id: tasks.start_soon(own_keys.prepare, user_id),
        )
        hasher, letters, mailer = PasswordHasher(), Letters(settings.public_url), Mailer.of(settings, tasks)
        logins = Logins(LoginRepository(database), tokens, identities, announcements)
        tickets = Tickets(tokens, identities, UsesInMemory() if redis is None else UsesInRedis(redis), seconds=settings.ticket_seconds)
        Departures(runs, users, announcements, tasks)
        history = History(runs, sessions)
        estimator = Estimator(catalogue, prices, counter)
        usage = UsageRepository(database)
        windows = MemoryWindows() if redis is None else SharedWindows(redis)
        reservations = Reservations(usage)
        means = Means(windows, usage, reservations, estimator, settings.limited_output_tokens)
        for background in (
            announcements.run_forever,
            model_settings.run_forever,
            catalogue.run_forever,
            recorder.write_on,
            runs.watch,
            key_uses.write_on,
            own_keys.renew,
            windows.run_forever,
            reservations.run_forever,
            Tidying(users).run_forever,
        ):
            tasks.start_soon(background)
        await counter.warm_up()
        await prices.warm_up()
        await catalogue.first_lists(_FIRST_LISTS_SECONDS)
        yield Services(
            settings=settings,
            database=database,
            announcements=announcements,
            identities=identities,
            accounts=AccountService(users, hasher, tokens, logins, announcements, registration=settings.registration),
            logins=logins,
            tickets=tickets,
            password_resets=PasswordResets(users, hasher, mailer, letters, announcements, tasks, seconds=settings.password_reset_seconds),
            invitations=Invitations(InvitationRepository(database), users, mailer, letters, seconds=settings.invitation_seconds),
            export=Export(ExportRepository(database), history),
            api_keys=ApiKeyService(api_keys, announcements),
            provider_keys=ProviderKeyService(
                stored_keys,
                vault,
                own_keys,
                providers,
                client,
                None if settings.allow_private_provider_urls else addresses,
                announcements,
                look_up_seconds=settings.connect_timeout_seconds,
            ),
            audit=audit,
            administration=Administration.over(
                settings,
                database,
                announcements,
                audit,
                catalogue=catalogue,
                prices=prices,
                model_settings=model_settings,
                models=models,
                runs=runs,
            ),
            catalogue=catalogue,
            model_settings=model_settings,
            models=models,
            prices=prices,
            runs=runs,
            comparisons=ComparisonService(runs, sessions, models, grace_seconds=settings.stream_grace_seconds),
            pace=Pace(),
            history=history,
            estimator=estimator,
            reports=CostReports(ReportRepository(database)),
            limits=LimitService(Policy(settings), means),
        )


def _simulated(base_url: str) -> Provider:
    return Provider(id="sim", name="Simulator", base_url=base_url, simulated=True)


def _prepare_data_dir(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartupError(f"The data folder {settings.data_dir} can't be made: {error.strerror}. Set PLAYGROUND_DATA_DIR.") from None
