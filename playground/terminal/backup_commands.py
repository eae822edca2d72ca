"""`playground backup` and `playground restore`."""

from pathlib import Path
from typing import Annotated

import anyio
import typer

from playground.kit.errors import StartupError
from playground.settings import Settings

from .failing import fail


def backup(
    target: Annotated[
        Path | None, typer.Argument(help="The file to write. Default: playground-<time>.tar here.", show_default=False)
    ] = None,
) -> None:
    """Write the database, unfinished answers and secrets to one file. The service may be running.

    The file contains secrets and everything that users wrote: only you can read it, and you should keep it that way.
    """
    from playground.backups.archive import back_up, default_name

    path = target or Path(default_name())
    try:
        anyio.run(back_up, _settings(), path)
    except StartupError as error:
        raise fail(str(error)) from None
    typer.echo(f"Written: {path} ({path.stat().st_size / 1e6:.1f} MB)")


def restore(source: Annotated[Path, typer.Argument(help="A file that `playground backup` wrote.", exists=True, dir_okay=False)]) -> None:
    """Make an empty data folder from a backup. PLAYGROUND_DATA_DIR chooses the folder."""
    from playground.backups.archive import restore as restore_to_folder

    try:
        settings = _settings()
        anyio.run(restore_to_folder, settings, source)
    except StartupError as error:
        raise fail(str(error)) from None
    typer.echo(f"Restored to {settings.data_dir}. Start the service with `playground serve`.")


def _settings() -> Settings:
    from playground.kit import logs

    settings = Settings.load()
    logs.configure(settings)
    return settings
