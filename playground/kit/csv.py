"""Records as CSV (RFC 4180), for programs and for spreadsheets.

`format=csv` returns a file for people: with the byte order mark by which Excel detects UTF-8, and no cell longer than Excel accepts.
Programs, which send `Accept: text/csv`, get plain CSV with the full text.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from fastapi import Header, Query

CSV_TYPE = "text/csv"
_COMMANDS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Characters that begin a formula in spreadsheets, including their full-width forms
(https://owasp.org/www-community/attacks/CSV_Injection)."""
BYTE_ORDER_MARK = "\ufeff"
_LONGEST_CELL = 32_767
"""Excel's limit in UTF-16 code units; the rest would go to the next row.
https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3"""
_CUT = "… [truncated; {length:,} characters in total; the JSON export has the full text]"

Format = Annotated[
    Literal["json", "csv"] | None, Query(alias="format", description="`csv`: download a CSV file. Absent: `Accept` decides.")
]
AcceptHeader = Annotated[str | None, Header(include_in_schema=False)]


def wants_csv(given: Literal["json", "csv"] | None, accept: str | None) -> bool:
    """Return whether a request asks for CSV: by `format`, else by the first known type in `Accept`."""
    if given is not None or accept is None:
        return given == "csv"
    named = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    known = [name for name in named if name in (CSV_TYPE, "application/json")]
    return known[:1] == [CSV_TYPE]


def csv_lines(rows: Iterable[Sequence[object]], *, for_people: bool) -> str:
    """Return the rows as CSV. `None` is an empty cell. Text that a spreadsheet would run as a formula gets a leading apostrophe.

    `for_people`: text that is longer than a cell in Excel is truncated and marked.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_cell(cell, for_people=for_people) for cell in row] for row in rows)
    return text.getvalue()


def attachment(name: str) -> dict[str, str]:
    """Return the header with which browsers save the response as a file of that name."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _cell(cell: object, *, for_people: bool) -> object:
    if not isinstance(cell, str):
        return cell
    text = f"'{cell}" if cell.startswith(_COMMANDS) else cell
    return _cut(text) if for_people and 2 * len(text) > _LONGEST_CELL else text


def _cut(text: str) -> str:
    units = text.encode("utf-16-le")
    if len(units) <= 2 * _LONGEST_CELL:
        return text
    mark = _CUT.format(length=len(text))
    return units[: 2 * (_LONGEST_CELL - len(mark))].decode("utf-16-le", "ignore") + mark
