"""Records as CSV (RFC 4180), for programs and for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from fastapi import Header, Query

CSV_TYPE = "text/csv"
_COMMANDS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (https://owasp.org/www-community/attacks/CSV_Injection)."""

Format = Annotated[Literal["json", "csv"] | None, Query(alias="format", description="`csv` for a file of it; else `Accept` decides.")]
AcceptHeader = Annotated[str | None, Header(include_in_schema=False)]


def wants_csv(given: Literal["json", "csv"] | None, accept: str | None) -> bool:
    """Whether a request asks for CSV: by its `format`, else by what its `Accept` names first."""
    if given is not None or accept is None:
        return given == "csv"
    named = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    known = [name for name in named if name in (CSV_TYPE, "application/json")]
    return known[:1] == [CSV_TYPE]


def csv_lines(rows: Iterable[Sequence[object]]) -> str:
    """The rows, a line each. `None` is an empty cell; a text that a spreadsheet would run gets an apostrophe before it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def attachment(name: str) -> dict[str, str]:
    """The header by which a browser keeps the answer as a file of that name."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_COMMANDS) else cell
