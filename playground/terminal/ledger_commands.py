"""`playground ledger`: the books, for the operator at a terminal."""

import anyio
import typer

from playground.kit.errors import StartupError, Unavailable
from playground.kit.wire import money

from .failing import fail

app = typer.Typer(no_args_is_help=True, help="Check the ledger.")


@app.callback()
def ledger() -> None:
    """Check the ledger."""


@app.command()
def check() -> None:
    """Check that all sums agree with the charges, and the charges with the answers. The service may be running.

    Exits with 1 if they don't.
    """
    from playground.database.client import Database
    from playground.kit import logs
    from playground.ledger.spend.repository import Check, SpendRepository
    from playground.settings import Settings

    async def run() -> Check:
        settings = Settings.load()
        logs.configure(settings)
        async with Database.open(settings) as database:
            return await SpendRepository(database).check()

    try:
        found = anyio.run(run, backend_options={"use_uvloop": True})
    except (StartupError, Unavailable) as error:
        raise fail(str(error)) from None
    typer.echo(f"{found.charges:,} charges, of which {found.not_added_up:,} are not added up yet. Paid in all: US$ {money(found.paid)}")
    faults = {
        "rows of sums are missing": found.missing_rows,
        "rows of sums are wrong": found.wrong_rows,
        "answers have no charge": found.answers_without_charge,
        "answers cost something else than their charges": found.other_costs,
    }
    for fault, count in faults.items():
        if count:
            typer.echo(f"{count:,} {fault}.")
    if not found.passed:
        raise typer.Exit(1)
    typer.echo("All sums agree with the charges, and the charges with the answers.")
