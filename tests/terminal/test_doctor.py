"""`playground doctor`, as an operator types it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from anyio.to_thread import run_sync

from playground.serving.server import RunningService

from ..support.folders import temporary_folder
from ..support.forks import completed
from ..support.process import environment


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_folder() as made:
        yield made


def doctor(folder: Path, **variables: object) -> tuple[int, list[str]]:
    done = completed(["doctor"], environment(folder, **{"PORT": 0, **variables}), folder)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def line(lines: list[str], name: str) -> str:
    [found] = [line for line in lines if line[6:].startswith(f"{name}:")]
    return found


def test_before_the_first_start_all_is_well_and_nothing_is_created(folder: Path) -> None:
    code, lines = doctor(folder)
    assert code == 0, lines
    assert {found[:4] for found in lines} == {"ok  "}
    assert line(lines, "Database").endswith("the first start creates it")
    assert line(lines, "Simulator").endswith(" models")
    assert list(folder.iterdir()) == []


async def test_beside_a_running_service_it_finds_that_and_its_database(service: RunningService, folder: Path) -> None:
    port = service.url.rpartition(":")[2]
    code, lines = await run_sync(lambda: doctor(folder, PLAYGROUND_DATA_DIR=service.settings.data_dir, PORT=port))
    assert code == 0, lines
    assert f"Playground is running at {service.url}" in line(lines, "Address")
    assert "embedded, PostgreSQL 18" in line(lines, "Database")


def test_everything_that_is_wrong_is_reported_and_fails(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as closed:
        port, nobody = taken.getsockname()[1], closed.getsockname()[1]
        closed.close()
        code, lines = doctor(
            folder,
            PORT=port,
            DATABASE_URL=f"postgresql://user@127.0.0.1:{nobody}/playground",
            REDIS_URL=f"redis://127.0.0.1:{nobody}/0",
            GROQ_API_KEY="gsk-none",
            GROQ_BASE_URL=f"http://127.0.0.1:{nobody}/v1",
        )
    assert code == 1
    failed = {found[6:].partition(":")[0] for found in lines if found.startswith("FAIL")}
    assert failed == {"Address", "Database", "Redis", "Groq"}
