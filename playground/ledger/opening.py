"""Opens the room: reports of what answers cost."""

from playground.database.foundation import Foundation

from .reports.repository import ReportRepository
from .reports.service import CostReports


def open_ledger(foundation: Foundation) -> None:
    """Open the room."""
    foundation.services.add(CostReports(ReportRepository(foundation.database)))
