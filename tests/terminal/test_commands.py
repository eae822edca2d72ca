"""The command `playground`, as somebody types it."""

import json
import re
import subprocess
from pathlib import Path

import httpx
import pytest

from playground import __version__
from playground.serving.server import RunningService
from playground.settings import Settings

from ..support.folders import temporary_folder
from ..support.process import PLAYGROUND, environment
from ..support.scripted import Exchange, ScriptedProvider
from .conftest import ESCAPES, at_a_terminal, executed, playground


@pytest.mark.parametrize(
    ("arguments", "promised"),
    [
        ([], ["serve", "compare", "simulate", "migrate", "--version"]),
        (["serve"], ["--host", "--port"]),
        (
            ["compare"],
            ["--model", "--system", "--temperature", "--top-p", "--max-tokens", "--stop", "--seed", "--reasoning-effort", "--json"],
        ),
        (["compare"], ["--url", "--token"]),
        (["simulate"], ["--host", "--port", "--words-per-second", "--first-token-ms"]),
    ],
    ids=["playground", "serve", "compare", "compare elsewhere", "simulate"],
)
def test_help_lists_all_commands(tmp_path: Path, arguments: list[str], promised: list[str]) -> None:
    done = executed(tmp_path, *arguments, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for each in promised:
        assert each in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    assert executed(tmp_path, "--version").stdout == f"playground {__version__}\n"


def test_a_comparison_runs_locally_and_prints_answers_and_figures(service: RunningService, settings: Settings) -> None:
    done = playground(settings.data_dir, "compare", "Explain recursion", "-m", "sim/quick", "-m", "sim/careful", SIM_WORDS_PER_SECOND=5_000)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    answers, figures = done.stdout.split("First")
    for model in ("sim/quick", "sim/careful"):
        assert f"{model} simulated · completed" in answers
        assert re.search(rf"{model} +completed +[\d.]+ m?s +[\d.]+ m?s ", figures)
    assert "recursion" in answers
    assert "simulated: the answer, its times and its cost are invented" in figures
    assert re.search(r"Saved as session [0-9a-z]{26}\.", figures)


def test_json_prints_the_events_of_a_run_that_is_recorded(service: RunningService, settings: Settings, token: str) -> None:
    done = playground(settings.data_dir, "compare", "Hi", "-m", "sim/quick", "--max-tokens", "5", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["type"] for event in events if event["type"] != "chunk"] == ["session", "status", "status", "metrics", "status", "done"]
    written = "".join(event["content"] for event in events if event["type"] == "chunk")
    kept = httpx.get(f"{service.url}/playground/sessions/{events[0]['sessionId']}", headers={"Authorization": f"Bearer {token}"}).json()
    assert kept["turns"][0]["answers"][0]["text"] == written


def test_at_a_terminal_the_lanes_are_drawn_side_by_side_within_its_width(tmp_path: Path, asking: dict[str, str]) -> None:
    command = [*PLAYGROUND, "compare", "Explain recursion", "-m", "sim/quick", "-m", "sim/careful"]
    with at_a_terminal(command, tmp_path, **asking) as (process, read):
        drawn = b"".join(iter(read, b""))
        assert process.wait() == 0
    lines = ESCAPES.sub("", drawn.decode()).splitlines()
    assert any("sim/quick simulated · completed" in line and "sim/careful simulated · completed" in line for line in lines)
    assert any(re.search(r"sim/careful +completed +[\d.]+ m?s", line) for line in lines)
    assert max(len(line) for line in lines) <= 120


def test_while_the_service_starts_a_terminal_says_so_and_then_shows_no_trace_of_it(service: RunningService, settings: Settings) -> None:
    command = [*PLAYGROUND, "compare", "Hi", "-m", "sim/quick", "--max-tokens", "5"]
    with at_a_terminal(command, settings.data_dir) as (process, read):
        drawn = b"".join(iter(read, b""))
        assert process.wait() == 0
    before, after = drawn.decode().split("sim/quick", 1)
    assert "Starting the service" in before
    assert "Starting" not in after


def test_in_eighty_columns_no_figure_is_cut(tmp_path: Path, asking: dict[str, str]) -> None:
    models = ["sim/quick", "sim/careful", "sim/cuts-off"]
    done = playground(tmp_path, "compare", "Hi", *(part for model in models for part in ("-m", model)), **asking, COLUMNS=80)
    assert "…" not in done.stdout.split("First")[1]


@pytest.mark.parametrize("columns", [30, 40, 60])
def test_if_a_table_does_not_fit_the_figures_are_listed(tmp_path: Path, asking: dict[str, str], columns: int) -> None:
    models = ["sim/quick", "sim/cuts-off"]
    done = playground(tmp_path, "compare", "Hi", *(part for model in models for part in ("-m", model)), **asking, COLUMNS=columns)
    figures = done.stdout[done.stdout.index("\nsim/quick") :]
    assert "…" not in figures
    words = " ".join(figures.split())
    for model, status in zip(models, ("completed", "failed"), strict=True):
        # Where the machine is busy, all of a short answer may come at once, which is no rate.
        rate = r"([\d.]+|–)"
        assert re.search(rf"{model} simulated · {status} First token [\d.]+ m?s Total [\d.]+ m?s Tokens per s {rate} Input ~?\d+ ", words)
    assert len(re.findall(r"Cost \(US\$\) ~?0\.\d+ s ", words)) == 2


def test_a_failing_lane_is_reported_and_makes_the_exit_code_1(tmp_path: Path, asking: dict[str, str]) -> None:
    done = playground(tmp_path, "compare", "Hi", "-m", "sim/refuses", "-m", "sim/quick", "--max-tokens", "5", **asking)
    assert (done.returncode, done.stderr) == (1, "")
    assert "sim/refuses simulated · failed" in done.stdout
    assert "refused the prompt" in done.stdout
    assert re.search(r"sim/quick +completed", done.stdout)


def test_the_reasoning_of_a_model_without_an_answer_is_shown(tmp_path: Path, asking: dict[str, str]) -> None:
    done = playground(tmp_path, "compare", "Hi", "-m", "sim/reasoner", "--max-tokens", "8", **asking)
    assert "These thoughts are simulated" in done.stdout


def test_options_reach_the_provider_and_the_prompt_may_come_from_standard_input(
    tmp_path: Path, asking: dict[str, str], scripted: ScriptedProvider
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("fine")
        await exchange.end(3, 4)

    model = scripted.model(answer)
    options = ["--system", "Be brief.", "--temperature", "0.5", "--top-p", "0.9", "--max-tokens", "7", "--seed", "3"]
    options += ["--stop", "END", "--stop", "---", "--reasoning-effort", "low"]
    done = playground(tmp_path, "compare", "-", "-m", model, *options, text="from a file\n", **asking)
    assert done.returncode == 0
    [body] = scripted.asked(model)
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "from a file\n"}]
    assert (body["temperature"], body["top_p"], body["max_tokens"], body["seed"]) == (0.5, 0.9, 7, 3)
    assert (body["stop"], body["reasoning_effort"]) == (["END", "---"], "low")


def test_bytes_of_arguments_that_are_not_utf_8_become_replacement_characters(
    tmp_path: Path, asking: dict[str, str], scripted: ScriptedProvider
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("fine")
        await exchange.end(3, 4)

    model = scripted.model(answer)
    done = playground(tmp_path, "compare", "a \udcff b", "-m", model, "--system", "c \udcfe d", **asking)
    assert (done.returncode, done.stderr) == (0, "")
    [body] = scripted.asked(model)
    assert body["messages"] == [{"role": "system", "content": "c \ufffd d"}, {"role": "user", "content": "a \ufffd b"}]


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_standard_input_that_is_not_utf_8_is_refused_in_one_line(tmp_path: Path, locale: str) -> None:
    command = [*PLAYGROUND, "compare", "-", "-m", "sim/quick"]
    known = environment(tmp_path, LC_ALL=locale)
    done = subprocess.run(command, input=b"a \xff b", env=known, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"playground: The prompt on standard input is not UTF-8.\n"


def test_a_speed_of_zero_is_refused_as_the_help_says(tmp_path: Path) -> None:
    assert "above 0" in " ".join(re.findall(r"[\w.]+", playground(tmp_path, "compare", "--help", COLUMNS=200).stdout))
    done = playground(tmp_path, "compare", "Hi", "-m", "sim/quick", "--top-p", "0")
    assert done.returncode == 2
    assert re.search(r"'--top-p': .*above 0", done.stderr)


def test_a_retry_is_reported(tmp_path: Path, asking: dict[str, str], scripted: ScriptedProvider) -> None:
    async def answer_the_second_time(exchange: Exchange) -> None:
        if len(scripted.asked(model)) == 1:
            await exchange.error(503, {"error": {"message": "Busy."}})
        else:
            await exchange.begin()
            await exchange.write("Now.")
            await exchange.end(3, 4)

    model = scripted.model(answer_the_second_time)
    done = playground(tmp_path, "compare", "Hi", "-m", model, "-m", "sim/quick", "--max-tokens", "5", **asking)
    said = " ".join(done.stdout.split())
    assert re.search(rf"{model} took 2 requests, [\d.]+ m?s in total; its times are for the last request\.", said)
    assert said.count("took 2 requests") == 1
    # What is simulated is in no sum with real tokens and money.
    assert "Total: 7 tokens, US$ 0.000011. Simulated (not real money): " in said


@pytest.mark.parametrize(("priced", "cost"), [([True, False], "US$ 0.000011 and 1 unknown"), ([False, False], "cost unknown")])
def test_unknown_costs_are_not_counted_as_nothing(
    tmp_path: Path, asking: dict[str, str], scripted: ScriptedProvider, priced: list[bool], cost: str
) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Now.")
        await exchange.end(3, 4)

    models = [option for each in priced for option in ("-m", scripted.model(answer, priced=each))]
    done = playground(tmp_path, "compare", "Hi", *models, **asking)
    assert f"Total: 14 tokens, {cost}." in " ".join(done.stdout.split())


def test_the_first_answer_has_a_column_where_a_model_thinks(tmp_path: Path, asking: dict[str, str]) -> None:
    done = playground(tmp_path, "compare", "Hi", "-m", "sim/reasoner", "--max-tokens", "400", COLUMNS="120", **asking)
    assert "answer" in done.stdout.split("First")[2]
    done = playground(tmp_path, "compare", "Hi", "-m", "sim/quick", "--max-tokens", "5", COLUMNS="120", **asking)
    assert done.stdout.count("First") == 1


def test_a_truncated_answer_is_reported_with_the_limit(tmp_path: Path, asking: dict[str, str]) -> None:
    done = playground(tmp_path, "compare", "Hi", "-m", "sim/quick", "-m", "sim/reasoner", "--max-tokens", "8", **asking)
    assert "sim/quick: cut off at the token limit (8)." in done.stdout
    assert "sim/reasoner: all tokens were spent on thinking (8)." in done.stdout
    assert done.returncode == 0


def test_the_service_url_can_be_in_the_env_file(tmp_path: Path, asking: dict[str, str]) -> None:
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in asking.items()))
    done = playground(tmp_path, "compare", "Hi", "-m", "sim/quick", "--max-tokens", "5")
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in tmp_path.iterdir()} == {".env"}


def test_a_name_that_is_too_long_for_its_column_leaves_the_status_visible(tmp_path: Path, asking: dict[str, str]) -> None:
    done = playground(tmp_path, "compare", "Hi", "-m", "sim/refuses", **asking, COLUMNS=30)
    assert done.stdout.startswith("╭─ …fuses simulated · failed─╮\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Hi", "-m", "sim/quikc"], "Did you mean sim/quick?"),
        (["", "-m", "sim/quick"], "prompt: should not be empty"),
        (["Hi", "-m", "sim/quick", "--token", "nonsense"], "token"),
        (["Hi", "-m", "sim/quick", "--token", "né"], "--token"),
        (["Hi", "-m", "sim/quick", "--token", "a\nb"], "--token"),
        (["Hi", "-m", "sim/quick", "--url", "nonsense"], "http://127.0.0.1:4000"),
    ],
    ids=["unknown model", "empty prompt", "wrong token", "no token's letters", "token of two lines", "wrong address"],
)
def test_a_refusal_is_reported_in_one_line(tmp_path: Path, asking: dict[str, str], arguments: list[str], said: str) -> None:
    done = playground(tmp_path, "compare", *arguments, **asking)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("playground: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_unreachable_service_is_reported(tmp_path: Path, dead_address: str) -> None:
    done = playground(tmp_path, "compare", "Hi", "-m", "sim/quick", "--url", dead_address, "--token", "any")
    assert (done.returncode, done.stderr) == (1, f"playground: Can't connect to {dead_address}. Is the service running?\n")


@pytest.mark.parametrize("port", ["-5", "99999"])
def test_an_invalid_port_is_a_usage_error(tmp_path: Path, port: str) -> None:
    done = playground(tmp_path, "simulate", "--port", port)
    assert done.returncode == 2
    assert "--port" in done.stderr


def test_simulate_serves_only_the_simulated_models(tmp_path: Path) -> None:
    command = [*PLAYGROUND, "simulate", "--port", "0", "--words-per-second", "5000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(tmp_path), cwd=tmp_path) as process:
        assert process.stdout is not None
        url = process.stdout.readline().rsplit(" ", 1)[1].strip()
        try:
            models = [model["id"] for model in httpx.get(f"{url}/models").json()["data"]]
            body = {"model": "quick", "messages": [{"role": "user", "content": "Explain recursion"}]}
            answer = httpx.post(f"{url}/chat/completions", json=body).json()
        finally:
            process.terminate()
        assert process.wait() == 0
    assert {"quick", "careful", "verbose", "reasoner", "flaky", "refuses", "hangs", "cuts-off"} <= set(models)
    assert "recursion" in answer["choices"][0]["message"]["content"]


def test_the_speed_of_the_simulated_models_can_be_set_in_the_environment(tmp_path: Path) -> None:
    done = playground(tmp_path, "simulate", "--port", "0", SIM_FIRST_TOKEN_MS=-1)
    assert done.returncode == 2
    assert "--first-token-ms" in done.stderr


def test_migrate_brings_a_new_database_up_to_date_and_then_has_nothing_to_do() -> None:
    with temporary_folder() as folder:
        first, second = playground(folder, "migrate"), playground(folder, "migrate")
    assert first.returncode == second.returncode == 0
    assert re.fullmatch(r"(Applied \w+_init\.\n)(Applied \w+\.\n)*", first.stdout)
    assert second.stdout == "The database is up to date.\n"
