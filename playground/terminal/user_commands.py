"""`playground user`: accounts, for the operator at a terminal."""

import secrets
import sys
from collections.abc import Coroutine
from typing import Annotated, Any, Literal, TypeVar

import anyio
import typer

from playground.kit.errors import StartupError

from .failing import fail

app = typer.Typer(no_args_is_help=True, help="Make, find and change accounts, with the service running or not.")

T = TypeVar("T")
Role = Literal["user", "premium", "admin"]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Its email address, username or id.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make the password up, and show it once.")]


@app.command()
def create(
    email: Annotated[str, typer.Argument(help="The address to log in with.")],
    name: Annotated[str | None, typer.Option(help="What to call them; else the address up to its @.", show_default=False)] = None,
    role: Annotated[Role, typer.Option(help="The first account is an administrator's, whatever is asked for.")] = "user",
    generate: Generate = False,
) -> None:
    """Make an account. The password is asked for, or read from standard input when that is no terminal."""
    from .accounts import check_registration, create_account

    password = _password(generate)
    try:
        registration = check_registration(email, name or email.partition("@")[0], password)
    except ValueError as error:
        raise fail(str(error)) from None
    given = _run(create_account(registration, role))
    typer.echo(f"Made the account {given.email} with the role {given.role}.")
    _show(password, generate)


@app.command()
def promote(
    account: Account,
    role: Annotated[Role, typer.Option(help="The role to give; `user` takes all others away.")] = "admin",
) -> None:
    """Give an account another role."""
    from .accounts import change_role

    changed = _run(change_role(account, role))
    typer.echo(f"{changed.account} has the role {role} now." if changed.anything else f"{changed.account} had that role already.")
    if changed.anything:
        typer.echo(changed.when)


@app.command()
def reset_password(account: Account, generate: Generate = False) -> None:
    """Give an account another password, and log it out everywhere."""
    from .accounts import change_password, check_password

    password = _password(generate)
    try:
        usable = check_password(password)
    except ValueError as error:
        raise fail(str(error)) from None
    changed = _run(change_password(account, usable))
    typer.echo(f"{changed.account} has another password now, and is logged out everywhere.")
    _show(password, generate)
    typer.echo(changed.when)


@app.command("list")
def list_accounts(
    search: Annotated[str | None, typer.Argument(help="Stands in the address, the username or the name.", show_default=False)] = None,
    role: Annotated[Role | None, typer.Option(help="Only accounts with this role.", show_default=False)] = None,
) -> None:
    """Show the accounts, oldest first."""
    from .accounts import all_accounts

    for line in _run(all_accounts(search, role)):
        typer.echo(line)


def _password(generate: bool) -> str:
    if generate:
        return secrets.token_urlsafe(15)
    if sys.stdin.isatty():
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return asked
    given = sys.stdin.readline().rstrip("\r\n")
    try:
        given.encode()
    except UnicodeEncodeError:  # Python keeps such bytes as halves of surrogate pairs; nobody could type them again.
        raise fail("The password on standard input is not UTF-8.") from None
    return given


def _show(password: str, generated: bool) -> None:
    if generated:
        typer.echo(f"Password, shown this once: {password}")


def _run(work: Coroutine[Any, Any, T]) -> T:
    from .accounts import Refused

    async def wait() -> T:
        return await work

    try:
        return anyio.run(wait, backend_options={"use_uvloop": True})
    except (StartupError, Refused) as error:
        raise fail(str(error)) from None
