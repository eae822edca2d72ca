"""The simulated provider: OpenAI's protocol with simulated models.

    POST /v1/chat/completions    with and without `stream`
    GET  /v1/models              the list, with prices and context windows in OpenRouter's format
    GET  /v1/models/{id}

Any key is accepted, and none is needed. Every response has the header `x-simulated: true`.
"""

from http import HTTPStatus
from time import monotonic

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from .completion import complete
from .errors import SIMULATED_HEADER, ApiError, answer_with_error, body_too_large, content_refused, unknown_model
from .flaky import FailedAttempts
from .models import MODELS, Failure, SimulatedModel
from .pace import Pace, SimulatorSettings
from .requests import read_call
from .streaming import Answering, hang, stream, whole

_MOST_BODY_BYTES = 32 * 1024 * 1024
"""More than the largest context window, so that a long prompt gets OpenAI's own error for that."""


def create_simulator(settings: SimulatorSettings) -> Starlette:
    """Return the application, to be served by `running_simulator` or `serve_forever`, whose connections can be broken on purpose."""
    failed_attempts = FailedAttempts()

    async def chat_completions(request: Request) -> Answering:
        started = monotonic()
        call = read_call(await _body(request))
        model = _model(call.model)
        if model.failure is Failure.REFUSES:
            raise content_refused()
        if model.failure is Failure.HANGS:
            return hang(streaming=call.stream)
        completion = complete(call, model)
        if model.failure is Failure.FLAKY:
            failed_attempts.attempt(call)
        pace = Pace.of(model, settings)
        cut_off = model.failure is Failure.CUTS_OFF
        if call.stream:
            return stream(completion, pace, started, include_usage=call.include_usage, cut_off=cut_off)
        return whole(completion, pace, started, cut_off=cut_off)

    return Starlette(
        routes=[
            Route("/v1/chat/completions", chat_completions, methods=["POST"]),
            Route("/v1/models", _list_models),
            Route("/v1/models/{model_id}", _show_model),
        ],
        exception_handlers={ApiError: answer_with_error, HTTPException: answer_with_error, ClientDisconnect: _answer_nobody},
    )


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BODY_BYTES:
            raise body_too_large()
    return bytes(body)


async def _answer_nobody(_: Request, __: Exception) -> Response:
    # The client disconnected while sending. No one receives this response, but it prevents a logged exception.
    return Response(status_code=HTTPStatus.BAD_REQUEST)


async def _list_models(_: Request) -> Response:
    return _json({"object": "list", "data": [_entry(model) for model in MODELS.values()]})


async def _show_model(request: Request) -> Response:
    return _json(_entry(_model(request.path_params["model_id"])))


def _model(model_id: str) -> SimulatedModel:
    model = MODELS.get(model_id)
    if model is None:
        raise unknown_model(model_id)
    return model


def _entry(model: SimulatedModel) -> dict[str, object]:
    return {
        "id": model.id,
        "object": "model",
        "created": 0,
        "owned_by": "playground-simulator",
        "name": model.name,
        "description": model.description,
        "context_length": model.context_window,
        "pricing": {"prompt": format(model.input_price, "f"), "completion": format(model.output_price, "f")},
        "architecture": {"input_modalities": ["text"], "output_modalities": ["text"]},
        "simulated": True,
    }


def _json(body: object) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json", headers=SIMULATED_HEADER)
