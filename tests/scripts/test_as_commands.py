"""`playground bench` and `playground report` are the scripts."""

import csv
import io
from pathlib import Path

import pytest
from anyio.to_thread import run_sync

from ..support.forks import completed


@pytest.mark.parametrize(
    ("command", "option", "name"), [("bench", "--concurrency", "playground bench"), ("report", "--time-zone", "playground report")]
)
async def test_help_is_that_of_the_script(command: str, option: str, name: str, variables: dict[str, str], tmp_path: Path) -> None:
    done = await run_sync(lambda: completed([command, "--help"], variables, tmp_path))
    assert done.returncode == 0, done.stderr
    assert option in done.stdout
    assert f"Usage: {name}" in done.stdout


async def test_a_benchmark_and_a_report_can_be_made_with_them(variables: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "prompts.txt").write_text("Hello\n")
    measured = await run_sync(lambda: completed(["bench", "prompts.txt", "-m", "sim/quick", "--csv", "-"], variables, tmp_path))
    assert measured.returncode == 0, measured.stderr
    assert [row["model"] for row in csv.DictReader(io.StringIO(measured.stdout))] == ["sim/quick"]
    reported = await run_sync(lambda: completed(["report", "--by", "model", "--csv", "-"], variables, tmp_path))
    assert reported.returncode == 0, reported.stderr
    assert [row["model"] for row in csv.DictReader(io.StringIO(reported.stdout))] == ["sim/quick"]


async def test_a_wrong_option_fails_as_with_the_script(variables: dict[str, str], tmp_path: Path) -> None:
    done = await run_sync(lambda: completed(["report", "--no-such-option"], variables, tmp_path))
    assert done.returncode == 2
    assert "No such option" in done.stderr
