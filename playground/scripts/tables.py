"""Tables on terminals of any width."""

from copy import copy
from dataclasses import replace

from rich.console import Console
from rich.table import Table

_NARROWEST_NAME = 12
"""Columns of names can shrink to this width by wrapping."""
_ANY_WIDTH = 1_000


def print_table(table: Table, console: Console) -> None:
    """Print `table`, or a list per row if the terminal is too narrow: a truncated number would be wrong."""
    if _narrowest(table, console) <= console.width:
        console.print(table)
        return
    if table.title:
        console.print(table.title, style="bold" if isinstance(table.title, str) else "")
    for cells in zip(*(column.cells for column in table.columns), strict=True):
        row = Table.grid(padding=(0, 2))
        row.add_column(overflow="fold")
        row.add_column(overflow="fold")
        for column, cell in zip(table.columns, cells, strict=True):
            if cell:
                row.add_row(column.header, cell)
        console.print(row)
        console.print()


def _narrowest(table: Table, console: Console) -> int:
    narrow = copy(table)
    narrow.columns = [each if each.no_wrap else replace(each, max_width=_NARROWEST_NAME) for each in table.columns]
    return console.measure(narrow, options=console.options.update_width(_ANY_WIDTH)).maximum
