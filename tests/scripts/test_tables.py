"""The tables of both scripts, on terminals of any width."""

import io

import pytest
from rich.console import Console
from rich.table import Table

from playground.scripts.tables import print_table

FIGURES = ("~12,345", "197 ms – 1.20 s", "$0.000167 simulated")


def printed(width: int) -> str:
    table = Table(title="Outcome", show_edge=False)
    table.add_column("model", overflow="fold")
    for heading in ("tokens", "95 % of p50", "cost"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row("acme/a-model-with-a-rather-long-name", *FIGURES)
    table.add_row("real money", "", "", "$0.00")
    console = Console(width=width, file=io.StringIO())
    print_table(table, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", range(34, 110, 5))
def test_no_figure_is_cut_however_narrow_the_terminal_is(width: int) -> None:
    text = printed(width)
    assert [figure for figure in FIGURES if figure not in text] == []
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width


def test_a_table_that_does_not_fit_is_a_list_for_each_row() -> None:
    rows = [line.split() for line in printed(60).splitlines()]
    assert ["tokens", "~12,345"] in rows
    assert rows[-3:] == [["model", "real", "money"], ["cost", "$0.00"], []]
