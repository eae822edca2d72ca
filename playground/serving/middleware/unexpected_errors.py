"""Turns unexpected exceptions into error responses that reveal no internals."""

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from playground.kit.errors import Problem
from playground.kit.problems import respond
from playground.serving.uvicorn_internals import is_closed

_OF_WRITING = (OSError, RuntimeError, ClientDisconnect)
"""Exceptions from using a connection that the client has closed (uvloop: `RuntimeError`)."""

_logger = structlog.get_logger(__name__)


class Defects:
    """Turns uncaught exceptions into a problem, and logs them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_watched)
        except Exception as error:
            if isinstance(error, _OF_WRITING) and is_closed(scope):
                _logger.info("client_left", method=scope["method"], path=scope["path"])
                return
            _logger.exception("request_broke", method=scope["method"], path=scope["path"])
            if begun:  # The response can only be aborted.
                raise
            defect = Problem("Something went wrong in this service. Its log has the details, under this response's X-Request-ID.")
            await respond(defect)(scope, receive, send)
