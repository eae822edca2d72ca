"""The locations of the program's files that are not Python.

In a checkout they are at their origin: migrations and `schema.prisma` at the root, Swagger UI in `node_modules`.
An installed wheel has copies of them in `playground/assets` (`hatch_build.py` puts them there).
"""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
"""The checkout's root. In an installed program, the folder that `playground` is installed in."""

_ASSETS = Path(__file__).resolve().parent / "assets"

INSTALLED = _ASSETS.is_dir()
"""Whether this is an installed wheel, not a checkout."""

MIGRATIONS = _ASSETS / "migrations" if INSTALLED else CHECKOUT / "migrations"
SWAGGER_UI = _ASSETS / "swagger-ui-dist" if INSTALLED else CHECKOUT / "node_modules" / "swagger-ui-dist"
ENGINE = _ASSETS / "query-engine.mjs" if INSTALLED else Path(__file__).resolve().parent / "database" / "engine" / "query-engine.mjs"
"""The program around Prisma's query engine; in a wheel one file with all of its npm packages."""
