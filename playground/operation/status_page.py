"""The page of `/status`: plain HTML that says what works and what doesn't."""

from collections.abc import Iterable
from html import escape

from playground import __version__

from .process_state import ProcessState

STYLE = """\
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin-bottom: 2rem; }
th, td { text-align: left; padding: .4rem .6rem; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
th { font-weight: 500; }
.bad { font-weight: 700; color: light-dark(#b00020, #ff8a80); }
"""
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="30">
<title>{title}</title>
<link rel="stylesheet" href="/status/style.css">
<h1>{title}</h1>
{body}
<p>Playground {version}. This page reloads every 30 seconds.</p>
</html>
"""
_BAD = frozenset({"does not answer", "restarting", "stopping", "failed", "stale"})

_Row = tuple[str, str]


def status_page(state: ProcessState, *, with_details: bool) -> str:
    """Return the page. Without details it doesn't mention providers or numbers."""
    works = state.ready and state.redis != "away"
    parts = [("Service", "stopping" if state.stopping else "works"), ("Database", _answers(state.database_answers))]
    if state.redis != "none":
        parts.append(("Redis", _answers(state.redis == "ok")))
    body = _table("Parts", parts)
    if with_details:
        body += _table("This process", list(_details(state))) + _table("Providers", list(_providers(state)))
    return _PAGE.format(title="Everything works" if works else "Something does not work", body=body, version=escape(__version__))


def _answers(answers: bool) -> str:
    return "answers" if answers else "does not answer"


def _details(state: ProcessState) -> Iterable[_Row]:
    waiting = sum(count for (_, doing), count in state.running_lanes.items() if doing == "waiting")
    yield "Query engine", "runs" if state.engine_runs else "restarting"
    yield "Restarts of the query engine", str(state.engine_restarts)
    yield "Running comparisons", str(state.open_runs)
    yield "Lanes waiting for a first token", str(waiting)
    yield "Lanes streaming", str(sum(state.running_lanes.values()) - waiting)
    yield "Streams being read", str(state.readers)
    yield "Finished runs waiting in the journal", str(state.journal_waiting)


def _providers(state: ProcessState) -> Iterable[_Row]:
    for known in state.providers:
        why = f": {known.failure}" if known.failure else ""
        yield known.provider.name, f"{known.state}{why}" if known.state != "ok" else f"{len(known.models)} models"


def _table(heading: str, rows: Iterable[_Row]) -> str:
    cells = "\n".join(f"<tr><th scope=row>{escape(name)}<td{_class(value)}>{escape(value)}" for name, value in rows)
    return f"<h2>{heading}</h2>\n<table>\n{cells}\n</table>\n" if cells else ""


def _class(value: str) -> str:
    return " class=bad" if value.partition(":")[0] in _BAD else ""
