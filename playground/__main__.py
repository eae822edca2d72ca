"""`python -m playground`."""

from .cli import app

app()
