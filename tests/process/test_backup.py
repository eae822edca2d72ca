"""A backup that is made while the service runs, restored to an empty folder."""

import stat
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from anyio.to_thread import run_sync

from playground.database.embedded.running import EmbeddedPostgres
from playground.database.engine.process import running_engine

from ..support.client import User, new_user, next_event, of_type
from ..support.folders import temporary_folder
from ..support.forks import completed
from ..support.process import environment, serving, until_journal_holds
from ..support.scripted import Exchange, ScriptedProvider
from .conftest import Serving

Tables = dict[str, list[str]]
"""Every row of every table, as text, by the name of the table."""


@dataclass
class Copy:
    """A backup, and what it was made of."""

    file: Path
    folder: Path
    before: Tables
    restored: Tables
    user: User
    session_id: str


async def tables(data_dir: Path) -> Tables:
    found = {}
    async with EmbeddedPostgres.open(data_dir) as server, running_engine(server.url, pool_size=1) as engine:
        names = "SELECT tablename AS name, format('SELECT t::text AS row FROM %I t ORDER BY 1', tablename) AS every_row FROM pg_tables"
        for table in await engine.client.query_raw(f"{names} WHERE schemaname = 'public'"):
            found[table["name"]] = [row["row"] for row in await engine.client.query_raw(table["every_row"])]
    return found


async def playground(folder: Path, *arguments: str) -> Any:
    done = await run_sync(lambda: completed(arguments, environment(folder), folder))
    assert done.returncode == 0, done.stderr
    return done


async def ends(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write("A whole \u2028 answer.")
    await exchange.end(5, 4)


async def stays_open(exchange: Exchange) -> None:
    await exchange.begin()
    await exchange.write("Half of an answer")
    await exchange.until_client_leaves()


@pytest.fixture(scope="module")
async def copy(
    serve: Serving, scripted: ScriptedProvider, tmp_path_factory: pytest.TempPathFactory, anyio_backend: str
) -> AsyncIterator[Copy]:
    file = tmp_path_factory.mktemp("backup") / "copy.tar"
    with serve() as service, temporary_folder() as folder:
        async with new_user(service.url) as user:
            events = await user.compare("What is whole?", [scripted.model(ends), "sim/quick"])
            session_id = of_type(events, "session")[0]["sessionId"]
            async with user.stream(json={"prompt": "What is half?", "models": [scripted.model(stays_open)]}) as running:
                await next_event(running, "session")
                await until_journal_holds(service, "Half of an answer")
                before = await tables(service.data_dir)
                await playground(service.data_dir, "backup", str(file))
                await playground(folder, "restore", str(file))
            yield Copy(file, folder, before, await tables(folder), user, session_id)


async def test_every_row_is_there_after_a_restore(copy: Copy) -> None:
    assert copy.restored == copy.before
    assert any("A whole" in row for row in copy.before["answers"])


async def test_a_backup_can_be_read_by_its_owner_only(copy: Copy) -> None:
    assert stat.S_IMODE(copy.file.stat().st_mode) == 0o600


async def test_the_restored_service_knows_logins_and_the_text_of_an_unfinished_answer(copy: Copy) -> None:
    with serving(copy.folder) as service:
        await service.logged("recorded_from_journal")
        copy.user.http.base_url = service.url
        whole = await copy.user.session(copy.session_id)
        sessions = (await copy.user.http.get("/playground/sessions")).json()["items"]
        half = await copy.user.session(next(item["id"] for item in sessions if item["id"] != copy.session_id))
    assert whole["turns"][0]["answers"][0]["text"] == "A whole \u2028 answer."
    answer = half["turns"][0]["answers"][0]
    assert (answer["text"], answer["status"]) == ("Half of an answer", "interrupted")


async def test_a_folder_that_is_in_use_is_not_restored_to(copy: Copy) -> None:
    done = await run_sync(lambda: completed(["restore", str(copy.file)], environment(copy.folder), copy.folder))
    assert done.returncode == 1
    assert "is not empty" in done.stderr


async def test_a_damaged_backup_leaves_an_empty_folder(copy: Copy, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.tar"
    (tmp_path / "database.dump").write_bytes(b"PGDMP and no more")
    with tarfile.open(damaged, "w") as tar:
        tar.add(tmp_path / "database.dump", "database.dump")
    with temporary_folder() as folder:
        done = await run_sync(lambda: completed(["restore", str(damaged)], environment(folder), folder))
        assert done.returncode == 1
        assert "pg_restore" in done.stderr
        assert list(folder.iterdir()) == []


async def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.tar"
    with tarfile.open(other, "w"):
        pass
    done = await run_sync(lambda: completed(["restore", str(other)], environment(tmp_path / "new"), tmp_path))
    assert done.returncode == 1
    assert "is not a backup of Playground" in done.stderr


async def test_an_existing_file_is_not_overwritten(copy: Copy) -> None:
    content = copy.file.read_bytes()
    done = await run_sync(lambda: completed(["backup", str(copy.file)], environment(copy.folder), copy.folder))
    assert (done.returncode, copy.file.read_bytes()) == (1, content)
    assert "already exists" in done.stderr


async def test_a_database_of_your_own_is_left_to_its_own_tools(tmp_path: Path) -> None:
    known = environment(tmp_path, DATABASE_URL="postgresql://user@host/playground")
    done = await run_sync(lambda: completed(["backup"], known, tmp_path))
    assert done.returncode == 1
    assert "pg_dump" in done.stderr
