"""`bench_stream.py`: what it measures, and how it tells it."""

import csv
import io
import json
import random
from collections import Counter
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lib.bootstrap import Interval, grouped_median_interval, median_interval
from lib.stats import Distribution
from tests.scripts.conftest import Run
from tests.support.scripted import Exchange, ScriptedProvider


async def priced(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write("One ", "two ", "three")
    await exchange.end(1_000, 500)


async def refused(exchange: Exchange) -> None:
    await exchange.error(401, {"error": {"message": "Incorrect API key provided."}})


@pytest.fixture
def prompts(tmp_path: Path) -> str:
    path = tmp_path / "prompts.txt"
    path.write_text("First prompt\n\nSecond prompt\n")
    return str(path)


async def test_every_prompt_goes_to_every_model_as_often_as_asked(run: Run, prompts: str, scripted: ScriptedProvider):
    models = [scripted.model(priced), scripted.model(priced)]
    done = await run("bench_stream.py", prompts, "-m", models[0], "-m", models[1], "-n", "3", "-c", "4", "--warm-up", "1")
    assert done.returncode == 0, done.stderr
    for model in models:
        asked = [body["messages"][-1]["content"] for body in scripted.asked(model)]
        assert sorted(asked)[:3] == ["First prompt"] * 3
        assert len(asked) == 7


async def test_costs_are_summed_exactly_and_unknown_and_simulated_ones_kept_apart(run: Run, prompts: str, scripted: ScriptedProvider):
    known, unknown = scripted.model(priced), scripted.model(priced, priced=False)
    done = await run("bench_stream.py", prompts, "-m", known, "-m", unknown, "-m", "sim/quick", "--csv", "-", "--max-tokens", "5")
    assert done.returncode == 0, done.stderr
    rows = {row["model"]: row for row in csv.DictReader(io.StringIO(done.stdout))}
    assert Decimal(rows[known]["cost_usd"]) == Decimal("0.004")
    assert (rows[unknown]["cost_usd"], rows[unknown]["unpriced_answers"]) == ("", "2")
    assert rows["sim/quick"]["cost_usd"] == ""
    assert Decimal(rows["sim/quick"]["simulated_cost_usd"]) > 0
    assert rows["sim/quick"]["simulated"] == "true"


async def test_failures_are_counted_by_their_code_and_do_not_end_the_run(run: Run, prompts: str, scripted: ScriptedProvider):
    good, bad = scripted.model(priced), scripted.model(refused)
    done = await run("bench_stream.py", prompts, "-m", good, "-m", bad, "--json", "-")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    text = json.dumps(report)
    assert "wrong_key" in text
    assert good in text


class Checker(HTMLParser):
    """Collects what a page would load from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value for name, value in attrs if name in ("src", "href") and value and not value.startswith(("#", "data:"))]


async def test_the_page_has_charts_and_loads_nothing(run: Run, prompts: str, tmp_path: Path):
    done = await run("bench_stream.py", prompts, "-m", "sim/quick", "-n", "2", "--max-tokens", "9", "--html", "report.html")
    assert done.returncode == 0, done.stderr
    page = Checker()
    text = (tmp_path / "report.html").read_text()
    page.feed(text)
    assert "svg" in page.tags
    assert page.loads == []
    assert "url(" not in text
    assert "simulated" in text


async def test_an_unknown_model_is_told_in_the_services_words(run: Run, prompts: str):
    done = await run("bench_stream.py", prompts, "-m", "sim/nosuch")
    assert done.returncode == 1
    assert "nosuch" in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_token_that_does_not_hold_is_told(run: Run, prompts: str):
    done = await run("bench_stream.py", prompts, "-m", "sim/quick", "--token", "forged", PLAYGROUND_EMAIL="", PLAYGROUND_PASSWORD="")
    assert done.returncode == 1
    assert "token" in done.stderr
    assert "forged" not in done.stderr


async def test_a_prompts_file_that_is_none_is_wrong_use(run: Run):
    done = await run("bench_stream.py", "nothing-here.txt", "-m", "sim/quick")
    assert done.returncode == 2
    assert "nothing-here.txt" in done.stderr


def test_percentiles_are_those_of_definition_seven():
    sample = Distribution.of([15.0, 20.0, 35.0, 40.0, 50.0])
    assert sample.median == 35
    assert sample.percentile(95) == pytest.approx(48)
    assert sample.percentile(40) == pytest.approx(29)


def test_the_interval_covers_the_true_median_about_as_often_as_it_says():
    draw = random.Random(1)
    covered = 0
    for seed in range(200):
        interval = median_interval(Distribution.of(draw.gauss(100, 10) for _ in range(40)), resamples=400, seed=seed)
        assert interval is not None
        covered += interval.low <= 100 <= interval.high
    assert 175 <= covered <= 199


def test_the_same_measurements_give_the_same_interval():
    sample = Distribution.of(float(number) for number in range(50))
    assert median_interval(sample, resamples=500, seed=3) == median_interval(sample, resamples=500, seed=3)


def test_of_an_even_number_the_interval_of_groups_is_that_of_the_interpolated_median():
    draw = random.Random(1)
    for size in range(1, 12):
        group = Counter(float(draw.randrange(8)) for _ in range(size))
        median = Distribution(group).median
        # Whichever of them are drawn, their median is that of one.
        assert grouped_median_interval([group] * 6, resamples=100, seed=size) == Interval(median, median)
