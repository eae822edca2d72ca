"""What the scripts write survives a stdout that can't take it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Run


@pytest.fixture
def full() -> Iterator[int]:
    """A file that takes nothing, as on a full disk."""
    number = os.open("/dev/full", os.O_WRONLY)
    yield number
    os.close(number)


@pytest.fixture
def bench(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "prompts.txt").write_text("Hi\n")
    return "bench_stream.py", "prompts.txt", "-m", "sim/quick", "--max-tokens", "3", "--warm-up", "0"


async def test_a_full_stdout_loses_no_result_file(execute: Run, tmp_path: Path, bench: tuple[str, ...], full: int):
    done = await execute(*bench, "--json", "all.json", "--csv", "/dev/full", "--html", "page.html", stdout=full)
    assert done.returncode == 1
    assert json.loads((tmp_path / "all.json").read_text())["answers"]
    assert done.stderr.splitlines() == [
        "Wrote all.json",
        "Can't write to /dev/full: No space left on device.",
        "Wrote page.html",
        "Can't write to standard output: No space left on device.",
    ]


async def test_a_cost_report_that_cannot_be_written_is_reported_in_a_sentence(execute: Run, full: int):
    done = await execute("cost_report.py", "--csv", "-", stdout=full)
    assert done.returncode == 1
    assert done.stderr.startswith("Can't write to standard output: No space left on device.\n")
    assert "Traceback" not in done.stderr


async def test_characters_missing_in_the_encoding_of_stdout_are_question_marks(execute: Run, bench: tuple[str, ...]):
    done = await execute(*bench, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "sim/quick*" in done.stdout
    assert "?" in done.stdout
