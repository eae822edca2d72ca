"""Prisma's command line, for developers. The service doesn't need it: see `playground/database/migration_history.py`.

It is the npm package `prisma`, which looks for native engines of its own and downloads them. Here it is given everything that keeps it
from that: its engines as WebAssembly (`engine/prisma.config.mjs`), and our own program where it asks for a native one.

The build of a wheel runs this file before any package is installed, so it imports nothing but Python's own modules.

    python -m playground.database.engine.prisma_cli    writes the Python client from schema.prisma
"""

import os
import subprocess
import sys
from pathlib import Path

from playground.files import CHECKOUT
from playground.kit.errors import StartupError

from .node import node

SCHEMA = CHECKOUT / "schema.prisma"
CLIENT = CHECKOUT / "playground" / "database" / "generated"
"""The folder of the generated Python client. Git ignores it, and wheels contain it."""

_CLI = CHECKOUT / "node_modules" / "prisma" / "build" / "index.js"
_CONFIG = Path(__file__).parent / "prisma.config.mjs"
_ENGINE = Path(__file__).parent / "query-engine.mjs"
_VERSION = "6.19.3"
_ENGINE_VERSION = "c2990dca591cba766e3b7ef5d9e8a84796e47ab7"


def generate() -> None:
    """Generate the Python client for schema.prisma in `CLIENT`. Raises `StartupError`."""
    check("generate", run("generate"))


def run(*arguments: str, url: str = "postgresql://unused") -> subprocess.CompletedProcess[bytes]:
    """Run a Prisma command, such as `migrate diff`, on the database at `url`. Raises `StartupError` if `make setup` was not run."""
    if not _CLI.exists():
        raise StartupError(f"{_CLI} is missing. Run `make setup`.")
    program = node()
    environment = {
        # Child processes get our environment, which contains none of our settings.
        **os.environ,
        # `generate` starts prisma-client-py, which is beside our Python, and that starts our engine, which wants `node`.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), str(program.parent), os.environ.get("PATH", os.defpath)]),
        "DATABASE_URL": url,
        "PRISMA_VERSION": _VERSION,
        "PRISMA_EXPECTED_ENGINE_VERSION": _ENGINE_VERSION,
        "PRISMA_QUERY_ENGINE_BINARY": str(_ENGINE),
        # Any existing file prevents the download of these two programs, which are not run.
        "PRISMA_SCHEMA_ENGINE_BINARY": str(_ENGINE),
        "PRISMA_QUERY_ENGINE_LIBRARY": str(_ENGINE),
        "PRISMA_HIDE_UPDATE_MESSAGE": "1",
        "CHECKPOINT_DISABLE": "1",
        "NO_COLOR": "1",
    }
    command = [str(program), str(_CLI), *arguments, "--config", str(_CONFIG)]
    return subprocess.run(command, capture_output=True, check=False, env=environment, cwd=CHECKOUT)  # noqa: S603 - words of this project


def check(what: str, result: subprocess.CompletedProcess[bytes]) -> None:
    """Raise `StartupError` with Prisma's output if the command `what` failed."""
    if result.returncode != 0:
        said = (result.stdout + result.stderr).decode(errors="replace").strip()
        raise StartupError(f"prisma {what} failed:\n{said}")


def main() -> None:
    """Run as a command, for the Makefile."""
    try:
        generate()
    except StartupError as error:
        sys.exit(str(error))
    sys.stdout.write("Generated the Python client.\n")


if __name__ == "__main__":
    main()
