"""Name and version, health, and the documentation of the API."""

from pathlib import Path
from typing import Literal

from fastapi import APIRouter, Request, Response, status
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from playground import __version__
from playground.comparison.running.runs import Runs
from playground.database.client import Database
from playground.files import SWAGGER_UI
from playground.kit.errors import NotFound
from playground.kit.provided import Provided
from playground.kit.wire import WireModel
from playground.page.routes import Page, wants_html

router = APIRouter(tags=["operation"])

_SWAGGER_NAMES = frozenset({"swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"})

# Swagger UI from this server only: no other host, no inline script.
_DOCS_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Playground API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</html>
"""
# No validator badge: it is an image on another host, which would see every visit.
_DOCS_START = "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null });\n"


class Welcome(WireModel):
    """The name and version of the service, and links."""

    name: Literal["Playground"] = "Playground"
    version: str
    links: dict[str, str]


class Health(WireModel):
    """Whether the parts of the service respond."""

    status: Literal["ok", "degraded"]
    database: Literal["ok", "away"]


class Life(WireModel):
    """The process works."""

    status: Literal["ok"] = "ok"


class Readiness(WireModel):
    """Whether the service can accept requests, and if not, why."""

    status: Literal["ready", "not_ready"]
    database: Literal["ok", "away"]
    stopping: bool


@router.get("/", summary="Get version and links", response_model=Welcome, responses={200: {"content": {"text/html": {}}}})
async def welcome(request: Request, response: Response) -> Welcome | Response:
    """Return name, version and links, or the page to browsers, which ask for HTML."""
    if wants_html(request.scope):
        page: Page = request.app.state.page
        return page.index(request.scope)
    response.headers["Vary"] = "Accept"
    links = {"docs": "/docs", "openapi": "/openapi.json", "health": "/health", "models": "/models", "stream": "/playground/stream"}
    return Welcome(version=__version__, links=links)


@router.get(
    "/health",
    summary="Check health",
    responses={503: {"model": Health, "description": "The database is unavailable. Running comparisons are saved on disk meanwhile."}},
)
async def health(database: Provided[Database], response: Response) -> Health:
    """Check whether the process and its database respond."""
    if await database.healthy():
        return Health(status="ok", database="ok")
    response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return Health(status="degraded", database="away")


@router.get("/health/live", summary="Check liveness")
async def live() -> Life:
    """Check whether the process works. Independent of the database, which a restart would not repair."""
    return Life()


@router.get(
    "/health/ready",
    summary="Check readiness",
    responses={503: {"model": Readiness, "description": "The database is unavailable, or the service is stopping."}},
)
async def ready(database: Provided[Database], runs: Provided[Runs], response: Response) -> Readiness:
    """Check whether the service can accept requests."""
    answers, stopping = await database.healthy(), runs.draining
    if answers and not stopping:
        return Readiness(status="ready", database="ok", stopping=False)
    response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return Readiness(status="not_ready", database="ok" if answers else "away", stopping=stopping)


@router.get("/docs", include_in_schema=False)
async def docs() -> HTMLResponse:
    """Return the interactive documentation of the API."""
    return HTMLResponse(_DOCS_PAGE)


@router.get("/docs/start.js", include_in_schema=False)
async def docs_start() -> Response:
    """Return the script that starts the page at `/docs`."""
    return Response(_DOCS_START, media_type="text/javascript")


@router.get("/docs/{name}", include_in_schema=False)
def docs_file(name: str) -> FileResponse:
    """Return a file of Swagger UI."""
    path: Path = SWAGGER_UI / name
    if name not in _SWAGGER_NAMES or not path.is_file():
        raise NotFound("This file doesn't exist.")
    return FileResponse(path)


@router.get("/api", include_in_schema=False)
async def api() -> RedirectResponse:
    """Redirect to the documentation."""
    return RedirectResponse("/docs")
