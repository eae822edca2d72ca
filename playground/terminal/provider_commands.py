"""`playground provider`: providers of models, for the operator at a terminal."""

import sys
from typing import Annotated

import anyio
import typer
from pydantic import SecretStr

from playground.kit.errors import StartupError
from playground.settings import Settings

from .failing import fail

app = typer.Typer(no_args_is_help=True, help="Add providers of models.")


@app.callback()
def providers() -> None:
    """Keep `add` a command of its own, as long as it is the only one."""


@app.command()
def add(
    provider_id: Annotated[str, typer.Argument(metavar="ID", help="A built-in provider, such as openai, or a new id, such as lab.")],
    base_url: Annotated[str | None, typer.Option(help="The URL before /chat/completions, for a provider that is not built in.")] = None,
    name: Annotated[str | None, typer.Option(help="What people see. Default: the id.", show_default=False)] = None,
    like: Annotated[str | None, typer.Option(help="The built-in provider that it resembles.")] = None,
    no_key: Annotated[bool, typer.Option("--no-key", help="It needs no key, so don't ask for one.")] = False,
    unchecked: Annotated[bool, typer.Option("--unchecked", help="Add it without asking it for its list of models first.")] = False,
) -> None:
    """Add a provider, and check its key. The service uses it after its next start.

    The key is asked for without showing it, or read from standard input if that is not a terminal. The key of a built-in provider is
    written to .env, and any other provider to the file in PLAYGROUND_PROVIDERS_FILE, which is created if it isn't set.
    """
    from playground.kit import logs

    from .new_provider import NewProvider, add

    try:
        settings = Settings.load(log_level="error")
        logs.configure(settings)
        wanted = NewProvider(provider_id, base_url, name, like, None if no_key else _key())
        for sentence in anyio.run(lambda: add(settings, wanted, unchecked=unchecked), backend_options={"use_uvloop": True}):
            typer.echo(sentence)
    except StartupError as error:
        raise fail(str(error)) from None
    typer.echo("Restart the service to use it.")


def _key() -> SecretStr | None:
    if sys.stdin.isatty():
        given: str = typer.prompt("Key", hide_input=True, err=True)
    else:
        given = sys.stdin.readline()
    key = given.strip()
    if not key.isascii() or not key.isprintable():
        raise fail("The key has characters that keys don't have. Copy it again.")
    return SecretStr(key) if key else None
