"""Builds the services of this room: charges added up in the background, and cost reports."""

from playground.database.foundation import Foundation

from .reports.repository import ReportRepository
from .reports.service import CostReports
from .spend.adder import Adder
from .spend.repository import SpendRepository


def open_ledger(foundation: Foundation) -> None:
    """Build the services."""
    adder = Adder(SpendRepository(foundation.database))
    foundation.services.add(CostReports(ReportRepository(foundation.database)))
    foundation.tasks.start_soon(adder.run_forever)
