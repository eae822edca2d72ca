"""How a command ends that can't do what it was asked."""

import typer
from rich.console import Console
from rich.text import Text

_errors = Console(stderr=True, highlight=False)


def fail(message: str) -> typer.Exit:
    """Says why, in red where there are colours; raise what it gives."""
    _errors.print(Text.assemble(("playground:", "bold red"), " ", message), soft_wrap=True)
    return typer.Exit(1)
