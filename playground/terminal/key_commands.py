"""`playground key`: API keys, for the operator at a terminal."""

from typing import Annotated

import anyio
import typer

from playground.kit.errors import StartupError

from .failing import fail

app = typer.Typer(no_args_is_help=True, help="Create API keys, with the service running or not.")


@app.callback()
def keys() -> None:
    """Keep `create` a command of its own, as long as it is the only one."""


@app.command()
def create(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The owner's email address, username or id.")],
    name: Annotated[str, typer.Option(help="What the key is for; its owner sees it in the list of keys.")] = "Made in the terminal",
    scope: Annotated[
        list[str] | None, typer.Option(help="What the key may do; repeatable. Default: compare, and read sessions and models.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3_650, help="Days until it expires. Default: never.", show_default=False)] = None,
) -> None:
    """Create an API key, print it, and nothing else to standard output. It is shown only this once."""
    from .accounts import Refused, create_key

    try:
        made = anyio.run(create_key, account, name, scope, days, backend_options={"use_uvloop": True})
    except (StartupError, Refused) as error:
        raise fail(str(error)) from None
    typer.echo(f"API key for {account} with the scopes {', '.join(made.scopes)}:", err=True)
    typer.echo(made.key)
