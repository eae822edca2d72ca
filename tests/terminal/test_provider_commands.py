"""`playground provider add`, as an operator types it."""

import os
import pty
import stat
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from playground.providers.simulator.pace import SimulatorSettings
from playground.providers.simulator.server import running_simulator

from ..support.process import PLAYGROUND, environment
from .conftest import playground

KEY = "sk-made-up-for-this-test"


@pytest.fixture(scope="module")
def models(portal: BlockingPortal) -> Iterator[str]:
    """The base URL of a server that lists models."""
    with portal.wrap_async_context_manager(running_simulator(SimulatorSettings(None, None))) as url:
        yield url


def added(folder: Path, *arguments: str, text: str = f"{KEY}\n", **variables: object) -> subprocess.CompletedProcess[str]:
    return playground(folder, "provider", "add", *arguments, text=text, **variables)


def test_a_server_of_ones_own_is_checked_and_described_in_a_file_of_the_owner(tmp_path: Path, models: str) -> None:
    done = added(tmp_path, "lab", "--base-url", models, "--name", "Our lab")
    assert done.returncode == 0, done.stderr
    assert "Our lab responds, and lists 8 models." in done.stdout
    assert KEY not in done.stdout + done.stderr
    file = tmp_path / "providers.toml"
    assert tomllib.loads(file.read_text())["provider"] == [{"id": "lab", "name": "Our lab", "base_url": models, "api_key": KEY}]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert f"PLAYGROUND_PROVIDERS_FILE={file}" in (tmp_path / ".env").read_text().replace("'", "")


def test_another_block_leaves_the_file_as_it_is(tmp_path: Path, models: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f'# Written by hand.\n[[provider]]\nid = "first"  # the old one\nbase_url = "{models}"\n')
    done = added(tmp_path, "second", "--base-url", models, "--no-key", PLAYGROUND_PROVIDERS_FILE=file)
    assert done.returncode == 0, done.stderr
    text = file.read_text()
    assert text.startswith('# Written by hand.\n[[provider]]\nid = "first"  # the old one\n')
    assert [provider["id"] for provider in tomllib.loads(text)["provider"]] == ["first", "second"]
    assert not (tmp_path / ".env").exists()


def test_a_provider_that_does_not_respond_is_not_added_unless_asked_to(tmp_path: Path) -> None:
    arguments = ("lab", "--base-url", "http://127.0.0.1:9/v1")
    done = added(tmp_path, *arguments)
    assert done.returncode == 1
    assert "Nothing was written" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert added(tmp_path, *arguments, "--unchecked").returncode == 0
    assert (tmp_path / "providers.toml").exists()


def test_the_key_of_a_built_in_provider_goes_to_the_env_file(tmp_path: Path, models: str) -> None:
    (tmp_path / ".env").write_text("PORT=4001\n")
    done = added(tmp_path, "groq", GROQ_BASE_URL=models)
    assert done.returncode == 0, done.stderr
    assert "GROQ_API_KEY is set in" in done.stdout
    assert (tmp_path / ".env").read_text().replace("'", "") == f"PORT=4001\nGROQ_API_KEY={KEY}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lab"], "needs --base-url"),
        (["lab", "--base-url", "nowhere"], "base_url: must be a URL"),
        (["Lab!", "--base-url", "http://127.0.0.1:9/v1"], "id:"),
        (["openai", "--base-url", "http://127.0.0.1:9/v1"], "built in"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_written(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = added(tmp_path, *arguments, "--unchecked")
    assert done.returncode == 1
    assert said in done.stderr
    assert KEY not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_does_not_show_the_key(tmp_path: Path, models: str) -> None:
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [*PLAYGROUND, "provider", "add", "lab", "--base-url", models],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment(tmp_path, TERM="xterm"),
        cwd=tmp_path,
        start_new_session=True,
    )
    os.close(terminal)
    shown = b""
    while not shown.endswith(b"Key: "):
        shown += os.read(controller, 65_536)
    os.write(controller, KEY.encode() + b"\n")
    with suppress(OSError):  # That is how a terminal reports that no one will write any more.
        while data := os.read(controller, 65_536):
            shown += data
    os.close(controller)
    assert process.wait() == 0
    assert KEY not in shown.decode()
    assert KEY in (tmp_path / "providers.toml").read_text()
