"""How a command fails."""

import typer
from rich.console import Console
from rich.text import Text

_errors = Console(stderr=True, highlight=False)


def fail(message: str) -> typer.Exit:
    """Print the reason, in red if there are colours, and return the exception to raise."""
    _errors.print(Text.assemble(("playground:", "bold red"), " ", message), soft_wrap=True)
    return typer.Exit(1)
