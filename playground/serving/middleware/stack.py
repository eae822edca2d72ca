"""The middlewares in order."""

from fastapi import FastAPI

from playground.limits.middleware import RequestLimits
from playground.operation.metrics import Metrics
from playground.operation.request_counts import RequestCounts
from playground.settings import Settings

from .body_limit import BodyLimit
from .cross_origin import CrossOrigin
from .head_requests import HeadRequests
from .request_log import RequestLog
from .security_headers import SecurityHeaders
from .unexpected_errors import Defects


def add_middlewares(app: FastAPI, settings: Settings, metrics: Metrics) -> None:
    """Put the middlewares around `app`. Requests are counted in `metrics`.

    From the outside: every answer gets an id and a line in the log; every answer is counted for the operator; every answer gets the
    security headers; whether another site may read it is said on errors too, so it is outside of all that answers with one, and browsers'
    questions about that are not counted as requests of a user; a request that is one too many is refused before its body is read; and none
    of them has to know what HEAD is answered by.
    """
    # Each goes around those that were added before.
    app.add_middleware(HeadRequests)
    app.add_middleware(BodyLimit, most_bytes=settings.max_body_bytes, deepest=settings.max_json_depth)
    app.add_middleware(RequestLimits)
    app.add_middleware(Defects)
    if settings.cors_origins:
        app.add_middleware(CrossOrigin, origins=settings.cors_origins)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestCounts, metrics=metrics)
    app.add_middleware(RequestLog)
