"""Migrations: applied once, by one of those who try; and made from a changed schema."""

import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from playground.database import migrations as migrate
from playground.database.embedded.running import EmbeddedPostgres
from playground.database.engine import prisma_cli
from playground.database.engine.new_migration import NothingChanged, create_migration
from playground.database.engine.process import running_engine
from playground.database.migration_history import Migration, apply_migrations, known_migrations
from playground.files import MIGRATIONS
from playground.kit.errors import StartupError

from ..support.folders import NewDataDir

OURS = tuple(migration.name for migration in known_migrations())

MIGRATE = """
import anyio, sys
from playground.database.migrations import migrate
print("applied", *anyio.run(migrate, sys.argv[1]))
"""


@pytest.fixture
async def server(data_dir: Path) -> AsyncIterator[EmbeddedPostgres]:
    async with EmbeddedPostgres.open(data_dir) as opened:
        yield opened


async def test_an_empty_database_gets_every_migration_and_an_up_to_date_one_none(server: EmbeddedPostgres) -> None:
    assert await migrate.migrate(server.url) == OURS
    assert await migrate.migrate(server.url) == ()


async def test_of_processes_that_migrate_at_once_one_does_it_and_all_succeed(server: EmbeddedPostgres, python: list[str]) -> None:
    outputs: list[str] = []

    async def run() -> None:
        result = await anyio.run_process([*python, MIGRATE, server.url], stderr=None)
        outputs.append(result.stdout.decode().splitlines()[-1])

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(run)

    assert sorted(outputs) == ["applied", "applied", " ".join(["applied", *OURS])]
    async with running_engine(server.url, pool_size=1) as engine:
        rows = await engine.client.query_raw("SELECT migration_name, finished_at IS NOT NULL AS finished FROM _prisma_migrations")
    assert sorted((row["migration_name"], row["finished"]) for row in rows) == [(name, True) for name in OURS]


HISTORY = """
SELECT migration_name, checksum, logs, applied_steps_count, finished_at IS NOT NULL AS finished, rolled_back_at, length(id) AS id,
    started_at <= finished_at AS in_order
FROM _prisma_migrations ORDER BY migration_name"""
COLUMNS = """
SELECT column_name, data_type, character_maximum_length, is_nullable, column_default FROM information_schema.columns
WHERE table_name = '_prisma_migrations' ORDER BY ordinal_position"""


async def test_the_history_is_the_one_that_prisma_would_write(data_dir: Path, server: EmbeddedPostgres) -> None:
    await migrate.migrate(server.url)
    by_prisma = server.url.replace("/playground?", "/by_prisma?")
    async with running_engine(server.url, pool_size=1) as engine:
        await engine.client.execute_raw("CREATE DATABASE by_prisma")
        history, columns = await engine.client.query_raw(HISTORY), await engine.client.query_raw(COLUMNS)

    deployed = await anyio.to_thread.run_sync(lambda: prisma_cli.run("migrate", "deploy", url=by_prisma))
    assert deployed.returncode == 0
    async with running_engine(by_prisma, pool_size=1) as engine:
        assert await engine.client.query_raw(HISTORY) == history
        assert await engine.client.query_raw(COLUMNS) == columns
    again = await anyio.to_thread.run_sync(lambda: prisma_cli.run("migrate", "deploy", url=server.url))
    assert b"No pending migrations to apply" in again.stdout


async def test_a_migration_that_fails_changes_nothing_and_can_be_allowed_again(new_data_dir: NewDataDir) -> None:
    broken = Migration("20990101000000_broken", b"CREATE TABLE half (id int); SELECT 1 / 0;")
    mended = Migration(broken.name, b"CREATE TABLE whole (id int);")
    async with EmbeddedPostgres.open(new_data_dir()) as server, running_engine(server.url, pool_size=1) as engine:
        with pytest.raises(StartupError, match="20990101000000_broken failed, and changed nothing: division by zero"):
            await apply_migrations(engine, [broken])
        with pytest.raises(StartupError, match="It failed with: division by zero") as told:
            await apply_migrations(engine, [mended])

        await engine.client.execute_raw(str(told.value).splitlines()[-1].strip())
        await apply_migrations(engine, [mended])

        tables = await engine.client.query_raw("SELECT relname FROM pg_class WHERE relname IN ('half', 'whole')")
        assert tables == [{"relname": "whole"}]


async def test_the_migrations_make_what_the_schema_describes() -> None:
    with pytest.raises(NothingChanged):
        await create_migration("nothing")


async def test_a_changed_schema_becomes_a_migration(tmp_path: Path) -> None:
    schema, migrations = tmp_path / "schema.prisma", tmp_path / "migrations"
    schema.write_text(prisma_cli.SCHEMA.read_text() + "\nmodel tags {\n  name String @id\n}\n")
    shutil.copytree(MIGRATIONS, migrations)

    path = await create_migration("Add tags!", schema=schema, migrations=migrations)

    assert re.fullmatch(r"\d{14}_add_tags", path.parent.name)
    assert path.parent.parent == migrations
    statements = [line for line in path.read_text().splitlines() if line and not line.startswith("--")]
    assert statements == ['CREATE TABLE "tags" (', '    "name" TEXT NOT NULL,', '    CONSTRAINT "tags_pkey" PRIMARY KEY ("name")', ");"]


async def test_the_very_first_migration_can_be_created_too(tmp_path: Path) -> None:
    path = await create_migration("init", migrations=tmp_path / "migrations")

    assert 'CREATE TABLE "users"' in path.read_text()
    assert 'provider = "postgresql"' in (tmp_path / "migrations" / "migration_lock.toml").read_text()


async def test_a_mistake_in_the_schema_is_reported_with_its_line(tmp_path: Path) -> None:
    schema = tmp_path / "schema.prisma"
    schema.write_text(prisma_cli.SCHEMA.read_text() + "\nmodel tags {\n  name Strin @id\n}\n")

    with pytest.raises(StartupError, match='Type "Strin" is neither a built-in type'):
        await create_migration("tags", schema=schema)


async def test_a_name_without_letters_is_refused() -> None:
    with pytest.raises(ValueError, match="no ASCII letters or digits"):
        await create_migration("---")


async def test_a_database_with_other_tables_is_refused_with_the_reason(server: EmbeddedPostgres) -> None:
    async with running_engine(server.url, pool_size=1) as engine:
        await engine.client.execute_raw("CREATE TABLE someone_elses (id int)")

    with pytest.raises(StartupError, match="not empty: it has someone_elses"):
        await migrate.migrate(server.url)


async def test_a_failed_migration_is_reported_with_what_to_do(new_data_dir: NewDataDir) -> None:
    async with EmbeddedPostgres.open(new_data_dir()) as server:
        async with running_engine(server.url, pool_size=1) as engine:
            await engine.client.execute_raw("UPDATE _prisma_migrations SET finished_at = NULL")

        with pytest.raises(StartupError, match=rf"did not finish the migration {OURS[0]}"):
            await migrate.migrate(server.url)


async def test_a_database_of_a_newer_version_is_refused_with_what_to_do(new_data_dir: NewDataDir) -> None:
    async with EmbeddedPostgres.open(new_data_dir()) as server:
        async with running_engine(server.url, pool_size=1) as engine:
            newer = """
INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, rolled_back_at)
VALUES ('1', '', '29990101000000_from_the_future', now(), NULL), ('2', '', '29990102000000_taken_back', NULL, now())"""
            await engine.client.execute_raw(newer)

        with pytest.raises(StartupError, match=r"newer version.* 29990101000000_from_the_future\. Start that version"):
            await migrate.migrate(server.url)


async def test_an_unreachable_database_is_reported_by_its_variable(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "_REACH_TIMEOUT", 0.1)

    with pytest.raises(StartupError, match="DATABASE_URL"):
        await migrate.migrate(f"postgresql://postgres@localhost/playground?host={data_dir}")
