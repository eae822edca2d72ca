"""What the scripts can't use is told in a sentence before anything is sent."""

import json
import os
import sys
from pathlib import Path

import anyio
import pytest

from playground.files import CHECKOUT

from ..support.client import User
from ..support.scripted import ScriptedProvider
from .conftest import Run
from .test_bench_stream import priced

WIDE = {"COLUMNS": "400"}
"""So that no sentence is broken in two."""


@pytest.mark.parametrize("script", ["bench_stream.py", "cost_report.py"])
async def test_a_script_without_arguments_shows_its_usage(execute: Run, script: str):
    done = await execute(script, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage: " in done.stdout


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"prompt": "x", "seed": NaN}', "not valid JSON (NaN is not a number)"),
        ('{"prompt": "x", "seed": -Infinity}', "not valid JSON (-Infinity is not a number)"),
        ('{"prompt": "x", "temperature": 1e999}', "not valid JSON (1e999 is not a number)"),
        ("[" * 100_000, "nested too deeply"),
        ('{"prompt": "x", "stop": ' + "[" * 970 + "]" * 970 + "}", "`stop` is nested too deeply"),
    ],
    ids=["nan", "infinity", "too large a number", "deep", "almost too deep to read"],
)
async def test_an_invalid_line_of_jsonl_is_reported_with_its_file_and_number(run: Run, tmp_path: Path, line: str, said: str):
    (tmp_path / "prompts.jsonl").write_text('{"prompt": "Fine"}\n' + line + "\n")
    done = await run("bench_stream.py", "prompts.jsonl", "-m", "sim/quick", **WIDE)
    assert done.returncode == 2
    assert f"prompts.jsonl, line 2: {said}" in done.stderr


async def test_half_a_surrogate_pair_is_sent_like_the_service_would_read_it(run: Run, tmp_path: Path, scripted: ScriptedProvider):
    (tmp_path / "prompts.jsonl").write_text(json.dumps({"prompt": "\ud800 \U0001f600", "system": "\udfff é"}) + "\n")
    model = scripted.model(priced)
    done = await run("bench_stream.py", "prompts.jsonl", "-m", model, "--warm-up", "0", "--json", "report.json")
    assert done.returncode == 0, done.stderr
    [body] = scripted.asked(model)
    assert [message["content"] for message in body["messages"]] == ["\ufffd é", "\ufffd \U0001f600"]


@pytest.mark.parametrize("script", [("bench_stream.py", "prompts.txt", "-m", "sim/quick"), ("cost_report.py",)], ids=["bench", "costs"])
@pytest.mark.parametrize("token", ["é", "abc\ndef", "abc def", "abc\r"])
async def test_a_token_that_no_header_can_contain_is_a_usage_error(run: Run, tmp_path: Path, script: tuple[str, ...], token: str):
    (tmp_path / "prompts.txt").write_text("Hi\n")
    done = await run(*script, "--token", token, **WIDE)
    assert done.returncode == 2
    said = done.stderr
    assert "--token" in said
    assert "A token is a single word of ASCII characters" in said
    assert token not in said


async def test_prompts_from_a_closed_standard_input_are_a_usage_error(tmp_path: Path):
    command = [sys.executable, str(CHECKOUT / "scripts" / "bench_stream.py"), "-", "-m", "sim/quick"]
    done = await anyio.run_process(["sh", "-c", 'exec "$@" <&-', "sh", *command], check=False, env={**os.environ, **WIDE})
    assert done.returncode == 2
    assert "Standard input is closed." in done.stderr.decode()


@pytest.mark.parametrize("option", ["--model", "--system"])
async def test_text_that_is_not_utf_8_is_a_usage_error(run: Run, tmp_path: Path, option: str):
    (tmp_path / "prompts.txt").write_text("Hi\n")
    done = await run("bench_stream.py", "prompts.txt", "-m", "sim/quick", option, "sim/\udcff", **WIDE)
    assert done.returncode == 2
    assert f"{option}: sim/\ufffd is not UTF-8" in done.stderr


@pytest.mark.parametrize(
    ("script", "outputs"),
    [
        (("bench_stream.py", "prompts.txt", "-m", "sim/quick"), ("--json", "./x", "--csv", "x")),
        (("bench_stream.py", "prompts.txt", "-m", "sim/quick"), ("--json", "link/x", "--html", "x")),
        (("cost_report.py",), ("--csv", "x", "--html", "link/../x")),
    ],
)
async def test_two_outputs_cannot_go_to_one_file(run: Run, tmp_path: Path, script: tuple[str, ...], outputs: tuple[str, ...]):
    (tmp_path / "prompts.txt").write_text("Hi\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "sub" if ".." in outputs[-1] else tmp_path)
    done = await run(*script, *outputs, **WIDE)
    assert done.returncode == 2
    assert f"Only one of the outputs can go to {outputs[-1]}." in done.stderr
    assert not (tmp_path / "x").exists()


async def test_an_invalid_field_is_reported_once_by_its_name(run: Run, tmp_path: Path):
    (tmp_path / "prompts.txt").write_text("Hi\n")
    done = await run("bench_stream.py", "prompts.txt", "-m", "sim/nope", **WIDE)
    assert done.stderr.strip().startswith('No such model: lanes.0.model: Simulator has no model "nope".')
    assert done.stderr.count("no model") == 1
    done = await run("bench_stream.py", "prompts.txt", "-m", "sim/quick", "--max-tokens", str(10**12), **WIDE)
    assert done.stderr.count("lanes.0.maxTokens") == 1


async def test_days_before_the_first_answers_are_a_usage_error(run: Run, user: User):
    done = await run("cost_report.py", "--to", "1800-01-01", "--time-zone", "Europe/Berlin", **WIDE)
    assert done.returncode == 2
    assert "--to: There are no answers before 2000." in done.stderr
