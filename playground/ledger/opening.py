"""Builds the services of this room: charges added up in the background, and cost reports."""

import structlog

from playground.database.foundation import Foundation

from .model_reports.repository import ModelReportRepository
from .model_reports.service import ModelReports
from .reports.repository import ReportRepository
from .reports.service import CostReports
from .reports.time_zones import TimeZones
from .spend.adder import Adder
from .spend.repository import SpendRepository

_logger = structlog.get_logger(__name__)


async def open_ledger(foundation: Foundation) -> None:
    """Build the services. To be called before anything is charged."""
    spend = SpendRepository(foundation.database)
    if await spend.renumber_if_restored():
        _logger.info("ledger_continued", reason="The database was restored into another PostgreSQL.")
    zones = TimeZones()
    foundation.services.add(
        CostReports(ReportRepository(foundation.database), zones), ModelReports(ModelReportRepository(foundation.database), zones)
    )
    foundation.tasks.start_soon(Adder(spend).run_forever)
