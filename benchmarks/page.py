"""Measures what the page costs in the browser while many lanes write into a session that is already long.

A plain page that only appends each piece of text to a `<pre>` reads the same kind of stream in the same run. Needs Chromium on PATH,
and a page that `make setup` has built.
"""

import json
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any

import anyio
import httpx
import typer
from main_thread import Measurement, Tasks
from playwright.async_api import Page, ViewportSize, async_playwright
from rich.console import Console
from rich.table import Table

from playground.kit import logs
from playground.serving.server import RunningService, running
from playground.settings import Settings

_ACCOUNT = {"email": "bench@example.org", "password": "correct horse battery staple", "name": "Bench"}
_MODEL = "sim/verbose"
_FILLING_SPEED = 20_000
_LONGEST_TASK_MS = 50
_SLOW_FRAME_MS = 33
_OPENING_SECONDS = 5
_MOST_TIMES_PLAIN = 5
_PLAIN = Path(__file__).with_name("plain.html")
_PROMPT = "Now tell of the sea once more, with code and a table."


@dataclass(frozen=True, slots=True)
class Costs:
    """The results of one page for one turn: ms of CPU time, except frames and values by the clock."""

    chunks: int
    script_per_1000: float
    work_per_1000: float
    longest_task: float
    longest_task_by_clock: float
    long_tasks: int
    long_tasks_by_clock: int
    forced_layouts: int
    median_frame: float
    slow_frames: float
    """The share of frames that came more than 33 ms after the previous one, in percent."""

    @classmethod
    def of(cls, tasks: Tasks, frames: Sequence[float], chunks: int) -> "Costs":
        """Those of a turn of so many chunks."""
        return cls(
            chunks=chunks,
            script_per_1000=tasks.script * 1_000 / chunks,
            work_per_1000=tasks.work * 1_000 / chunks,
            longest_task=tasks.longest,
            longest_task_by_clock=tasks.longest_by_clock,
            long_tasks=tasks.long,
            long_tasks_by_clock=tasks.long_by_clock,
            forced_layouts=tasks.forced_layouts,
            median_frame=statistics.median(frames),
            slow_frames=100 * sum(frame > _SLOW_FRAME_MS for frame in frames) / len(frames),
        )


class Account:
    """The one user, over HTTP."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http = http
        self.token = token
        http.headers["Authorization"] = f"Bearer {token}"

    async def fill(self, tokens: int, lanes: int) -> str:
        """Create a session with that many lanes and at least that many tokens. Return its id."""
        body: dict[str, Any] = {"models": [_MODEL] * lanes}
        for turn in range(1_000):
            prompt = f"Tell of the sea, of ships and of code. This is turn {turn}."
            answer = await self.http.post("/playground/stream", json={"prompt": prompt, **body})
            answer.raise_for_status()
            events = [json.loads(line[6:]) for line in answer.text.split("\n") if line.startswith("data: ")]
            body = {"sessionId": events[0]["sessionId"]}
            tokens -= sum(event["outputTokens"] for event in events if event["type"] == "metrics")
            if tokens <= 0:
                break
        return str(body["sessionId"])

    async def turns(self, session_id: str) -> int:
        """Return how many turns of the session have finished."""
        answer = await self.http.get(f"/playground/sessions/{session_id}")
        return sum(turn["finishedAt"] is not None for turn in answer.json()["turns"])

    async def until_over(self, session_id: str, turns: int) -> None:
        """Wait for the end of the next turn."""
        while await self.turns(session_id) <= turns:  # noqa: ASYNC110 - it happens in the service, which has no event for it
            await anyio.sleep(1)

    async def chunks(self, session_id: str) -> int:
        """How many there were in the session's last turn."""
        answer = await self.http.get(f"/playground/sessions/{session_id}/stream")
        return answer.text.count('"type":"chunk"')


async def _login(http: httpx.AsyncClient, path: str) -> Account:
    account = _ACCOUNT if path == "/auth/register" else {name: _ACCOUNT[name] for name in ("email", "password")}
    answer = await http.post(path, json=account)
    answer.raise_for_status()
    return Account(http, answer.json()["accessToken"])


async def _measure_page(page: Page, service: RunningService, account: Account, session_id: str, trace: Path | None) -> tuple[Tasks, Costs]:
    """Measure opening the session, and one more turn in it."""
    await page.goto(service.url)
    await page.get_by_role("button", name="Log in").first.click()
    await page.get_by_label("Email").fill(_ACCOUNT["email"])
    await page.get_by_label("Password").fill(_ACCOUNT["password"])
    await page.get_by_role("button", name="Log in").last.click()
    await page.get_by_role("button", name="Log out").wait_for()
    opening = await Measurement.begin_with(page, f"{service.url}/s/{session_id}")
    prompt = page.get_by_role("textbox", name="Prompt")
    await prompt.fill(_PROMPT)
    # What is recorded is painted when there is nothing else to do; highlighter and formulas are loaded.
    await anyio.sleep(_OPENING_SECONDS)
    opened = await opening.end()
    turns = await account.turns(session_id)
    measurement = await Measurement.begin(page)
    await page.keyboard.press("Enter")
    # From the service: asking the page would use its time.
    await account.until_over(session_id, turns)
    tasks = await measurement.end(trace)
    costs = Costs.of(tasks, measurement.frames, await account.chunks(session_id))
    return opened, costs


async def _measure_plain(page: Page, service: RunningService, account: Account, lanes: int) -> Costs:
    await page.route("**/plain", lambda route: route.fulfill(path=_PLAIN))
    await page.goto(f"{service.url}/plain")
    await anyio.sleep(1)
    measurement = await Measurement.begin(page)
    body = {"prompt": _PROMPT, "models": [_MODEL] * lanes}
    session_id = await page.evaluate("([body, token]) => window.run(body, token)", [body, account.token])
    tasks = await measurement.end()
    return Costs.of(tasks, measurement.frames, await account.chunks(session_id))


def _settings(folder: Path, words_per_second: float) -> Settings:
    return Settings(
        data_dir=folder,
        port=0,
        log_level="warning",
        shutdown_grace_seconds=0,
        sim_words_per_second=words_per_second,
        sim_first_token_ms=200,
        limit_address_requests=None,
        limit_user_requests=None,
        limit_auth=None,
        limit_streams=None,
        _env_file=None,
    )


@dataclass(slots=True)
class Results:
    """The results of all rounds."""

    opening: list[Tasks] = field(default_factory=list)
    page: list[Costs] = field(default_factory=list)
    plain: list[Costs] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Load:
    """What a page shows, and where."""

    lanes: int
    rate: float
    """Tokens per second of each lane."""
    tokens: int
    """Tokens in the session at the start."""
    window: ViewportSize


async def _run(load: Load, rounds: int, trace: Path | None) -> Results:
    chromium = shutil.which("chromium")
    if chromium is None:
        raise typer.BadParameter("There is no Chromium on PATH.")
    results = Results()
    with tempfile.TemporaryDirectory(prefix="page-bench-") as folder:
        filling = _settings(Path(folder), _FILLING_SPEED)
        logs.configure(filling)
        async with running(filling) as service, httpx.AsyncClient(base_url=service.url, timeout=600) as http:
            account = await _login(http, "/auth/register")
            sessions = [await account.fill(load.tokens, load.lanes) for _ in range(rounds)]
        async with (
            running(_settings(Path(folder), load.rate)) as service,
            httpx.AsyncClient(base_url=service.url, timeout=600) as http,
            async_playwright() as playwright,
        ):
            account = await _login(http, "/auth/login")
            browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for session_id in sessions:
                async with await browser.new_context(viewport=load.window) as context:
                    results.plain.append(await _measure_plain(await context.new_page(), service, account, load.lanes))
                async with await browser.new_context(viewport=load.window) as context:
                    opened, costs = await _measure_page(await context.new_page(), service, account, session_id, trace)
                results.opening.append(opened)
                results.page.append(costs)
            await browser.close()
    return results


def _show(results: Results) -> bool:
    """Print the table. Return whether all targets were reached."""
    script, work = (
        statistics.median(getattr(page, name) / getattr(plain, name) for page, plain in zip(results.page, results.plain, strict=True))
        for name in ("script_per_1000", "work_per_1000")
    )
    longest = max(page.longest_task for page in results.page)
    opening = max(tasks.longest for tasks in results.opening)
    rows = {
        "script, ms per 1,000 chunks": ("script_per_1000", f"≤ {_MOST_TIMES_PLAIN} × plain: {script:.1f}"),
        "main thread, ms per 1,000 chunks": ("work_per_1000", f"≤ {_MOST_TIMES_PLAIN} × plain: {work:.1f}"),
        "longest task, ms": ("longest_task", f"≤ {_LONGEST_TASK_MS}: at most {longest:.0f}"),
        "longest task, ms by the clock": ("longest_task_by_clock", ""),
        "tasks over 50 ms": ("long_tasks", ""),
        "tasks over 50 ms by the clock": ("long_tasks_by_clock", ""),
        "layouts forced by script": ("forced_layouts", ""),
        "frame, ms by the clock": ("median_frame", ""),
        "frames over 33 ms, %": ("slow_frames", ""),
        "chunks": ("chunks", ""),
    }
    table = Table("", "plain page", "page", "wanted", title="Median of the rounds", title_justify="left", box=None)
    for title, (name, wanted) in rows.items():
        numbers = [statistics.median(getattr(each, name) for each in side) for side in (results.plain, results.page)]
        table.add_row(title, *(f"{number:.1f}" for number in numbers), wanted)
    opened = statistics.median(tasks.longest for tasks in results.opening)
    table.add_row("opening: longest task, ms", "", f"{opened:.1f}", f"≤ {_LONGEST_TASK_MS}: at most {opening:.0f}")
    by_clock = statistics.median(tasks.longest_by_clock for tasks in results.opening)
    table.add_row("opening: longest task, ms by the clock", "", f"{by_clock:.1f}", "")
    Console().print(table)
    return max(script, work) <= _MOST_TIMES_PLAIN and max(longest, opening) <= _LONGEST_TASK_MS


def main(
    lanes: Annotated[int, typer.Option(min=1, max=16)] = 8,
    rate: Annotated[float, typer.Option(help="Tokens per second of each lane.")] = 100,
    tokens: Annotated[int, typer.Option(help="Tokens in the session at the start.")] = 50_000,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    width: Annotated[int, typer.Option(help="Of the window; eight lanes need 2,560 pixels.")] = 2_560,
    height: Annotated[int, typer.Option(help="Of the window.")] = 1_440,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write every number there.")] = None,
    trace: Annotated[Path | None, typer.Option(help="Write the trace of the page's last turn there.")] = None,
) -> None:
    """Measure the page compared with a plain one. Exits with 1 if a target is missed."""
    load = Load(lanes, rate, tokens, ViewportSize(width=width, height=height))
    results = anyio.run(_run, load, rounds, trace)
    if json_file is not None:
        json_file.write_text(json.dumps(asdict(results), indent=2))
    if not _show(results):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
