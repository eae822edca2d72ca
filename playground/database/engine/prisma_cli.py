"""Prisma's command line, for the developer. The service does not need it: `playground/database/migration_history.py`.

It is the npm package `prisma`, which looks for native engines of its own and downloads them. Here it is given everything that keeps it
from that: its engines as WebAssembly (`engine/prisma.config.mjs`), and our own program where it asks for a native one.

    python -m playground.database.engine.prisma_cli generate      writes the Python client from schema.prisma
    python -m playground.database.engine.prisma_cli new add_tags  writes the migration that brings the database to schema.prisma
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import anyio

from playground.database.embedded.running import EmbeddedPostgres
from playground.files import CHECKOUT, ENGINE, MIGRATIONS
from playground.kit.errors import StartupError

from .node import node

SCHEMA = CHECKOUT / "schema.prisma"

_CLI = CHECKOUT / "node_modules" / "prisma" / "build" / "index.js"
_CONFIG = Path(__file__).parent / "prisma.config.mjs"
_VERSION = "6.19.3"
_ENGINE_VERSION = "c2990dca591cba766e3b7ef5d9e8a84796e47ab7"
_PROVIDER_FILE = '# Read by Prisma: the database that these migrations are for.\nprovider = "postgresql"\n'
_CHANGED = 2  # The exit code of `migrate diff --exit-code` when there is a difference.


class NothingChanged(Exception):
    """The migrations already make what schema.prisma describes."""


async def generate() -> None:
    """Writes the Python client that belongs to schema.prisma into the installed package `prisma`. Raises `StartupError`."""
    _checked("generate", await run("generate"))


async def create_migration(name: str, *, schema: Path = SCHEMA, migrations: Path = MIGRATIONS) -> Path:
    """Writes `migrations/<time>_<name>/migration.sql`: what brings the existing migrations to schema.prisma. Returns its path.

    Takes some seconds: the migrations are tried on a PostgreSQL of their own. Raises `NothingChanged`, `ValueError` when the
    name can't be a folder's, and `StartupError` when Prisma fails, as it does over a mistake in schema.prisma.
    """
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not slug:
        raise ValueError(f"The name {name!r} has no letters or digits of ASCII; it is to become a folder's name, as add_tags.")
    migrations.mkdir(exist_ok=True)  # noqa: ASYNC240  (nobody else is served meanwhile)
    (migrations / "migration_lock.toml").write_text(_PROVIDER_FILE, encoding="utf-8")
    difference = ["--from-migrations", str(migrations), "--to-schema-datamodel", str(schema), "--script", "--exit-code"]
    with tempfile.TemporaryDirectory(prefix="playground-") as folder:
        async with EmbeddedPostgres.open(Path(folder)) as scratch:
            result = await run("migrate", "diff", *difference, url=scratch.url)
    if result.returncode == 0:
        raise NothingChanged("Nothing to do: the migrations already make what schema.prisma describes.")
    if result.returncode != _CHANGED:
        _checked("migrate diff", result)
    migration = migrations / f"{datetime.now(UTC):%Y%m%d%H%M%S}_{slug}" / "migration.sql"
    migration.parent.mkdir()
    migration.write_bytes(result.stdout)
    return migration


async def run(*arguments: str, url: str = "postgresql://unused") -> subprocess.CompletedProcess[bytes]:
    """Run a command of Prisma, such as `migrate diff`, on the database at `url`. Raises `StartupError` when `make setup` was not run."""
    if not _CLI.exists():
        raise StartupError(f"{_CLI} is missing: run `make setup`.")
    program = node()
    environment = {
        # The programs that we start see the environment that we were started with, and nothing of it is a setting of ours.
        **os.environ,
        # `generate` starts prisma-client-py, which is beside our Python, and that starts our engine, which wants `node`.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), str(program.parent), os.environ.get("PATH", os.defpath)]),
        "DATABASE_URL": url,
        "PRISMA_VERSION": _VERSION,
        "PRISMA_EXPECTED_ENGINE_VERSION": _ENGINE_VERSION,
        "PRISMA_QUERY_ENGINE_BINARY": str(ENGINE),
        # Any file that exists keeps it from downloading these two; they are not run.
        "PRISMA_SCHEMA_ENGINE_BINARY": str(ENGINE),
        "PRISMA_QUERY_ENGINE_LIBRARY": str(ENGINE),
        "PRISMA_HIDE_UPDATE_MESSAGE": "1",
        "CHECKPOINT_DISABLE": "1",
        "NO_COLOR": "1",
    }
    command = [str(program), str(_CLI), *arguments, "--config", str(_CONFIG)]
    return await anyio.run_process(command, check=False, env=environment, cwd=CHECKOUT)


def _checked(what: str, result: subprocess.CompletedProcess[bytes]) -> None:
    if result.returncode != 0:
        said = (result.stdout + result.stderr).decode(errors="replace").strip()
        raise StartupError(f"prisma {what} failed:\n{said}")


def main() -> None:
    """The entry of the Makefile."""
    parser = argparse.ArgumentParser(prog="python -m playground.database.engine.prisma_cli", description="Prisma, as this project runs it.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("generate", help="write the Python client from schema.prisma")
    new = commands.add_parser("new", help="write the migration that brings the database to schema.prisma")
    new.add_argument("name", help="what it does, as add_tags")
    chosen = parser.parse_args()
    try:
        if chosen.command == "generate":
            anyio.run(generate)
            said = "The Python client is written."
        else:
            said = f"Written: {anyio.run(create_migration, chosen.name)}"
    except (StartupError, NothingChanged, ValueError) as error:
        sys.exit(str(error))
    sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main()
