"""`bench_stream.py`: what it measures, and how it tells it."""

import csv
import io
import json
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ..support.scripted import Exchange, ScriptedProvider
from .conftest import Run


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


async def test_costs_are_summed_exactly_and_unknown_and_simulated_ones_are_separate(run: Run, prompts: str, scripted: ScriptedProvider):
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


async def test_an_unknown_model_is_reported_in_the_services_words(run: Run, prompts: str):
    done = await run("bench_stream.py", prompts, "-m", "sim/nosuch")
    assert done.returncode == 1
    assert "nosuch" in done.stderr
    assert "Traceback" not in done.stderr


async def test_an_invalid_token_is_reported(run: Run, prompts: str):
    done = await run("bench_stream.py", prompts, "-m", "sim/quick", "--token", "forged", PLAYGROUND_EMAIL="", PLAYGROUND_PASSWORD="")
    assert done.returncode == 1
    assert "token" in done.stderr
    assert "forged" not in done.stderr


async def test_an_invalid_prompts_file_is_a_usage_error(run: Run):
    done = await run("bench_stream.py", "nothing-here.txt", "-m", "sim/quick")
    assert done.returncode == 2
    assert "nothing-here.txt" in done.stderr
