"""`/metrics` for Prometheus, and `/status` for people."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from playground.kit.errors import Forbidden, NotAuthenticated, NotFound, Problem
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.settings import Settings

from .process_state import ProcessStates
from .readers import check_reader
from .service import MetricsService
from .status_page import STYLE, status_page

router = APIRouter(tags=["operation"])


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={
        200: {"content": {"text/plain": {}, "application/openmetrics-text": {}}},
        **documented(NotAuthenticated, Forbidden, NotFound),
    },
)
async def metrics(request: Request, settings: Provided[Settings], service: Provided[MetricsService]) -> Response:
    """Counters and gauges for Prometheus. METRICS_ACCESS and METRICS_TOKEN decide who may read them."""
    await check_reader(request, settings)
    body, media_type = await service.exposition(request.headers.get("accept", ""))
    return Response(body, headers={"Content-Type": media_type, "Cache-Control": "no-store"})


@router.get("/status", response_class=HTMLResponse)
async def status(request: Request, settings: Provided[Settings], states: Provided[ProcessStates]) -> HTMLResponse:
    """A page that says what works, with details for those who may read metrics."""
    try:
        await check_reader(request, settings)
    except Problem:
        with_details = False
    else:
        with_details = True
    page = status_page(await states.now(), with_details=with_details)
    return HTMLResponse(page, headers={"Cache-Control": "no-store"})


@router.get("/status/style.css", include_in_schema=False)
async def status_style() -> Response:
    """The style sheet of `/status`: the security headers forbid styles inside a page."""
    return Response(STYLE, media_type="text/css")
