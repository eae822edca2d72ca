"""Opens the room: windows of requests, quotas and reservations."""

from playground.accounting.opening import AccountingRoom
from playground.database.foundation import Foundation

from .policy import Policy
from .quota import QuotaBackend
from .repository import UsageRepository
from .reservations import Reservations
from .service import LimitService
from .shared_windows import SharedWindows
from .windows import MemoryWindows


def open_limits(foundation: Foundation, accounting: AccountingRoom) -> None:
    """Open the room."""
    settings = foundation.settings
    usage = UsageRepository(foundation.database)
    windows = MemoryWindows() if foundation.redis is None else SharedWindows(foundation.redis)
    reservations = Reservations(usage)
    backend = QuotaBackend(windows, usage, reservations, accounting.estimator, settings.limited_output_tokens)
    foundation.services.add(LimitService(Policy(settings), backend))
    foundation.tasks.start_soon(windows.run_forever)
    foundation.tasks.start_soon(reservations.run_forever)
