"""`playground bench` and `playground report`, whose options are those of the commands in `playground/scripts`."""

import typer

FORWARDED = {"allow_extra_args": True, "ignore_unknown_options": True}
"""Arguments go on as they are, `--help` too: what reads them takes half a second to import, which no other command should pay."""


def bench(context: typer.Context) -> None:
    """Benchmark models through a running service. `playground bench --help` lists the options."""
    from playground.scripts.bench.command import app

    app(context.args, prog_name="playground bench")


def report(context: typer.Context) -> None:
    """Report what answers cost, by day, model and provider. `playground report --help` lists the options."""
    from playground.scripts.costs.command import app

    app(context.args, prog_name="playground report")
