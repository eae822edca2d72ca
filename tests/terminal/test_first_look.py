"""`playground` without a command: the service, its address, and the page in the browser."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.serving.server import RunningService
from playground.terminal.first_look import page_address

from ..support.folders import temporary_folder
from ..support.process import PLAYGROUND
from .conftest import ESCAPES, at_a_terminal, executed

SHOWN = "Ctrl-C stops it."


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_folder() as made:
        yield made


def browser(folder: Path) -> tuple[Path, dict[str, object]]:
    """A pipe that gets the address which the browser is to open, and the variables that make it the browser."""
    opened, program = folder / "opened", folder / "browser"
    os.mkfifo(opened)
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}\n')
    program.chmod(0o700)
    return opened, {"BROWSER": f"{program} %s", "PORT": 0}


def started(folder: Path, *arguments: str, **variables: object) -> tuple[str, str]:
    """What the terminal shows of a service that is started and stopped again, and what the browser opened."""
    shown, address = "", ""
    opened, known = browser(folder)
    with at_a_terminal([*PLAYGROUND, *arguments], folder, **known, **variables) as (process, read):
        while SHOWN not in shown and (text := read()):
            shown += text.decode()
        assert SHOWN in shown, shown
        if "--no-open" not in arguments:
            address = opened.read_text()
        process.send_signal(signal.SIGINT)
        while text := read():
            shown += text.decode()
        assert process.wait() == 0
    return ESCAPES.sub("", shown), address


def test_it_says_where_it_is_and_opens_the_page(folder: Path) -> None:
    shown, address = started(folder)
    assert f"Playground is running at {address}" in shown
    assert "Your data" in shown
    events = [line for line in shown.splitlines() if "listening" in line]
    assert [line.split("  ")[1:] for line in events] == [["listening", f"url={address}"]]


def test_it_opens_nothing_when_told_so(folder: Path) -> None:
    shown, address = started(folder, "--no-open")
    assert "Playground is running at http://127.0.0.1:" in shown
    assert address == ""


def test_a_service_that_runs_already_is_shown_instead_of_another(tmp_path: Path, service: RunningService) -> None:
    port = service.url.rpartition(":")[2]
    done = executed(tmp_path, "--no-open", PORT=port)
    assert (done.returncode, done.stdout) == (0, f"Playground is already running at {service.url}\n")


@pytest.mark.parametrize(
    ("listens", "opened"),
    [
        ("http://0.0.0.0:4000", "http://127.0.0.1:4000"),
        ("http://[::]:4000", "http://[::1]:4000"),
        ("http://192.0.2.1:4000", "http://192.0.2.1:4000"),
    ],
)
def test_the_browser_gets_an_address_that_it_can_open(listens: str, opened: str) -> None:
    assert page_address(listens) == opened
