"""`bench_stream.py` where the user's limits end it: it tells what is done, and asks no more."""

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path

import anyio
import pytest

from playground.scripts.api import Credentials, connect
from playground.scripts.bench.answer import Answer
from playground.scripts.bench.plan import Plan
from playground.scripts.bench.prompts import Prompt
from playground.scripts.bench.runner import Runner

from ..support.client import User
from ..support.scripted import Exchange, Gate, ScriptedProvider
from .conftest import Run
from .test_bench_stream import priced

AllowStreams = Callable[[str], None]


@pytest.fixture
def prompt(tmp_path: Path) -> str:
    path = tmp_path / "prompts.txt"
    path.write_text("Hi\n")
    return str(path)


async def test_a_lasting_limit_ends_the_run_and_the_results_so_far_are_reported(
    run: Run, prompt: str, scripted: ScriptedProvider, allow_streams: AllowStreams
):
    allow_streams("4 per hour")
    model = scripted.model(priced)
    done = await run("bench_stream.py", prompt, "-m", model, "-n", "20", "-c", "2", "--csv", "-")
    assert done.returncode == 1
    said = done.stderr
    assert "At most 4 streams are allowed in any hour. Try again in " in said
    assert "3 of 20 answers finished." in said
    assert said.count("Limit reached") == 1
    [row] = csv.DictReader(io.StringIO(done.stdout))
    assert (row["completed"], row["failed"]) == ("3", "0")


async def test_requests_running_when_a_limit_is_reached_are_measured_to_their_end(
    user: User, scripted: ScriptedProvider, allow_streams: AllowStreams
):
    gate = Gate()

    async def waits(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("One ")
        await gate.wait()
        await exchange.write("two")
        await exchange.end(10, 2)

    allow_streams("1 per hour")
    measured: list[Answer] = []

    def finished(answers: Sequence[Answer]) -> None:
        measured.extend(answers)

    plan = Plan((scripted.model(waits),), (Prompt(1, "Hi"),), 2, 2, 0, False, {})
    async with connect(str(user.http.base_url), Credentials(user.token), notify=print) as service:
        runner = Runner(service, timeout_seconds=60, finished=finished)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(runner.run, plan.counted(), plan.concurrency)
            with anyio.fail_after(60):
                while runner.refusal is None:
                    await anyio.lowlevel.checkpoint()
            gate.open()
    assert [(answer.status, answer.output_tokens) for answer in measured] == [("completed", 2)]


async def test_a_simulated_model_that_never_started_is_labelled_too(
    run: Run, prompt: str, scripted: ScriptedProvider, allow_streams: AllowStreams
):
    allow_streams("1 per hour")
    model = scripted.model(priced)
    done = await run("bench_stream.py", prompt, "-m", model, "-m", "sim/quick", "--warm-up", "0", "--csv", "models.csv")
    assert done.returncode == 1
    assert "sim/quick*" in done.stdout
    assert f"{model}*" not in done.stdout
    assert "* Simulated" in done.stdout
