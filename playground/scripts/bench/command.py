"""Benchmarks models through a running service: time to first token and answer, between chunks, per token, response time, cost.

`playground bench --help` lists the options; docs/scripts.md explains the numbers.
"""

import signal
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import anyio
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from playground.scripts import options
from playground.scripts.api import Credentials, connect
from playground.scripts.bench.answer import Answer
from playground.scripts.bench.files import as_csv, as_json
from playground.scripts.bench.listed import listed_as_simulated
from playground.scripts.bench.page import as_html
from playground.scripts.bench.plan import Plan
from playground.scripts.bench.prompts import BadPrompts, PromptFormat, read_prompts
from playground.scripts.bench.runner import Runner
from playground.scripts.bench.summary import Report
from playground.scripts.bench.table import show
from playground.scripts.units import count

INTERRUPTED = 130
"""The exit code after Ctrl-C, as in shells: 128 + SIGINT."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown", context_settings=options.HELP)


class Bar:
    """The progress bar on stderr, only shown on a terminal, so that logs stay readable."""

    def __init__(self) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[failed]}"), TimeElapsedColumn(), TimeRemainingColumn())
        shown = options.err.is_terminal
        self.progress = Progress(TextColumn("{task.description}"), *columns, console=options.err, transient=True, disable=not shown)
        self._task: TaskID | None = None
        self._failed = 0

    def begin(self, description: str, requests: int) -> None:
        """Begin a new phase of `requests` requests."""
        if self._task is not None:
            self.progress.remove_task(self._task)
        self._failed = 0
        self._task = self.progress.add_task(description, total=requests, failed="")

    def advance(self, answers: Sequence[Answer]) -> None:
        """Count a finished request."""
        self._failed += sum(answer.status == "failed" for answer in answers)
        if self._task is not None:
            self.progress.update(self._task, advance=1, failed=count(self._failed, "failure") if self._failed else "")


class Benchmark:
    """One benchmark: warms up, measures, and keeps its results if it ends early."""

    def __init__(self, plan: Plan, url: str, who: Credentials, timeout_seconds: float) -> None:
        self.answers: list[Answer] = []
        self.warm_ups: list[Answer] = []
        self.refusal: str | None = None
        self.listed_as_simulated: set[str] = set()
        self.interrupted = False
        self.started_at = datetime.now(UTC)
        self.seconds = 0.0
        self._plan = plan
        self._url = url
        self._who = who
        self._timeout_seconds = timeout_seconds

    async def run(self) -> None:
        """Run until the end, Ctrl-C, or a refusal that makes it useless to continue."""
        bar = Bar()
        silence = self._timeout_seconds
        async with (
            connect(self._url, self._who, notify=options.say, silence_seconds=silence) as service,
            anyio.create_task_group() as tasks,
        ):
            kept = self.warm_ups

            def finished(answers: Sequence[Answer]) -> None:
                kept.extend(answers)
                bar.advance(answers)

            runner = Runner(service, timeout_seconds=self._timeout_seconds, finished=finished)
            tasks.start_soon(self._end_on_signal, runner)
            with bar.progress:
                warming, counted = self._plan.warming(), self._plan.counted()
                bar.begin("Warm-up", len(warming))
                await runner.run(warming, self._plan.concurrency)
                kept = self.answers
                bar.begin("Measuring", len(counted))
                self.started_at, started = datetime.now(UTC), time.perf_counter()
                await runner.run(counted, self._plan.concurrency)
                self.seconds = time.perf_counter() - started
            if runner.refusal is not None:
                wanted = sum(len(job.models) for job in counted)
                done = f"\n{len(self.answers):,} of {count(wanted, 'answer')} finished." if self.answers else ""
                self.refusal = f"{runner.refusal}{done}"
            if self.answers:
                self.listed_as_simulated = await listed_as_simulated(service, set(self._plan.models) - runner.accepted)
            tasks.cancel_scope.cancel()

    async def _end_on_signal(self, runner: Runner) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for _ in signals:
                break
        # Outside the receiver, a second Ctrl-C ends the program immediately.
        options.say("Stopping the running requests. Press Ctrl-C again to exit immediately.")
        self.interrupted = True
        runner.stop()


@app.command()
def bench_stream(
    prompts: Annotated[
        Path, typer.Argument(metavar="PROMPTS", help="A text file with one prompt per line, or a `.jsonl` file; `-` reads standard input.")
    ],
    *,
    model: Annotated[
        list[str], typer.Option("--model", "-m", metavar="MODEL", help="A model to measure, such as `sim/quick`. Repeat it for several.")
    ],
    prompt_format: Annotated[PromptFormat, typer.Option("--format", help="Format of PROMPTS; `auto` decides by the file name.")] = "auto",
    repeat: Annotated[int, typer.Option("--repeat", "-n", min=1, help="How often to send each prompt to each model.")] = 1,
    concurrency: Annotated[
        int, typer.Option("--concurrency", "-c", min=1, max=10_000, help="Maximum number of concurrent requests, over all models.")
    ] = 1,
    warm_up: Annotated[
        int, typer.Option("--warm-up", min=0, help="Requests to each model before measuring starts. They are paid for, but not counted.")
    ] = 1,
    one_session: Annotated[
        bool,
        typer.Option("--one-session", help="Send each prompt to all models in one request, as lanes of one session."),
    ] = False,
    system: Annotated[str | None, typer.Option(help="The system prompt.", rich_help_panel="Parameters")] = None,
    temperature: Annotated[
        float | None,
        typer.Option(min=0, max=2, help="Sampling temperature: higher values give more varied answers.", rich_help_panel="Parameters"),
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, help="Maximum number of tokens in an answer.", rich_help_panel="Parameters")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed for repeatable answers, for models that support it.", rich_help_panel="Parameters")
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, metavar="SECONDS", help="Cancel an answer after this time.")] = 600.0,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all results, including each answer; `-` for standard output.")
    ] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write one row per model; `-` for standard output.")
    ] = None,
    html_file: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write an HTML page with charts.")] = None,
    resamples: Annotated[int | None, typer.Option(hidden=True)] = None,
    bootstrap_seed: Annotated[int | None, typer.Option(hidden=True)] = None,
    url: options.UrlOption = options.DEFAULT_URL,
    token: options.TokenOption = None,
    email: options.EmailOption = None,
    password: options.PasswordOption = None,
) -> None:
    """Measure models through a running service.

    Ctrl-C stops the running requests and reports what has finished. The exit code is 0 if at least one answer was measured,
    1 if none was or the service refused, 2 if the command line is wrong, and 130 after Ctrl-C.
    """
    options.check_outputs((json_file, csv_file, html_file))
    if resamples is not None or bootstrap_seed is not None:
        options.say("--resamples and --bootstrap-seed are ignored: intervals are computed without random numbers.")
    if len(set(model)) < len(model):
        raise typer.BadParameter("The same model is listed twice. Use --repeat to measure a model several times.", param_hint="--model")
    for name in model:
        options.check_text(name, "--model")
    options.check_text(system or "", "--system")
    try:
        wanted = tuple(read_prompts(prompts, prompt_format))
    except BadPrompts as error:
        raise typer.BadParameter(str(error), param_hint="PROMPTS") from error
    given = {"system": system, "temperature": temperature, "maxTokens": max_tokens, "seed": seed}
    parameters = {name: value for name, value in given.items() if value is not None}
    plan = Plan(tuple(model), wanted, repeat, concurrency, warm_up, one_session, parameters)
    benchmark = Benchmark(plan, options.service_url(url), options.credentials(token, email, password), timeout)
    anyio.run(benchmark.run)
    if benchmark.answers:
        report = Report(
            plan=plan,
            place=options.place(url),
            started_at=benchmark.started_at,
            seconds=benchmark.seconds,
            interrupted=benchmark.interrupted or benchmark.refusal is not None,
            answers=benchmark.answers,
            warm_ups=benchmark.warm_ups,
            listed_as_simulated=benchmark.listed_as_simulated,
        )
        options.report(
            lambda console: show(report, console),
            (json_file, lambda: as_json(report)),
            (csv_file, lambda: as_csv(report)),
            (html_file, lambda: as_html(report)),
        )
    if benchmark.refusal is not None:
        options.fail(benchmark.refusal)
    if benchmark.interrupted:
        raise typer.Exit(INTERRUPTED)
    if not any(answer.status == "completed" for answer in benchmark.answers):
        options.fail("No answer was completed.")
