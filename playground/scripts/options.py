"""Options, output files, messages and exit codes of both commands."""

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, NoReturn

import httpx
import typer
from rich.console import Console

from playground.kit.http_environment import prepare_environment

from .api import Credentials
from .units import printable

DEFAULT_URL = "http://127.0.0.1:4000"
STDOUT = Path("-")
PIPED_WIDTH = 160
"""The width of tables in a pipe, which has no width itself: programs need untruncated columns."""
HELP = {"help_option_names": ["-h", "--help"]}
_TOKEN = re.compile("[!-~]+")

UrlOption = Annotated[
    str, typer.Option("--url", envvar="PLAYGROUND_URL", metavar="URL", help="Address of the service.", rich_help_panel="Service")
]
TokenOption = Annotated[
    str | None,
    typer.Option("--token", envvar="PLAYGROUND_TOKEN", metavar="TOKEN", help="An access token or an API key.", rich_help_panel="Service"),
]
EmailOption = Annotated[
    str | None,
    typer.Option(
        "--email",
        envvar="PLAYGROUND_EMAIL",
        metavar="EMAIL",
        help="Log in with this account instead. Long runs then renew the login automatically.",
        rich_help_panel="Service",
    ),
]
PasswordOption = Annotated[
    str | None,
    typer.Option(
        "--password",
        envvar="PLAYGROUND_PASSWORD",
        metavar="PASSWORD",
        help="Password of the account. Prefer the environment variable: other users of this machine can see command lines.",
        rich_help_panel="Service",
    ),
]

# The report goes to stdout, everything else to stderr.
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(message: str) -> None:
    """Print a message on stderr."""
    err.print(printable(message), markup=False)


def fail(message: str) -> NoReturn:
    """Print an error and exit with code 1."""
    err.print(printable(message), markup=False, style="red")
    raise typer.Exit(1)


def credentials(token: str | None, email: str | None, password: str | None) -> Credentials:
    """Return the credentials. With both a token and an account, the account logs in when the token is no longer valid.

    Exits if the environment has values that no HTTP client can use.
    """
    if faults := prepare_environment():
        fail("\n".join(faults))
    if not (token or email or password):
        raise typer.BadParameter(
            "The service needs a login. Use --token (or PLAYGROUND_TOKEN), "
            "or --email and --password (or PLAYGROUND_EMAIL and PLAYGROUND_PASSWORD)."
        )
    if bool(email) != bool(password):
        raise typer.BadParameter("An account needs both --email and --password (or PLAYGROUND_EMAIL and PLAYGROUND_PASSWORD).")
    if token and not _TOKEN.fullmatch(token):
        raise typer.BadParameter("A token is a single word of ASCII characters. Copy it again.", param_hint="--token (or PLAYGROUND_TOKEN)")
    return Credentials(token or None, email or None, password or None)


def check_text(value: str, option: str) -> None:
    """Refuse text that is not UTF-8: Python keeps such bytes as lone surrogates, which can't be written to our files."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise typer.BadParameter(f"{printable(value)} is not UTF-8.", param_hint=option) from None


def service_url(value: str) -> str:
    """Return `value` if it is a valid address."""
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL as error:
        raise typer.BadParameter(f"The address is not valid: {error}.", param_hint="--url") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise typer.BadParameter(f"Use an address such as {DEFAULT_URL}.", param_hint="--url")
    return value


def place(url: str) -> str:
    """Return host and port of `url` for reports, without a password."""
    return httpx.URL(url).netloc.decode("ascii")


def check_outputs(paths: Iterable[Path | None]) -> None:
    """Refuse outputs that could not be written after an hour of measuring."""
    wanted = [path for path in paths if path is not None]
    if wanted.count(STDOUT) > 1:
        raise typer.BadParameter("Only one of the outputs can go to standard output (-).")
    if STDOUT in wanted and sys.stdout is None:
        raise typer.BadParameter("Standard output (-) is closed.")
    files: set[Path] = set()
    for path in wanted:
        if path == STDOUT:
            continue
        file = path.resolve()
        if path.is_dir() or not file.parent.is_dir():
            raise typer.BadParameter(f"Can't write {path}: it is a folder, or its folder doesn't exist.")
        if file in files:
            raise typer.BadParameter(f"Only one of the outputs can go to {path}.")
        files.add(file)


def report(show: Callable[[Console], None], *files: tuple[Path | None, Callable[[], str]]) -> None:
    """Write the requested files as UTF-8, and `show` the tables. If one output fails, the others are still written.

    Tables go to stdout, or to stderr if a file goes to stdout.
    """
    console = Console(stderr=any(path == STDOUT for path, _ in files), highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, PIPED_WIDTH)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # A `?` for characters that its encoding lacks.
    with ExitStack() as steps:  # Runs in reverse order.
        steps.callback(_show, show, console)
        for path, content in reversed(files):
            if path is not None:
                steps.callback(_write, path, content)


def _show(show: Callable[[Console], None], console: Console) -> None:
    with _reporting_errors(STDOUT):
        show(console)


def _write(path: Path, content: Callable[[], str]) -> None:
    document = content().encode()
    with _reporting_errors(path):
        if path == STDOUT:
            sys.stdout.buffer.write(document)
            sys.stdout.buffer.flush()
            return
        path.write_bytes(document)
    say(f"Wrote {path}")


@contextmanager
def _reporting_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # The reader has stopped reading, which needs no message.
    except OSError as error:
        if path == STDOUT:
            # Python would otherwise try to write the rest again on exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        fail(f"Can't write to {'standard output' if path == STDOUT else path}: {error.strerror}.")
