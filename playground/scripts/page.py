"""A self-contained HTML page: with its styles, without scripts and without links to other addresses.

The markup is also XML, so that any XML parser can check or read it.
"""

from collections.abc import Iterable, Sequence
from html import escape as escape_markup
from pathlib import Path

from .units import printable

_STYLE = Path(__file__).with_name("report.css")


def escape(text: str) -> str:
    """Escape `text` for element content and quoted attributes."""
    return escape_markup(printable(text))


def page(title: str, subtitle: str, sections: Iterable[str]) -> str:
    """Return the document. `sections` are HTML; `title` and `subtitle` are plain text."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/>
<title>{escape(title)}</title>
<style>
{_STYLE.read_text(encoding="utf-8")}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<p>{escape(subtitle)}</p>
</header>
<main>
{"".join(sections)}</main>
</body>
</html>
"""


def section(heading: str, *parts: str, note: str = "") -> str:
    """Return a section. `parts` are HTML; `note` is plain text below the heading."""
    below = f'<p class="note">{escape(note)}</p>\n' if note else ""
    return f"<section>\n<h2>{escape(heading)}</h2>\n{below}{''.join(parts)}</section>\n"


def tiles(entries: Iterable[tuple[str, str, str]]) -> str:
    """Return tiles with a name, a fact and a remark, all plain text."""
    inner = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(fact)}<small>{escape(remark)}</small></dd></div>\n" for name, fact, remark in entries
    )
    return f'<dl class="tiles">\n{inner}</dl>\n'


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    text_columns: int = 1,
    foot: Iterable[Sequence[str]] = (),
    groups: Sequence[tuple[str, int]] = (),
) -> str:
    """Return a table. Cells are HTML; the first `text_columns` columns are text, the others numbers. Wide tables scroll.

    `groups` are headings over several columns after the text columns: the heading, and the number of columns.
    """

    def line(cells: Sequence[str], tag: str = "td") -> str:
        return "<tr>" + "".join(_cell(cell, tag, number=index >= text_columns) for index, cell in enumerate(cells)) + "</tr>\n"

    footing = "".join(map(line, foot))
    over = "".join(f'<th class="group" colspan="{width}">{escape(heading)}</th>' for heading, width in groups)
    heading = f'<tr><th class="group" colspan="{text_columns}"></th>{over}</tr>\n' if groups else ""
    return (
        '<div class="scroll" tabindex="0"><table>\n'
        f"<thead>{heading}{line([escape(name) for name in columns], 'th')}</thead>\n"
        f"<tbody>{''.join(map(line, rows))}</tbody>\n" + (f"<tfoot>{footing}</tfoot>\n" if footing else "") + "</table></div>\n"
    )


def _cell(content: str, tag: str, *, number: bool) -> str:
    attributes = ' class="number"' if number else ""
    return f"<{tag}{attributes}>{content}</{tag}>"


def unbroken(text: str) -> str:
    """Return `text` as HTML that stays on one line."""
    return f'<span class="unbroken">{escape(text)}</span>'


def prose(text: str) -> str:
    """Return `text` as HTML for a cell that is readable, even on a phone."""
    return f'<div class="prose">{escape(text)}</div>'


def badge(text: str) -> str:
    """Return a small inline label."""
    return f'<span class="badge">{escape(text)}</span>'


def model_name(name: str, *, simulated: bool, colour: int | None = None) -> str:
    """Return a model's name as HTML, with its colour in the charts, and labelled if it is simulated."""
    swatch = "" if colour is None else f'<i class="swatch {colour_class(colour)}"></i>'
    # Names can wrap after the provider and at hyphens, so that they fit on a phone.
    shown = escape(name).replace("/", "/<wbr/>")
    return f"{swatch}{shown}" + (f" {badge('simulated')}" if simulated else "")


def plain_name(name: str, *, simulated: bool) -> str:
    """Return a model's name as plain text, labelled if it is simulated."""
    return f"{name} (simulated)" if simulated else name


def colour_class(index: int) -> str:
    """Return the CSS class of the `index`th colour. Colours repeat after eight."""
    return f"c{index % 8}"
