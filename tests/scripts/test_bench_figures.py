"""The figures of `bench_stream.py`: what each is, on how many values it stands, and that every output explains it."""

import csv
import html
import io
import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from playground.scripts.bench.metrics import METRICS

from ..support.scripted import Exchange, Script, ScriptedProvider
from .conftest import Run

WIDE = {"COLUMNS": "300"}


@pytest.fixture
def prompt(tmp_path: Path) -> str:
    path = tmp_path / "prompts.txt"
    path.write_text("Hi\n")
    return str(path)


def chunk(text: str, name: str = "content") -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": {name: text}}]}).encode() + b"\n\n"


async def in_reads_of_three(exchange: Exchange) -> None:
    await exchange.begin()
    for _ in range(4):
        await exchange.send(chunk("word ") * 3)
        await anyio.sleep(0.05)
    await exchange.end(3, 12)


async def thinks_first(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.send(chunk("Hm. ", "reasoning_content"))
    await anyio.sleep(0.1)
    await exchange.write("Yes", ".")
    await exchange.end(3, 4)


async def at_once(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.send(chunk("word ") * 12)
    await exchange.end(3, 12)


async def measured(run: Run, prompt: str, model: str, *arguments: str) -> dict[str, Any]:
    done = await run("bench_stream.py", prompt, "-m", model, "--warm-up", "0", "--json", "-", *arguments)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


async def test_between_chunks_the_first_of_a_read_takes_the_gap_and_the_others_about_nothing(
    run: Run, prompt: str, scripted: ScriptedProvider
):
    report = await measured(run, prompt, scripted.model(in_reads_of_three))
    [answer] = report["answers"]
    gaps = [gap for gap, times in answer["timesBetweenChunks"] for _ in range(times)]
    assert len(gaps) == 11
    assert sum(gap > 25 for gap in gaps) == 3
    assert sum(gap < 25 for gap in gaps) == 8
    assert report["models"][0]["timeBetweenChunks"]["n"] == 11


async def test_the_time_per_token_is_the_span_over_the_tokens_after_the_first_and_the_rate_its_inverse(
    run: Run, prompt: str, scripted: ScriptedProvider
):
    report = await measured(run, prompt, scripted.model(in_reads_of_three))
    [answer] = report["answers"]
    span = sum(gap * times for gap, times in answer["timesBetweenChunks"])
    assert answer["timePerToken"] == pytest.approx(span / 11, rel=0.1)
    assert answer["tokensPerSecond"] == pytest.approx(1_000 / answer["timePerToken"], rel=0.001)


async def test_an_answer_in_one_piece_has_no_time_per_token(run: Run, prompt: str, scripted: ScriptedProvider):
    report = await measured(run, prompt, scripted.model(at_once))
    [answer] = report["answers"]
    assert (answer["timePerToken"], answer["tokensPerSecond"]) == (None, None)
    assert (report["models"][0]["timePerToken"], report["models"][0]["tokensPerSecond"]) == (None, None)


async def test_the_first_answer_has_a_table_where_a_model_thinks_and_only_there(run: Run, prompt: str, scripted: ScriptedProvider):
    for script, expected in ((thinks_first, True), (at_once, False)):
        script_: Script = script
        arguments = ("-m", scripted.model(script_), "--warm-up", "0", "--json", "all.json", "--html", "page.html")
        done = await run("bench_stream.py", prompt, *arguments, **WIDE)
        assert done.returncode == 0, done.stderr
        assert ("Time to first answer" in done.stdout) == expected
        folder = Path(prompt).parent
        assert ("Time to first answer" in (folder / "page.html").read_text()) == expected
        [answer] = json.loads((folder / "all.json").read_text())["answers"]
        assert (answer["timeToFirstAnswer"] > answer["timeToFirstToken"] + 90) == expected


async def test_few_values_have_no_interval_and_no_percentile_beyond_them(run: Run, prompt: str, scripted: ScriptedProvider):
    model = scripted.model(at_once)
    few = (await measured(run, prompt, model, "-n", "5"))["models"][0]["responseTime"]
    assert (few["n"], few["p95"], few["p99"], few["p50Interval"]) == (5, None, None, None)
    assert few["min"] <= few["p50"] <= few["max"]
    more = (await measured(run, prompt, model, "-n", "20", "-c", "4"))["models"][0]["responseTime"]
    assert (more["n"], more["p99"]) == (20, None)
    assert more["p50"] <= more["p95"] <= more["max"]
    low, high = more["p50Interval"]
    assert low <= more["p50"] <= high


async def test_every_output_explains_every_figure_in_a_line(run: Run, prompt: str, scripted: ScriptedProvider, tmp_path: Path):
    arguments = ("-m", scripted.model(thinks_first), "--warm-up", "0", "--json", "all.json", "--csv", "all.csv", "--html", "page.html")
    done = await run("bench_stream.py", prompt, *arguments, **WIDE)
    assert done.returncode == 0, done.stderr
    in_terminal = " ".join(done.stdout.split())
    page = html.unescape((tmp_path / "page.html").read_text())
    meanings = json.loads((tmp_path / "all.json").read_text())["meanings"]
    [row] = csv.DictReader(io.StringIO((tmp_path / "all.csv").read_text()))
    for metric in METRICS:
        assert metric.meaning in in_terminal
        assert f"<dt>{metric.title}</dt><dd>{metric.meaning}</dd>" in page
        assert meanings[metric.key] == metric.meaning
        assert metric.meaning in row.values()
    assert row["time_per_token_ms_n"] == "1"
    assert row["time_between_chunks_ms_n"] == "2"
    assert (row["time_per_token_ms_p50"], row["time_per_token_ms_p95"]) == (row["time_per_token_ms_max"], "")


async def test_options_of_the_bootstrap_are_reported_to_do_nothing(run: Run, prompt: str):
    arguments = ("-m", "sim/quick", "--max-tokens", "3", "--warm-up", "0", "--resamples", "500")
    done = await run("bench_stream.py", prompt, *arguments)
    assert done.returncode == 0, done.stderr
    assert "--resamples and --bootstrap-seed are ignored" in done.stderr
