"""Shows a comparison in a terminal: the lanes side by side while they grow, then their metrics."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.style import Style
from rich.table import Table
from rich.text import Text

from .plain import plain

_NARROWEST_COLUMN = 38
_NARROWEST_NAME = 12
_BESIDE_TITLE = 5
"""The width of a panel's upper edge besides its title: two corners, a line, and a space."""
_FIGURES = ("First\ntoken", "First\nanswer", "Total", "Tokens\nper s", "Input", "Output", "Cost\n(US$)")
_FIRST_ANSWER = _FIGURES[1]
_STYLES = {"queued": "yellow", "connecting": "cyan", "streaming": "cyan", "completed": "green", "failed": "red", "stopped": "yellow"}


@dataclass(slots=True)
class LaneView:
    """One lane, built from its events."""

    model: str
    simulated: bool
    listed: bool = True
    status: str = "queued"
    note: str = ""
    waiting: str = ""
    text: str = ""
    reasoning: str = ""
    error: str = ""
    metrics: dict[str, Any] | None = None

    def title(self, room: int = sys.maxsize) -> Text:
        """Return model, marks and status. If there isn't enough room, the beginning of the model's name is cut."""
        marks = (" simulated" if self.simulated else "") + ("" if self.listed else " not listed")
        rest = Text(marks, style="dim italic")
        rest.append(f" · {self.status}", style=Style.parse("not dim not italic") + Style.parse(_STYLES[self.status]))
        room = max(room - rest.cell_len, 1)
        name = self.model if cell_len(self.model) <= room else "…" + self.model[len(self.model) - room + 1 :]
        return Text(name, style="bold") + rest

    def panel(self, body: RenderableType, width: int, height: int | None = None) -> Panel:
        """Return the lane's column with `body`."""
        title = self.title(width - _BESIDE_TITLE)
        return Panel(body, title=title, title_align="left", border_style=_STYLES[self.status], height=height, padding=(0, 1))

    def tail(self, width: int, height: int) -> Text:
        """Return the newest lines of the text, as many as fit."""
        written = Text(self.text) if self.text else self._thinking()
        if self.note:
            written = Text(self.note, style="yellow")
        if self.waiting:
            written.append(f"\n{self.waiting}" if written else self.waiting, style="yellow")
        if self.error:
            written.append(f"\n{self.error}", style="red")
        return Text("\n").join(written.wrap(_measure, width)[-height:])

    def whole(self) -> Group:
        """Return the answer as Markdown, or the thinking if there is no answer."""
        parts: list[RenderableType] = []
        if self.text:
            parts.append(Markdown(self.text))
        elif self.reasoning:
            parts.append(self._thinking())
        if self.error:
            parts.append(Text(self.error, style="red"))
        elif end := self.end():
            parts.append(Text(end, style="yellow"))
        return Group(*parts)

    def end(self) -> str:
        """Return a note on how a completed answer ended; empty if it ended normally."""
        if self.status != "completed" or self.metrics is None:
            return ""
        return _end_note(self.metrics, written=bool(self.text), thought=bool(self.reasoning))

    def _thinking(self) -> Text:
        return Text(self.reasoning, style="dim italic")


_measure = Console(width=1_000)


class ComparisonView:
    """Follows the events of a run. Printing it draws the current lanes within the terminal."""

    def __init__(self) -> None:
        self._session_id = ""
        self._lanes: list[LaneView] = []
        self._done: dict[str, Any] | None = None

    @property
    def begun(self) -> bool:
        """Return whether the lanes are known."""
        return bool(self._lanes)

    @property
    def complete(self) -> bool:
        """Return whether every lane completed."""
        return self.begun and all(lane.status == "completed" for lane in self._lanes)

    def take(self, event: dict[str, Any]) -> None:
        """Process an event."""
        match event["type"]:
            case "session":
                self._session_id = event["sessionId"]
                self._lanes = [LaneView(lane["model"], lane["simulated"], lane.get("listed", True)) for lane in event["lanes"]]
            case "done":
                self._done = event
            case _:
                _take(self._lanes[event["lane"]], event)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the newest lines of every lane."""
        if not self.begun:
            return
        per_row = self._per_row(console.width)
        rows = -(-len(self._lanes) // per_row)
        height = max(5, (console.height - 1) // rows)
        width = console.width // per_row
        yield self._grid(per_row, [lane.panel(lane.tail(width - 4, height - 2), width, height) for lane in self._lanes])

    def answers(self) -> RenderableType:
        """Return all complete answers, side by side."""
        return _AtWidth(self._answers)

    def _answers(self, width: int) -> RenderableType:
        per_row = self._per_row(width)
        return self._grid(per_row, [lane.panel(lane.whole(), width // per_row) for lane in self._lanes])

    def _per_row(self, width: int) -> int:
        return max(1, min(len(self._lanes), width // _NARROWEST_COLUMN))

    def _grid(self, per_row: int, panels: list[Panel]) -> Table:
        grid = Table.grid(expand=True)
        for _ in range(per_row):
            grid.add_column(ratio=1)
        for start in range(0, len(panels), per_row):
            grid.add_row(*panels[start : start + per_row])
        return grid

    def metrics(self) -> RenderableType:
        """Return the metrics as a table, or as a list per lane if the terminal is too narrow."""
        return _AtWidth(self._metrics)

    def _metrics(self, width: int) -> RenderableType:
        table = self._table()
        longest = max((cell_len(lane.model) for lane in self._lanes), default=0)
        # Names can wrap, but a truncated number would be wrong.
        narrowest = _measure.measure(table).maximum - max(longest - _NARROWEST_NAME, 0)
        figures = [table] if narrowest <= width else [self._list(lane) for lane in self._lanes]
        return Group(*figures, *(Text(note, style="dim") for note in self._notes()))

    def _table(self) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
        table.add_column("Model", overflow="fold")
        table.add_column("Status", no_wrap=True)
        for heading in self._headings():
            table.add_column(heading, justify="right", no_wrap=True)
        for lane in self._lanes:
            table.add_row(lane.model, Text(lane.status, style=_STYLES[lane.status]), *self._figures(lane))
        return table

    def _headings(self) -> tuple[str, ...]:
        return tuple(heading for heading in _FIGURES if self._thinks or heading != _FIRST_ANSWER)

    def _figures(self, lane: LaneView) -> list[str]:
        return [figure for heading, figure in zip(_FIGURES, _figures(lane), strict=True) if heading in self._headings()]

    @property
    def _thinks(self) -> bool:
        """Return whether any model shows its thinking. Otherwise the first token is also the first answer."""
        return any(lane.reasoning for lane in self._lanes)

    def _list(self, lane: LaneView) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        table.add_column(overflow="fold")
        table.add_column(overflow="fold", justify="right")
        for heading, figure in zip(self._headings(), self._figures(lane), strict=True):
            table.add_row(heading.replace("\n", " "), figure)
        return Group(lane.title(), Padding(table, (0, 0, 1, 2), expand=False))

    def _notes(self) -> list[str]:
        notes = []
        measured = [lane.metrics for lane in self._lanes if lane.metrics]
        if any(metrics["estimated"] for metrics in measured):
            notes.append("~ estimated: the provider didn't report its token usage, so the tokens were counted here.")
        if any(metrics["simulated"] for metrics in measured):
            notes.append("s simulated: the answer, its times and its cost are invented.")
        if any(metrics["cost"] is None for metrics in measured):
            notes.append("? unknown: the price of this model is not known.")
        notes += [f"{lane.model}: {end[0].lower()}{end[1:]}" for lane in self._lanes if (end := lane.end())]
        notes += [
            f"{lane.model} took {lane.metrics['attempts']} requests, {_milliseconds(lane.metrics.get('totalTime'))} in total; "
            "its times are for the last request."
            for lane in self._lanes
            if lane.metrics and lane.metrics["attempts"] > 1
        ]
        if self._done and len(self._lanes) > 1:
            if not all(lane.simulated for lane in self._lanes):
                notes.append(f"Total: {self._tokens(simulated=False):,} tokens, {self._total_cost(self._done)}.")
            if "simulatedCost" in self._done:
                notes.append(f"Simulated (not real money): {self._tokens(simulated=True):,} tokens, US$ {self._done['simulatedCost']}.")
        if self._done:
            notes.append(f"Saved as session {self._session_id}.")
        return notes

    def _total_cost(self, done: dict[str, Any]) -> str:
        unknown = done["unknownCosts"]
        if unknown and unknown == sum(not lane.simulated for lane in self._lanes):
            return "cost unknown"
        return f"US$ {done['totalCost']}" + (f" and {unknown} unknown" if unknown else "")

    def _tokens(self, *, simulated: bool) -> int:
        return sum(lane.metrics["tokensUsed"] for lane in self._lanes if lane.metrics and lane.simulated == simulated)


class _AtWidth:
    """Draws the result of `make` for the available width."""

    def __init__(self, make: Callable[[int], RenderableType]) -> None:
        self._make = make

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._make(options.max_width)


def _take(lane: LaneView, event: dict[str, Any]) -> None:
    match event["type"]:
        case "status":
            lane.status = event["status"]
            lane.note = _retry_note(event) if "retryIn" in event else ""
            lane.waiting = f"No text for {event['waitingSeconds']} s. Still waiting." if "waitingSeconds" in event else ""
        case "chunk" if event.get("kind") == "reasoning":
            lane.waiting = ""
            lane.reasoning += plain(event["content"])
        case "chunk":
            lane.waiting = ""
            lane.text += plain(event["content"])
        case "error":
            lane.error = plain(event["message"]) + (" Trying again may help." if event["retryable"] else "")
        case "metrics":
            lane.metrics = event


def _retry_note(event: dict[str, Any]) -> str:
    return f"{plain(event['error']['message'])}\nTrying again in {event['retryIn'] / 1000:.1f} s (request {event['attempt']})."


def _end_note(metrics: dict[str, Any], *, written: bool, thought: bool) -> str:
    ending, reason, most = metrics.get("ending"), metrics.get("finishReason"), metrics.get("maxTokens")
    limit = "" if most is None else f" ({most:,})"
    cut = ending in ("token_limit", "context_window")
    if cut and not written and (thought or metrics["reasoningTokens"]):
        return f"All tokens were spent on thinking{limit if ending == 'token_limit' else ''}."
    if cut:
        return f"Cut off at the token limit{limit}." if ending == "token_limit" else "Cut off at the end of the context window."
    return f"Ended with the reason “{plain(reason)}”." if ending is None and reason else ""


def _figures(lane: LaneView) -> tuple[str, ...]:
    metrics = lane.metrics
    if metrics is None:
        return ("–",) * len(_FIGURES)
    mark = "~" if metrics["estimated"] else ""
    cost = "?" if metrics["cost"] is None else mark + metrics["cost"] + (" s" if metrics["simulated"] else "")
    return (
        _milliseconds(metrics["timeToFirstToken"]),
        _milliseconds(metrics.get("timeToFirstAnswer")),
        _milliseconds(metrics["responseTime"]),
        "–" if metrics["tokensPerSecond"] is None else f"{metrics['tokensPerSecond']:.1f}",
        f"{mark}{metrics['inputTokens']:,}",
        f"{mark}{metrics['outputTokens']:,}",
        cost,
    )


def _milliseconds(duration: float | None) -> str:
    if duration is None:
        return "–"
    return f"{duration:.0f} ms" if duration < 1_000 else f"{duration / 1_000:.2f} s"
