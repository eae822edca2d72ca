"""`playground doctor`."""

import anyio
import typer

from playground.kit.errors import StartupError
from playground.settings import Settings

from .failing import fail


def doctor() -> None:
    """Check everything that the service needs, and each provider's key by asking for its list of models. Nothing is changed.

    Ends with 0 if everything works, else with 1.
    """
    from playground.kit import logs

    from .doctor import examine

    try:
        settings = Settings.load(log_level="error")
    except StartupError as error:
        raise fail(str(error)) from None
    logs.configure(settings)

    async def report() -> bool:
        good = True
        async for finding in examine(settings):
            mark = typer.style("ok  ", fg="green") if finding.good else typer.style("FAIL", fg="red", bold=True)
            typer.echo(f"{mark}  {finding.name}: {finding.text}")
            good = good and finding.good
        return good

    if not anyio.run(report, backend_options={"use_uvloop": True}):
        raise typer.Exit(1)
