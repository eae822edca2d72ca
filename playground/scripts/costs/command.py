"""Reports the costs of a running service's answers by day, model and provider.

`playground report --help` lists the options; docs/scripts.md explains the columns.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import anyio
import typer

from playground.scripts import options
from playground.scripts.api import Credentials, connect
from playground.scripts.costs.book import DIMENSIONS, Book, Dimension
from playground.scripts.costs.files import as_csv
from playground.scripts.costs.page import as_html
from playground.scripts.costs.sessions import read_into
from playground.scripts.costs.table import show
from playground.scripts.problems import ServiceError
from playground.scripts.units import count

EARLIEST_YEAR = 2000
"""Long before it, time zones followed the sun, with seconds in their offsets, which a date on the wire can't represent."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown", context_settings=options.HELP)


async def read(book: Book, url: str, who: Credentials) -> None:
    """Read the sessions of the service at `url` into `book`. Raises a `ServiceError`."""
    with options.err.status("Reading sessions") as status:
        async with connect(url, who, notify=options.say) as service:
            async for sessions in read_into(book, service):
                status.update(f"Reading sessions: {count(sessions, 'session')} so far")


def dimensions(value: str) -> list[Dimension]:
    """Parse `day,model` into a list in that order, without duplicates."""
    names = [name.strip() for name in value.split(",")]
    known = [known for name in names for known in DIMENSIONS if known == name]
    if len(known) < len(names) or len(set(known)) < len(known):
        raise typer.BadParameter(f"Use one or more of {', '.join(DIMENSIONS)}, each once, separated by commas.", param_hint="--by")
    return known


def time_zone(name: str) -> ZoneInfo:
    """Return the time zone of that name in the IANA database."""
    try:
        # The name that some systems use for an unknown zone.
        return ZoneInfo("UTC" if name == "Etc/Unknown" else name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise typer.BadParameter(f"There is no time zone {name!r}. Use a name such as Europe/Berlin.", param_hint="--time-zone") from error


@app.command()
def cost_report(
    *,
    by: Annotated[
        str, typer.Option(metavar="LIST", help="How to group the rows: one or more of `day`, `model`, `provider`.")
    ] = "day,model",
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DAY", help="The first day, such as 2026-11-01.")
    ] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DAY", help="The last day (inclusive).")] = None,
    zone: Annotated[str, typer.Option("--time-zone", metavar="ZONE", help="Time zone of the days, such as Europe/Berlin.")] = "UTC",
    csv_file: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the rows; `-` for standard output.")] = None,
    html_file: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write an HTML page with charts.")] = None,
    url: options.UrlOption = options.DEFAULT_URL,
    token: options.TokenOption = None,
    email: options.EmailOption = None,
    password: options.PasswordOption = None,
) -> None:
    """Report what your answers cost, by day, model and provider.

    Sums are exact and cover what was paid with the service's keys. Unknown costs are counted separately. Costs on users' own
    keys and simulated costs are labelled and summed separately. The exit code is 0, 1 if the service refuses or can't be
    reached, or 2 if the command line is wrong.
    """
    options.check_outputs((csv_file, html_file))
    from_day, to_day = first and first.date(), last and last.date()
    if from_day and to_day and from_day > to_day:
        raise typer.BadParameter("The first day is after the last.", param_hint="--from")
    if to_day and to_day.year < EARLIEST_YEAR:
        raise typer.BadParameter(f"There are no answers before {EARLIEST_YEAR}.", param_hint="--to")
    book = Book(dimensions(by), time_zone(zone), from_day, to_day)
    try:
        anyio.run(read, book, options.service_url(url), options.credentials(token, email, password))
    except ServiceError as error:
        options.fail(str(error))
    options.report(
        lambda console: show(book, console),
        (csv_file, lambda: as_csv(book)),
        (html_file, lambda: as_html(book, place=options.place(url), made_on=datetime.now(book.zone).date())),
    )
