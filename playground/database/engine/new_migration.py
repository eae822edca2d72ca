"""Create a migration with the changes in schema.prisma, for developers.

python -m playground.database.engine.new_migration add_tags
"""

import argparse
import re
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import anyio
import anyio.to_thread

from playground.database.embedded.running import EmbeddedPostgres
from playground.files import MIGRATIONS
from playground.kit.errors import StartupError

from . import prisma_cli

_PROVIDER_FILE = '# Read by Prisma: the database that these migrations are for.\nprovider = "postgresql"\n'
_CHANGED = 2  # The exit code of `migrate diff --exit-code` when there is a difference.


class NothingChanged(Exception):
    """The migrations already match schema.prisma."""


async def create_migration(name: str, *, schema: Path = prisma_cli.SCHEMA, migrations: Path = MIGRATIONS) -> Path:
    """Write the changes in schema.prisma to `migrations/<time>_<name>/migration.sql`. Return its path.

    Takes some seconds, because the migrations are tested on a separate PostgreSQL. Raises `NothingChanged`, `ValueError` for
    an invalid name, and `StartupError` if Prisma fails, such as for an error in schema.prisma.
    """
    slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not slug:
        raise ValueError(f"The name {name!r} contains no ASCII letters or digits. It becomes the name of a folder, such as add_tags.")
    migrations.mkdir(exist_ok=True)  # noqa: ASYNC240  (no other task waits)
    (migrations / "migration_lock.toml").write_text(_PROVIDER_FILE, encoding="utf-8")
    difference = ["--from-migrations", str(migrations), "--to-schema-datamodel", str(schema), "--script", "--exit-code"]
    with tempfile.TemporaryDirectory(prefix="playground-") as folder:
        async with EmbeddedPostgres.open(Path(folder)) as scratch:
            url = scratch.url
            result = await anyio.to_thread.run_sync(lambda: prisma_cli.run("migrate", "diff", *difference, url=url))
    if result.returncode == 0:
        raise NothingChanged("Nothing to do: the migrations already match schema.prisma.")
    if result.returncode != _CHANGED:
        prisma_cli.check("migrate diff", result)
    migration = migrations / f"{datetime.now(UTC):%Y%m%d%H%M%S}_{slug}" / "migration.sql"
    migration.parent.mkdir()
    migration.write_bytes(result.stdout)
    return migration


def main() -> None:
    """Run as a command, for the Makefile."""
    parser = argparse.ArgumentParser(prog="make migration", description=__doc__.partition("\n")[0])
    parser.add_argument("name", help="what it does, such as add_tags")
    try:
        written = anyio.run(create_migration, parser.parse_args().name)
    except (StartupError, NothingChanged, ValueError) as error:
        sys.exit(str(error))
    sys.stdout.write(f"Written: {written}\n")


if __name__ == "__main__":
    main()
