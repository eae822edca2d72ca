"""What the page costs in the browser while many lanes write into a session that is long already.

A plain page that only appends each piece of text to a `<pre>` reads the same kind of stream in the same run. Needs Chromium on PATH,
and a page that `make setup` has built.
"""

import json
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import anyio
import httpx
import typer
from playwright.async_api import Browser, CDPSession, Page, async_playwright
from rich.console import Console
from rich.table import Table

from playground import logs
from playground.server import RunningService, running
from playground.settings import Settings

_ACCOUNT = {"email": "bench@example.org", "password": "correct horse battery staple", "name": "Bench"}
_MODEL = "sim/verbose"
_FILLING_SPEED = 20_000
_LONGEST_TASK_MS = 50
_MOST_TIMES_PLAIN = 5

# Both watch themselves alike. A task of 50 ms is the shortest that browsers call long.
_WATCH = """
    window.watched = { tasks: [], frames: [] }
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.watched.tasks.push(entry.duration)
    }).observe({ type: 'longtask' })
    let before = performance.now()
    const frame = (now) => {
      window.watched.frames.push(now - before)
      before = now
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
"""
_PLAIN = """
<!doctype html>
<style>
  body { display: flex; margin: 0; height: 100vh }
  pre { flex: 1; overflow: auto; white-space: pre-wrap; margin: 0 }
</style>
<script>
  window.run = async (body, token) => {
    const lanes = body.models.map(() => document.body.appendChild(document.createElement('pre')))
    const response = await fetch('/playground/stream', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    })
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    let session = ''
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return session
      const messages = (rest + value).split('\\n\\n')
      rest = messages.pop()
      for (const message of messages) {
        const data = message.split('\\n').find((line) => line.startsWith('data: '))
        if (!data) continue
        const event = JSON.parse(data.slice(6))
        if (event.type === 'session') session = event.sessionId
        if (event.type === 'chunk') lanes[event.lane].append(event.content)
      }
    }
  }
</script>
"""


@dataclass(frozen=True, slots=True)
class Costs:
    """What one page took for one turn. Durations are in ms."""

    chunks: int
    script_per_1000: float
    """Of JavaScript alone."""
    work_per_1000: float
    """Of the page's main thread: JavaScript, style, layout, painting."""
    longest_task: float
    """0: none was as long as 50 ms."""
    long_tasks: int
    median_frame: float
    slow_frames: float
    """The share of frames that took longer than 33 ms, in percent."""


async def _main_thread(cdp: CDPSession) -> dict[str, float]:
    metrics = await cdp.send("Performance.getMetrics")
    return {metric["name"]: metric["value"] * 1_000 for metric in metrics["metrics"]}


class Measurement:
    """Takes the numbers of a page between two moments."""

    def __init__(self, page: Page, cdp: CDPSession, before: dict[str, float]) -> None:
        self._page = page
        self._cdp = cdp
        self._before = before

    @classmethod
    async def begin(cls, page: Page) -> "Measurement":
        """From now on."""
        cdp = await page.context.new_cdp_session(page)
        # Processor time of the thread: that of a clock would count what else the machine did.
        await cdp.send("Performance.enable", {"timeDomain": "threadTicks"})
        await page.evaluate(_WATCH)
        return cls(page, cdp, await _main_thread(cdp))

    async def end(self, chunks: int) -> Costs:
        """Until now, in which so many chunks came."""
        after = await _main_thread(self._cdp)
        watched = await self._page.evaluate("window.watched")
        frames = sorted(watched["frames"][1:])
        return Costs(
            chunks=chunks,
            script_per_1000=(after["ScriptDuration"] - self._before["ScriptDuration"]) * 1_000 / chunks,
            work_per_1000=(after["TaskDuration"] - self._before["TaskDuration"]) * 1_000 / chunks,
            longest_task=max(watched["tasks"], default=0),
            long_tasks=len(watched["tasks"]),
            median_frame=statistics.median(frames),
            slow_frames=100 * sum(frame > 33 for frame in frames) / len(frames),
        )


class Account:
    """The one user, over HTTP."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http = http
        self.token = token
        http.headers["Authorization"] = f"Bearer {token}"

    async def fill(self, tokens: int, lanes: int) -> str:
        """A session of that many lanes that holds at least so many tokens; its id."""
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
        """How many turns of the session are over."""
        answer = await self.http.get(f"/playground/sessions/{session_id}")
        return sum(turn["finishedAt"] is not None for turn in answer.json()["turns"])

    async def until_over(self, session_id: str, turns: int) -> None:
        """Waits for the end of the turn after so many."""
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


async def _new_page(browser: Browser) -> Page:
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    return await context.new_page()


async def _measure_page(browser: Browser, service: RunningService, account: Account, session_id: str) -> Costs:
    page = await _new_page(browser)
    await page.goto(service.url)
    await page.get_by_role("button", name="Log in").first.click()
    await page.get_by_label("Email").fill(_ACCOUNT["email"])
    await page.get_by_label("Password").fill(_ACCOUNT["password"])
    await page.get_by_role("button", name="Log in").last.click()
    await page.get_by_role("button", name="Log out").wait_for()
    await page.goto(f"{service.url}/s/{session_id}")
    prompt = page.get_by_role("textbox", name="Prompt")
    await prompt.fill("Now tell of the sea once more, with code and a table.")
    # What is recorded is painted when there is nothing else to do; highlighter and formulas are loaded.
    await anyio.sleep(5)
    turns = await account.turns(session_id)
    measurement = await Measurement.begin(page)
    await prompt.press("Enter")
    # Asked of the service: who asks the page, takes its time.
    await account.until_over(session_id, turns)
    costs = await measurement.end(await account.chunks(session_id))
    await page.context.close()
    return costs


async def _measure_plain(browser: Browser, service: RunningService, account: Account, lanes: int) -> Costs:
    page = await _new_page(browser)
    await page.route("**/plain", lambda route: route.fulfill(body=_PLAIN, content_type="text/html"))
    await page.goto(f"{service.url}/plain")
    await anyio.sleep(1)
    measurement = await Measurement.begin(page)
    body = {"prompt": "Now tell of the sea once more, with code and a table.", "models": [_MODEL] * lanes}
    session_id = await page.evaluate("([body, token]) => window.run(body, token)", [body, account.token])
    costs = await measurement.end(await account.chunks(session_id))
    await page.context.close()
    return costs


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


async def _run(lanes: int, rate: float, tokens: int, rounds: int) -> tuple[list[Costs], list[Costs]]:
    chromium = shutil.which("chromium")
    if chromium is None:
        raise typer.BadParameter("There is no Chromium on PATH.")
    pages: list[Costs] = []
    plain: list[Costs] = []
    with tempfile.TemporaryDirectory(prefix="page-bench-") as folder:
        filling = _settings(Path(folder), _FILLING_SPEED)
        logs.configure(filling)
        async with running(filling) as service, httpx.AsyncClient(base_url=service.url, timeout=600) as http:
            account = await _login(http, "/auth/register")
            sessions = [await account.fill(tokens, lanes) for _ in range(rounds)]
        async with (
            running(_settings(Path(folder), rate)) as service,
            httpx.AsyncClient(base_url=service.url, timeout=600) as http,
            async_playwright() as playwright,
        ):
            account = await _login(http, "/auth/login")
            browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            for session_id in sessions:
                plain.append(await _measure_plain(browser, service, account, lanes))
                pages.append(await _measure_page(browser, service, account, session_id))
            await browser.close()
    return pages, plain


def _show(pages: Sequence[Costs], plain: Sequence[Costs]) -> bool:
    """Prints the table; whether all that is wanted was reached."""
    times = statistics.median(page.script_per_1000 for page in pages) / statistics.median(each.script_per_1000 for each in plain)
    longest = max(page.longest_task for page in pages)
    table = Table("", "plain page", "page", "wanted", title="Median of the rounds", title_justify="left", box=None)
    rows = {
        "script, ms per 1,000 chunks": ("script_per_1000", f"≤ {_MOST_TIMES_PLAIN} × plain: {times:.1f}"),
        "main thread, ms per 1,000 chunks": ("work_per_1000", ""),
        "longest task, ms (0: under 50)": ("longest_task", f"≤ {_LONGEST_TASK_MS}: at most {longest:.0f}"),
        "tasks over 50 ms": ("long_tasks", ""),
        "frame, ms": ("median_frame", ""),
        "frames over 33 ms, %": ("slow_frames", ""),
        "chunks": ("chunks", ""),
    }
    for title, (name, wanted) in rows.items():
        numbers = [statistics.median(getattr(each, name) for each in side) for side in (plain, pages)]
        table.add_row(title, *(f"{number:.1f}" for number in numbers), wanted)
    Console().print(table)
    return times <= _MOST_TIMES_PLAIN and longest <= _LONGEST_TASK_MS


def main(
    lanes: Annotated[int, typer.Option(min=1, max=16)] = 8,
    rate: Annotated[float, typer.Option(help="Tokens per second of each lane.")] = 100,
    tokens: Annotated[int, typer.Option(help="What the session holds before.")] = 50_000,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write every number there.")] = None,
) -> None:
    """Measure the page beside a plain one. Ends with 1 when what is wanted is missed."""
    pages, plain = anyio.run(_run, lanes, rate, tokens, rounds)
    if json_file is not None:
        json_file.write_text(json.dumps({"page": [asdict(each) for each in pages], "plain": [asdict(each) for each in plain]}, indent=2))
    if not _show(pages, plain):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
