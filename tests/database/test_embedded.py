"""The embedded PostgreSQL, and how services share it."""

import os
from pathlib import Path

import anyio
import anyio.abc
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream
from structlog.testing import capture_logs

from playground.database.embedded.cluster import Cluster
from playground.database.embedded.running import EmbeddedPostgres
from playground.database.engine.process import running_engine
from playground.database.generated.errors import PrismaError
from playground.kit.errors import StartupError

from ..support.folders import stop_left_over_server
from .conftest import kill, postmaster_pid

USER_OF_THE_SERVER = """
import anyio, sys
from pathlib import Path
from playground.database.embedded.running import EmbeddedPostgres
async def main():
    async with EmbeddedPostgres.open(Path(sys.argv[1])):
        print("running", flush=True)
        await anyio.to_thread.run_sync(sys.stdin.read)
anyio.run(main)
"""


async def started(python: list[str], data_dir: Path) -> anyio.abc.Process:
    process = await anyio.open_process([*python, USER_OF_THE_SERVER, str(data_dir)], stderr=None)
    assert process.stdout is not None
    await BufferedByteReceiveStream(process.stdout).receive_until(b"running\n", 10_000)
    return process


async def stopped(process: anyio.abc.Process) -> None:
    await process.aclose()
    assert process.returncode == 0


async def test_the_server_runs_while_it_is_used_and_no_longer(made_data_dir: Path) -> None:
    cluster = Cluster(made_data_dir / "postgres")

    async with EmbeddedPostgres.open(made_data_dir) as server:
        assert cluster.answers()
        assert server.url == cluster.url

    assert not cluster.answers()


async def test_the_creation_is_logged_only_at_the_first_start(data_dir: Path) -> None:
    with capture_logs() as logs:
        async with EmbeddedPostgres.open(data_dir):
            pass
        async with EmbeddedPostgres.open(data_dir):
            pass
    told = [entry["folder"] for entry in logs if entry["event"] == "making an embedded PostgreSQL"]
    assert told == [str(data_dir / "postgres")]


async def test_its_folder_is_private(data_dir: Path) -> None:
    async with EmbeddedPostgres.open(data_dir):
        assert (data_dir / "postgres").stat().st_mode & 0o077 == 0
        assert (data_dir / "postgres" / ".s.PGSQL.5432").stat().st_mode & 0o077 == 0


async def test_two_services_share_it_and_the_first_to_leave_does_not_stop_it(made_data_dir: Path, python: list[str]) -> None:
    first, second = await started(python, made_data_dir), await started(python, made_data_dir)
    cluster, pid = Cluster(made_data_dir / "postgres"), postmaster_pid(made_data_dir)

    await stopped(first)
    assert cluster.answers()
    assert postmaster_pid(made_data_dir) == pid

    await stopped(second)
    assert not cluster.answers()


async def test_two_services_that_start_together_on_an_empty_folder_share_it(data_dir: Path, python: list[str]) -> None:
    processes: list[anyio.abc.Process] = []

    async def start() -> None:
        processes.append(await started(python, data_dir))

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(start)

    for process in processes:
        assert Cluster(data_dir / "postgres").answers()
        await stopped(process)
    assert not Cluster(data_dir / "postgres").answers()


async def test_a_killed_service_leaves_it_running_for_the_next_which_stops_it(made_data_dir: Path, python: list[str]) -> None:
    killed = await started(python, made_data_dir)
    cluster, pid = Cluster(made_data_dir / "postgres"), postmaster_pid(made_data_dir)
    killed.kill()
    await killed.aclose()
    assert cluster.answers()

    next_one = await started(python, made_data_dir)
    assert postmaster_pid(made_data_dir) == pid
    await stopped(next_one)

    assert not cluster.answers()


async def test_a_killed_service_is_not_counted_as_a_user(made_data_dir: Path, python: list[str]) -> None:
    remaining, killed = await started(python, made_data_dir), await started(python, made_data_dir)
    killed.kill()
    await killed.aclose()

    await stopped(remaining)

    assert not Cluster(made_data_dir / "postgres").answers()


async def test_a_dead_server_is_started_again(made_data_dir: Path) -> None:
    async with EmbeddedPostgres.open(made_data_dir) as server:
        assert not await server.ensure_running()
        await kill(postmaster_pid(made_data_dir))

        assert await server.ensure_running()

        async with running_engine(server.url, pool_size=1) as engine:
            assert await engine.client.query_raw("SELECT current_database() AS name") == [{"name": "playground"}]


async def test_a_lock_file_naming_an_unrelated_process_does_not_prevent_the_start(made_data_dir: Path) -> None:
    # As after a reboot, or in a new container, where the ids are given out anew.
    async with EmbeddedPostgres.open(made_data_dir):
        pid_file = made_data_dir / "postgres" / "postmaster.pid"
        content = pid_file.read_text()
        await kill(postmaster_pid(made_data_dir))
        pid_file.write_text(content.replace(content.splitlines()[0], str(os.getppid()), 1))
    assert not Cluster(made_data_dir / "postgres").answers()

    async with EmbeddedPostgres.open(made_data_dir):
        assert Cluster(made_data_dir / "postgres").answers()


async def test_a_crash_during_creation_is_repaired(data_dir: Path) -> None:
    (data_dir / ".postgres-unfinished").mkdir()
    (data_dir / ".postgres-unfinished" / "PG_VERSION").write_text("18")

    async with EmbeddedPostgres.open(data_dir):
        assert not (data_dir / ".postgres-unfinished").exists()


async def test_a_path_too_long_for_a_socket_is_no_obstacle(data_dir: Path) -> None:
    long = data_dir / ("with spaces, 'quotes' and ünïcode " * 3) / "x"
    try:
        async with EmbeddedPostgres.open(long) as server, running_engine(server.url, pool_size=1) as engine:
            assert await engine.client.query_raw("SELECT 1 AS one") == [{"one": 1}]
    finally:
        stop_left_over_server(long)
        Cluster(long / "postgres")._socket_folder().rmdir()


async def test_a_server_that_cannot_start_says_why(made_data_dir: Path) -> None:
    with (made_data_dir / "postgres" / "postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = plenty\n")

    with pytest.raises(StartupError, match='invalid value for parameter "shared_buffers"'):
        async with EmbeddedPostgres.open(made_data_dir):
            pass


async def test_an_unusable_data_folder_is_reported(data_dir: Path) -> None:
    (data_dir / "file").write_text("")

    with pytest.raises(StartupError, match="PLAYGROUND_DATA_DIR"):
        async with EmbeddedPostgres.open(data_dir / "file"):
            pass


async def test_its_log_contains_no_statement_and_no_value(made_data_dir: Path) -> None:
    async with EmbeddedPostgres.open(made_data_dir) as server, running_engine(server.url, pool_size=1) as engine:
        await engine.client.execute_raw("CREATE TABLE notes (text text UNIQUE)")
        await engine.client.execute_raw("INSERT INTO notes VALUES ($1)", "a secret")
        for query in ("INSERT INTO notes VALUES ('a secret')", "SELECT 'a secret' FROM nowhere"):
            with pytest.raises(PrismaError):
                await engine.client.execute_raw(query)

    log = (made_data_dir / "postgres.log").read_text()
    assert "ERROR" in log
    assert "a secret" not in log
