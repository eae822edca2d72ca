"""Builds the services of this room: cost reports."""

from playground.database.foundation import Foundation

from .reports.repository import ReportRepository
from .reports.service import CostReports


def open_ledger(foundation: Foundation) -> None:
    """Build the services."""
    foundation.services.add(CostReports(ReportRepository(foundation.database)))
