"""Builds the services of this room: runs, their recording, and stored sessions."""

from collections.abc import Sequence
from dataclasses import dataclass

from playground.accounting.opening import AccountingRoom
from playground.catalogue.opening import CatalogueRoom
from playground.database.foundation import Foundation
from playground.providers.opening import ProvidersRoom

from .context import ContextWindow
from .conversations.repository import ConversationRepository
from .conversations.service import Conversations
from .conversations.trash import empty_trash_regularly
from .history import History
from .planning import Planner
from .recording.journal import Journal
from .recording.recorder import Recorder
from .recording.recovery import Recovery
from .repository import SessionRepository
from .running.observation import RunObserver
from .running.run_memory import RunMemory
from .running.runs import Runs
from .service import ComparisonService


@dataclass(frozen=True, slots=True)
class ComparisonRoom:
    """The services that other rooms use."""

    runs: Runs
    history: History
    recorder: Recorder


def open_comparison(
    foundation: Foundation,
    providers: ProvidersRoom,
    models: CatalogueRoom,
    accounting: AccountingRoom,
    *,
    closing_also: str,
    observers: Sequence[RunObserver],
) -> ComparisonRoom:
    """Build the services. `closing_also` is SQL that runs in the statement that closes a turn; `observers` count or trace runs.

    Raises `StartupError`.
    """
    settings = foundation.settings
    journal = Journal.open(settings.data_dir / "journal")
    foundation.closing.callback(journal.close)
    sessions = SessionRepository(foundation.database, closing_also=closing_also)
    recorder = Recorder(foundation.tasks, sessions, journal, Recovery(providers.providers, accounting.bills))
    memory = RunMemory(settings.run_memory_mb)
    runs = Runs(
        foundation.tasks,
        providers.client,
        accounting.bills,
        recorder,
        memory,
        retention_seconds=settings.run_retention_seconds,
        observers=observers,
    )
    history = History(runs, sessions)
    planner = Planner(
        sessions, models.access, accounting.prices, ContextWindow(accounting.counter), grace_seconds=settings.stream_grace_seconds
    )
    comparisons = ComparisonService(runs, sessions, planner)
    changes = ConversationRepository(foundation.database)
    foundation.services.add(runs, history, comparisons, Conversations(changes, models.access, history))
    foundation.tasks.start_soon(empty_trash_regularly, changes, settings.session_trash_days)
    foundation.tasks.start_soon(recorder.run_forever)
    foundation.tasks.start_soon(runs.watch)
    return ComparisonRoom(runs, history, recorder)
