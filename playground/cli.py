"""The command `playground`."""

import signal
from asyncio import CancelledError
from collections.abc import Callable
from functools import partial
from typing import Annotated

import anyio
import typer

from playground.kit.errors import StartupError
from playground.kit.http_environment import prepare_environment
from playground.providers.calls import ReasoningEffort
from playground.terminal.backup_commands import backup, restore
from playground.terminal.doctor_commands import doctor
from playground.terminal.failing import fail
from playground.terminal.key_commands import app as keys
from playground.terminal.ledger_commands import app as ledger
from playground.terminal.provider_commands import app as providers
from playground.terminal.script_commands import FORWARDED, bench, report
from playground.terminal.user_commands import app as users

from . import __version__
from .kit import garbage_collection as garbage
from .settings import Settings

app = typer.Typer(
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Send one prompt to many language models and compare the answers side by side, with the cost and the time of each.",
)

app.add_typer(users, name="user")
app.add_typer(keys, name="key")
app.add_typer(providers, name="provider")
app.add_typer(ledger, name="ledger")
app.command()(doctor)
app.command(add_help_option=False, context_settings=FORWARDED)(bench)
app.command(add_help_option=False, context_settings=FORWARDED)(report)
app.command()(backup)
app.command()(restore)


_OF_ALL = "Parameters for all models"


def _above_zero(value: float | None) -> float | None:
    if value is not None and value <= 0:
        raise typer.BadParameter("It must be above 0.")
    return value


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"playground {__version__}")
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser; only without a command.")] = True,
    _version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    """Without a command: start the service, and open its page.

    Settings are read from the environment and from `.env`; `.env.example` lists all of them.
    """
    garbage.disable()
    # Shut down gracefully when the terminal is closed, unless `nohup` ignores it.
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda _number, _frame: signal.raise_signal(signal.SIGTERM))
    if context.invoked_subcommand is None:
        _look(open_browser)


def _look(open_browser: bool) -> None:
    from playground.terminal import first_look

    try:
        settings = Settings.load()
        if settings.port and (address := first_look.running_already(settings)):
            typer.echo(f"Playground is already running at {address}")
            if open_browser:
                first_look.show_page(address)
            return
        _serve(settings, partial(first_look.announce, settings=settings, open_browser=open_browser))
    except StartupError as error:
        raise fail(str(error)) from None


def _serve(settings: Settings, announce: Callable[[str], None] | None = None) -> None:
    _check_environment()
    # What the service consists of takes a second to import: not before a mistake in the settings is reported.
    from playground.serving.server import serve as serve_until_signal

    from .kit import logs

    logs.configure(settings)
    _hint_at_misspelt_variables(settings)
    anyio.run(serve_until_signal, settings, announce, backend_options={"use_uvloop": True})


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. Default: HOST, else 127.0.0.1.", show_default=False)] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 selects a free port. Default: PORT, else 4000.", show_default=False)
    ] = None,
) -> None:
    """Start the service. Without any settings, it uses an embedded PostgreSQL in the data folder and the simulated provider."""
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    try:
        _serve(Settings.load(**given))
    except StartupError as error:
        raise fail(str(error)) from None


@app.command()
def compare(
    prompt: Annotated[str, typer.Argument(help="The prompt; `-` reads it from standard input.")],
    model: Annotated[list[str], typer.Option("--model", "-m", help="A model, such as `sim/quick`. Repeat it to compare several.")],
    system: Annotated[str | None, typer.Option(help="The system prompt.", rich_help_panel=_OF_ALL)] = None,
    temperature: Annotated[
        float | None,
        typer.Option(min=0, max=2, help="Sampling temperature: higher values give more varied answers.", rich_help_panel=_OF_ALL),
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option(
            max=1,
            callback=_above_zero,
            help="Sample only from the likeliest tokens with this total probability, above 0 and up to 1.",
            rich_help_panel=_OF_ALL,
        ),
    ] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Maximum number of tokens in an answer.", rich_help_panel=_OF_ALL)] = None,
    stop: Annotated[
        list[str] | None, typer.Option(help="Stop sequence that ends an answer. Repeat it for up to four.", rich_help_panel=_OF_ALL)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed for repeatable answers, for models that support it.", rich_help_panel=_OF_ALL)
    ] = None,
    reasoning_effort: Annotated[
        ReasoningEffort | None, typer.Option(help="How much a model thinks before it answers.", rich_help_panel=_OF_ALL)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print only the events, as JSON lines.")] = False,
    url: Annotated[
        str | None, typer.Option(envvar="PLAYGROUND_URL", help="Address of a running service. Default: run the comparison in this command.")
    ] = None,
    token: Annotated[
        str | None, typer.Option(envvar="PLAYGROUND_TOKEN", help="Access token or API key for --url.", show_default=False)
    ] = None,
) -> None:
    """Send one prompt to several models, and show their answers side by side with the cost and the time of each.

    Without --url, the service runs inside this command, uses the data folder of `playground serve`, and saves the session.

    The exit code is 0 if every answer is complete, else 1.

    Example: playground compare "Explain recursion" -m sim/quick -m sim/careful
    """
    _check_environment()
    from playground.terminal.compare import ComparisonFailed
    from playground.terminal.compare import compare as run_comparison

    options = {
        "system": system,
        "temperature": temperature,
        "topP": top_p,
        "maxTokens": max_tokens,
        "stop": stop or None,
        "seed": seed,
        "reasoningEffort": reasoning_effort,
    }
    body = {
        "prompt": _from_standard_input() if prompt == "-" else prompt,
        "models": model,
        "onDisconnect": "stop",
        **{name: value for name, value in options.items() if value is not None},
    }
    try:
        url, token = url or _from_file("PLAYGROUND_URL"), token or _from_file("PLAYGROUND_TOKEN")
        complete = anyio.run(partial(run_comparison, body, as_json=as_json, url=url, token=token), backend_options={"use_uvloop": True})
    except (StartupError, ComparisonFailed) as error:
        raise fail(str(error)) from None
    except (KeyboardInterrupt, CancelledError):
        raise typer.Exit(130) from None
    if not complete:
        raise typer.Exit(1)


def _hint_at_misspelt_variables(settings: Settings) -> None:
    import structlog

    from .misspelt_variables import misspelt_variables

    logger = structlog.get_logger(__name__)
    for name, setting in misspelt_variables(settings).items():
        hint = f"did you mean {setting}?" if setting else "see .env.example"
        logger.warning("setting_unknown", variable=name, hint=hint)


def _check_environment() -> None:
    faults = prepare_environment()
    if faults:
        raise fail("\n".join(faults))


def _from_standard_input() -> str:
    try:
        text = typer.get_text_stream("stdin").read()
        text.encode()  # Python may keep such bytes as lone surrogates.
    except UnicodeError:
        raise fail("The prompt on standard input is not UTF-8.") from None
    return text


def _from_file(variable: str) -> str | None:
    """Return the value in `.env`, where all other settings may also be."""
    value = Settings.variable(variable)
    return value.get_secret_value() if value is not None else None


@app.command()
def simulate(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 selects a free port.")] = 4010,
    words_per_second: Annotated[
        float | None, typer.Option(envvar="SIM_WORDS_PER_SECOND", min=0.1, help="Speed of all models, instead of their defaults.")
    ] = None,
    first_token_ms: Annotated[
        float | None, typer.Option(envvar="SIM_FIRST_TOKEN_MS", min=0, help="Delay before the first token of all models, in ms.")
    ] = None,
) -> None:
    """Run only the simulated provider: an HTTP server that speaks the OpenAI protocol and invents its answers."""
    from playground.providers.simulator.pace import SimulatorSettings
    from playground.providers.simulator.server import serve_forever

    def announce(url: str) -> None:
        garbage.enable()
        typer.echo(f"Simulated models, OpenAI protocol: {url}")

    try:
        serve_forever(SimulatorSettings(words_per_second, first_token_ms), host=host, port=port, announce=announce)
    except StartupError as error:
        raise fail(str(error)) from None


@app.command()
def migrate() -> None:
    """Update the tables of the database. `playground serve` does this at every start."""
    from playground.database.choice import open_server
    from playground.database.migrations import migrate as bring_up_to_date

    from .kit import logs

    async def apply(settings: Settings) -> tuple[str, ...]:
        async with open_server(settings) as server:
            return await bring_up_to_date(server.url)

    try:
        settings = Settings.load()
        logs.configure(settings)
        applied = anyio.run(apply, settings)
        typer.echo("\n".join(f"Applied {name}." for name in applied) or "The database is up to date.")
    except StartupError as error:
        raise fail(str(error)) from None


if __name__ == "__main__":
    app()
