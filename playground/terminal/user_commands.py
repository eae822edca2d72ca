"""`playground user`: accounts, for the operator at a terminal."""

import secrets
import sys
from collections.abc import Coroutine
from typing import Annotated, Any, Literal, TypeVar

import anyio
import typer

from playground.kit.errors import StartupError

from .failing import fail

app = typer.Typer(no_args_is_help=True, help="Create, list and change accounts, whether or not the service is running.")

T = TypeVar("T")
Role = Literal["user", "premium", "admin"]
Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Email address, username or id of the account.")]
Generate = Annotated[bool, typer.Option("--generate", help="Generate the password and show it once.")]


@app.command()
def create(
    email: Annotated[str, typer.Argument(help="Email address to log in with.")],
    name: Annotated[
        str | None, typer.Option(help="Display name. Default: the part of the email address before the @.", show_default=False)
    ] = None,
    role: Annotated[Role, typer.Option(help="Role of the account. The first account is always an administrator.")] = "user",
    generate: Generate = False,
) -> None:
    """Create an account. Prompts for the password, or reads it from standard input if that is not a terminal."""
    from .accounts import check_registration, create_account

    password = _password(generate)
    try:
        registration = check_registration(email, name or email.partition("@")[0], password)
    except ValueError as error:
        raise fail(str(error)) from None
    given = _run(create_account(registration, role))
    typer.echo(f"Created the account {given.email} with the role {given.role}.")
    _show(password, generate)


@app.command()
def promote(
    account: Account,
    role: Annotated[Role, typer.Option(help="The new role. `user` removes all privileges.")] = "admin",
) -> None:
    """Change the role of an account."""
    from .accounts import change_role

    changed = _run(change_role(account, role))
    typer.echo(f"{changed.account} now has the role {role}." if changed.anything else f"{changed.account} already has this role.")
    if changed.anything:
        typer.echo(changed.when)


@app.command()
def reset_password(account: Account, generate: Generate = False) -> None:
    """Set a new password for an account and log it out everywhere."""
    from .accounts import change_password, check_password

    password = _password(generate)
    try:
        usable = check_password(password)
    except ValueError as error:
        raise fail(str(error)) from None
    changed = _run(change_password(account, usable))
    typer.echo(f"Set a new password for {changed.account} and logged it out everywhere.")
    _show(password, generate)
    typer.echo(changed.when)


@app.command("list")
def list_accounts(
    search: Annotated[str | None, typer.Argument(help="Part of the email address, the username or the name.", show_default=False)] = None,
    role: Annotated[Role | None, typer.Option(help="Only accounts with this role.", show_default=False)] = None,
) -> None:
    """List accounts, oldest first."""
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
    except UnicodeEncodeError:  # Python keeps such bytes as lone surrogates, which no one could type again.
        raise fail("The password on standard input is not UTF-8.") from None
    return given


def _show(password: str, generated: bool) -> None:
    if generated:
        typer.echo(f"Password (only shown once): {password}")


def _run(work: Coroutine[Any, Any, T]) -> T:
    from .accounts import Refused

    async def wait() -> T:
        return await work

    try:
        return anyio.run(wait, backend_options={"use_uvloop": True})
    except (StartupError, Refused) as error:
        raise fail(str(error)) from None
