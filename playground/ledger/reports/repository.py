"""The database query of a cost report."""

from typing import Any

import msgspec

from playground.database import sqlstate
from playground.database.client import REPORT_SECONDS, Database
from playground.database.generated.errors import RawQueryError

from .statement import ReportQuery, statement_of

_NARROW = "Choose a shorter period with `from` and `to`."


class UnknownTimeZone(Exception):
    """PostgreSQL doesn't know this time zone."""


class ReportRepository:
    """Reads costs from the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def costs(self, query: ReportQuery) -> list[dict[str, Any]]:
        """Return the total, then the rows ordered by time, the highest cost first. Raises `UnknownTimeZone`."""
        statement, parameters = statement_of(query)
        try:
            [found] = await self._database.read(query.asked_by, statement, *parameters, seconds=REPORT_SECONDS, narrow=_NARROW)
        except RawQueryError as error:
            if error.meta["code"] != sqlstate.INVALID_PARAMETER_VALUE:
                raise
            raise UnknownTimeZone(query.timezone) from None
        rows: list[dict[str, Any]] = msgspec.json.decode(found["rows"])
        return rows
