"""What stops the start, and how it is told."""

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ..support.folders import NewDataDir
from ..support.forks import completed
from ..support.process import environment, executed, serving


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def refused_start(folder: Path, **variables: object) -> str:
    """What a start says that fails."""
    done = completed(["serve"], environment(folder, **{"PORT": 0, **variables}), folder)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("playground: ")
    return done.stderr


def test_a_start_listens_and_a_signal_ends_it(new_data_dir: NewDataDir) -> None:
    with serving(new_data_dir(), start=executed) as service:
        assert httpx.get(f"{service.url}/health").json()["status"] == "ok"
        service.terminate()
        assert service.wait() == 0
    assert "Traceback" not in service.stderr


def test_an_invalid_base_url_is_named_and_its_key_is_not_shown(tmp_path: Path) -> None:
    said = refused_start(tmp_path, OPENAI_BASE_URL="not an address", OPENAI_API_KEY="sk-s3cret")
    assert "OPENAI_BASE_URL" in said
    assert "s3cret" not in said


def test_all_invalid_values_are_named_together(tmp_path: Path) -> None:
    bad = {"PORT": "abc", "DATABASE_URL": "mysql://user:s3cret@db/playground", "PLAYGROUND_PROVIDERS_FILE": "/no/such/file.toml"}
    said = refused_start(tmp_path, **bad)
    for variable in bad:
        assert f"{variable}: " in said
    assert "s3cret" not in said


def test_a_port_in_use_prevents_the_start_and_the_error_says_what_to_do(tmp_path: Path, taken_port: int) -> None:
    said = refused_start(tmp_path, PORT=taken_port)
    assert f"Port {taken_port} on 127.0.0.1 is in use" in said
    assert "PORT" in said.replace("Port", "")
    assert not (tmp_path / "postgres").exists()


def test_a_data_folder_that_cannot_be_created_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refused_start(tmp_path, PLAYGROUND_DATA_DIR=tmp_path / "file" / "data", PORT=0)
    assert "PLAYGROUND_DATA_DIR" in said
