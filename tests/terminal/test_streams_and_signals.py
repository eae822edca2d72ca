"""Commands whose streams are closed, full or of few signs, and commands that are interrupted."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import pytest

from playground import __version__
from playground.database.embedded.cluster import Cluster
from playground.files import CHECKOUT

from ..support.folders import NewDataDir
from ..support.forks import Fork
from ..support.process import PLAYGROUND, environment
from ..support.scripted import Exchange, ScriptedProvider
from .conftest import ESCAPES, at_a_terminal, executed


@pytest.fixture
def heeding_interrupts() -> Iterator[None]:
    """What a shell runs in the background ignores interrupts, and so does what that starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeding_interrupts")
def test_what_was_written_before_an_interrupt_stays_on_the_terminal(
    tmp_path: Path, asking: dict[str, str], scripted: ScriptedProvider
) -> None:
    async def begin_and_wait(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("As far as I came.")
        await exchange.until_client_leaves()

    command = [*PLAYGROUND, "compare", "Hi", "-m", scripted.model(begin_and_wait)]
    with at_a_terminal(command, tmp_path, **asking) as (process, read):
        drawn = b""
        while b"As far as I came." not in drawn:
            drawn += read()
        process.send_signal(signal.SIGINT)
        after = b"".join(iter(read, b""))
        assert process.wait() == 130
    assert "As far as I came." in ESCAPES.sub("", after.decode())


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_a_closed_stream_is_as_good_as_an_empty_one(tmp_path: Path, dead_address: str, closed: str) -> None:
    start = ["sh", "-c", f'exec "$@" {closed}', "sh"]
    done = executed(tmp_path, "compare", "Hi", "-m", "sim/quick", "--url", dead_address, "--token", "any", start=start)
    assert done.returncode == 1
    assert done.stderr.startswith("playground: Can't connect") or closed == "2>&-"


def test_a_prompt_from_a_closed_standard_input_is_empty(tmp_path: Path, asking: dict[str, str]) -> None:
    done = executed(tmp_path, "compare", "-", "-m", "sim/quick", start=["sh", "-c", 'exec "$@" <&-', "sh"], **asking)
    assert (done.returncode, done.stderr) == (1, "playground: prompt: should not be empty\n")


def test_characters_missing_in_the_encoding_of_stdout_are_question_marks(tmp_path: Path, asking: dict[str, str]) -> None:
    done = executed(tmp_path, "compare", "Hi", "-m", "sim/quick", "--max-tokens", "5", LC_ALL="C", PYTHONUTF8=0, **asking)
    assert (done.returncode, done.stderr) == (0, "")
    assert "sim/quick simulated ? completed" in done.stdout


def test_json_is_utf_8_whatever_the_encoding_of_stdout_is(tmp_path: Path, asking: dict[str, str], scripted: ScriptedProvider) -> None:
    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Grüße")
        await exchange.end(3, 4)

    done = executed(tmp_path, "compare", "Hi", "-m", scripted.model(answer), "--json", PYTHONIOENCODING="ascii", **asking)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"content": "Grüße"' in done.stdout


@pytest.mark.parametrize(
    "arguments", [["--version"], ["compare", "Hi", "-m", "sim/quick"], ["compare", "Hi", "-m", "sim/quick", "--json"]], ids=" ".join
)
def test_an_output_that_cannot_be_written_is_reported_in_a_sentence(tmp_path: Path, asking: dict[str, str], arguments: list[str]) -> None:
    with Connection(os.open("/dev/full", os.O_WRONLY), readable=False) as full:
        command = Fork(arguments, environment(tmp_path, **asking), tmp_path, stdout=full)
    with command.stderr as said:
        assert said.read() == "playground: Can't write to standard output: No space left on device.\n"
    assert command.wait() == 1


@pytest.mark.usefixtures("heeding_interrupts")
def test_an_interrupt_while_a_command_is_imported_ends_it_silently(tmp_path: Path) -> None:
    # With this variable, Python tells on stderr of each module that it has imported.
    known = environment(tmp_path, PYTHONPROFILEIMPORTTIME=1)
    command = [*PLAYGROUND, "compare", "-", "-m", "sim/quick"]
    with subprocess.Popen(command, env=known, cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while process.stderr.readline().rpartition("|")[2].strip() != "typer":
            assert process.poll() is None
        process.send_signal(signal.SIGINT)  # With much left to import.
        said = [line for line in process.stderr if not line.startswith("import time:")]
        assert (process.wait(), said) == (130, [])


@pytest.mark.usefixtures("heeding_interrupts")
def test_an_interrupt_at_the_end_ends_it_silently(tmp_path: Path) -> None:
    late = "import atexit, signal; atexit.register(signal.raise_signal, signal.SIGINT)"
    command = [sys.executable, "-c", f"{late}\nfrom playground.__main__ import main\nmain()", "--version"]
    done = subprocess.run(command, env=environment(tmp_path), cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, f"playground {__version__}\n", "")


@pytest.mark.parametrize("numbers", [[signal.SIGTERM], [signal.SIGHUP] * 2, [signal.SIGINT] * 3], ids=str)
def test_a_signal_ends_a_local_comparison_cleanly(new_data_dir: NewDataDir, numbers: list[signal.Signals]) -> None:
    folder = new_data_dir()
    reader, writer = Pipe(duplex=False)
    arguments = ["compare", "Explain recursion", "-m", "sim/verbose", "--json"]
    with reader, writer:
        command = Fork(arguments, environment(folder, SIM_WORDS_PER_SECOND=1), folder, stdout=writer)
        os.read(reader.fileno(), 1)
        for number in numbers:
            command.send_signal(number)
        with command.stderr as said:
            assert said.read() == ""
        assert command.wait() == 130
    assert not Cluster(folder / "postgres").answers()


def test_under_nohup_a_closed_terminal_ends_nothing(tmp_path: Path) -> None:
    command = ["nohup", *PLAYGROUND, "simulate", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(tmp_path), cwd=tmp_path) as process:
        assert process.stdout is not None
        url = process.stdout.readline().rsplit(" ", 1)[1].strip()
        process.send_signal(signal.SIGHUP)
        assert httpx.get(f"{url}/models").status_code == 200
        process.terminate()
        assert process.wait() == 0
