"""Whose fault a failure is, and what people are told about it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import anyio
import pytest

from playground.providers.errors import kinds as errors
from playground.providers.errors.kinds import (
    BadRequest,
    BrokenStream,
    ContentRefused,
    InsufficientFunds,
    ModelNotFound,
    Overloaded,
    PlaceNotServed,
    PolicyRefused,
    PromptTooLong,
    ProviderError,
    RateLimited,
    TimedOut,
    UnexpectedAnswer,
    WrongKey,
)
from playground.providers.records import Quirks
from playground.providers.transport import pool as connection

from .asking import Asking, refused
from .upstream import Answer, event

REFUSALS = [
    # OpenAI
    (
        401,
        {"error": {"message": "Incorrect API key provided: sk-ab**yz.", "type": "invalid_request_error", "code": "invalid_api_key"}},
        WrongKey,
    ),
    (404, {"error": {"message": "The model `gpt-9` does not exist", "code": "model_not_found"}}, ModelNotFound),
    (403, {"error": {"message": "Project `p` does not have access to model `m`", "code": "model_not_found"}}, ModelNotFound),
    (404, {"status": 404, "title": "Not Found", "detail": "Function 'abc': Not found for account 'xyz'"}, ModelNotFound),
    (404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Endpoint with name 'x' does not exist."}, ModelNotFound),
    (400, {"error": {"message": "This model's maximum context length is 8192 tokens.", "code": "context_length_exceeded"}}, PromptTooLong),
    (429, {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}, InsufficientFunds),
    (429, {"error": {"message": "Rate limit reached for gpt-4o", "type": "tokens", "code": "rate_limit_exceeded"}}, RateLimited),
    (400, {"error": {"message": "Your prompt was flagged", "code": "invalid_prompt"}}, ContentRefused),
    (400, {"error": {"message": "The response was filtered", "code": "content_filter"}}, ContentRefused),
    (
        403,
        {"error": {"message": "Country not supported", "type": "request_forbidden", "code": "unsupported_country_region_territory"}},
        PlaceNotServed,
    ),
    (404, {"error": {"message": "Invalid URL (POST /v1/v1/chat/completions)", "type": "invalid_request_error"}}, UnexpectedAnswer),
    (400, {"error": {"message": "Unsupported parameter: 'temperature'", "code": "unsupported_parameter"}}, BadRequest),
    (400, {"error": {"message": "max_tokens is too large: 100000.", "type": "invalid_request_error", "code": None}}, BadRequest),
    (500, {"error": {"message": "The server had an error", "type": "server_error"}}, Overloaded),
    (503, {"error": {"message": "The engine is currently overloaded", "type": "server_error"}}, Overloaded),
    # OpenRouter
    (402, {"error": {"code": 402, "message": "Insufficient credits"}}, InsufficientFunds),
    (400, {"error": {"code": 400, "message": "nope/nope is not a valid model ID"}}, ModelNotFound),
    (404, {"error": {"code": 404, "message": "No endpoints found for a/b."}}, ModelNotFound),
    (403, {"error": {"code": 403, "message": "requires moderation", "metadata": {"reasons": ["violence"]}}}, ContentRefused),
    (
        400,
        {"error": {"code": 400, "message": "Provider returned error", "metadata": {"raw": '{"error":{"message":"prompt is too long"}}'}}},
        PromptTooLong,
    ),
    (408, {"error": {"code": 408, "message": "Request timed out"}}, TimedOut),
    (404, {"error": {"code": 404, "message": "No endpoints available matching your data policy"}}, PolicyRefused),
    # Google
    (
        400,
        [
            {
                "error": {
                    "code": 400,
                    "message": "API key not valid.",
                    "status": "INVALID_ARGUMENT",
                    "details": [{"reason": "API_KEY_INVALID"}],
                }
            }
        ],
        WrongKey,
    ),
    (
        400,
        [{"error": {"code": 400, "message": "The input token count (9) exceeds the maximum", "status": "INVALID_ARGUMENT"}}],
        PromptTooLong,
    ),
    (404, [{"error": {"code": 404, "message": "models/x is not found", "status": "NOT_FOUND"}}], ModelNotFound),
    (400, [{"error": {"code": 400, "message": "User location is not supported for the API use."}}], PlaceNotServed),
    (429, [{"error": {"code": 429, "message": "You exceeded your current quota", "status": "RESOURCE_EXHAUSTED"}}], RateLimited),
    (503, [{"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}], Overloaded),
    # Anthropic
    (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, Overloaded),
    (401, {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}, WrongKey),
    (404, {"type": "error", "error": {"type": "not_found_error", "message": "model: claude-9"}}, ModelNotFound),
    (404, {"type": "error", "error": {"type": "not_found_error", "message": "Not Found"}}, UnexpectedAnswer),
    (400, {"error": {"type": "invalid_request_error", "message": "Your credit balance is too low to access the API"}}, InsufficientFunds),
    (400, {"error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000 maximum"}}, PromptTooLong),
    (413, {"error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}}, PromptTooLong),
    # Groq
    (413, {"error": {"message": "Request too large for model", "type": "tokens", "code": "rate_limit_exceeded"}}, PromptTooLong),
    (400, {"error": {"message": "The model `x` has been decommissioned", "code": "model_decommissioned"}}, ModelNotFound),
    (404, {"error": {"message": "Unknown request URL: POST /openai/v1/v1/chat/completions", "code": "unknown_url"}}, UnexpectedAnswer),
    # Together
    (404, {"error": {"message": "Unable to access x", "code": "model_not_available"}}, ModelNotFound),
    # Mistral
    (422, {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted", "type": "extra_forbidden"}]}, BadRequest),
    (401, {"detail": "Unauthorized"}, WrongKey),
    (400, {"object": "error", "message": "Invalid model: x", "type": "invalid_model", "code": "1500"}, ModelNotFound),
    (429, {"object": "error", "message": "Service tier capacity exceeded for this model.", "code": "3505"}, RateLimited),
    # DeepSeek
    (402, {"error": {"message": "Insufficient Balance", "type": "unknown_error"}}, InsufficientFunds),
    (400, {"error": {"message": "Model Not Exist", "type": "invalid_request_error"}}, ModelNotFound),
    (400, {"error": {"message": "Content Exists Risk", "type": "invalid_request_error"}}, ContentRefused),
    # Hugging Face
    (503, {"error": "Model x is currently loading", "estimated_time": 20.5}, Overloaded),
    (400, {"error": {"message": "The requested model 'x' is not supported by any provider", "code": "model_not_supported"}}, ModelNotFound),
    (401, {"error": "Invalid username or password."}, WrongKey),
    (
        422,
        {"error": "Input validation error: `inputs` must have less than 4096 tokens. Given: 5000", "error_type": "validation"},
        PromptTooLong,
    ),
    # Ollama, llama.cpp, vLLM
    (404, {"error": {"message": 'model "x" not found, try pulling it first', "type": "api_error"}}, ModelNotFound),
    (400, {"error": {"message": "the request exceeds the available context size", "type": "exceed_context_size_error"}}, PromptTooLong),
    (503, {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}, Overloaded),
    (404, {"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}}, UnexpectedAnswer),
    (404, {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404}, ModelNotFound),
    (
        400,
        {"object": "error", "message": "The decoder prompt (length 5000) is longer than the maximum model length of 4096."},
        PromptTooLong,
    ),
    (404, {"detail": "Not Found"}, UnexpectedAnswer),
    (405, {"detail": "Method Not Allowed"}, UnexpectedAnswer),
    # Anybody
    (418, {"error": {"message": "I'm a teapot"}}, BadRequest),
    (504, "upstream timed out", TimedOut),
    (502, "<html><head><title>502 Bad Gateway</title></head></html>", Overloaded),
    (404, "<html><head><title>404 Not Found</title></head></html>", UnexpectedAnswer),
    (404, {}, UnexpectedAnswer),
    (404, {"error": {"code": "model_not_found"}}, ModelNotFound),
    (404, {"error": "no access to this model"}, ModelNotFound),
    (404, {"message": "no route for https://lab.example/models/chat/completions"}, UnexpectedAnswer),
    (500, "", Overloaded),
    (405, "", UnexpectedAnswer),
]


@pytest.mark.parametrize(("status", "body", "kind"), REFUSALS)
async def test_a_refusal_is_classified_by_its_cause(asking: Asking, status: int, body: object, kind: type[ProviderError]) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    outcome = await asking(Answer([text.encode()], status=status, content_type="application/json"))
    assert type(outcome.error) is kind
    assert outcome.error.status == status
    assert outcome.error.provider == "The lab"
    assert str(outcome.error).startswith("The lab ")


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        ({"error": {"message": "slow"}}, {"Retry_After": "7"}, 7),
        ({"error": {"message": "slow"}}, {"Retry_After": "0.5"}, 0.5),
        ({"error": {"message": "slow"}}, {"Retry_After": "7", "Retry_After_Ms": "250"}, 0.25),
        ({"error": {"message": "Please try again in 7.66s. Visit"}}, {}, 7.66),
        ({"error": {"message": "Please try again in 1m2.5s."}}, {}, 62.5),
        ({"error": {"message": "Please try again in 120ms."}}, {}, 0.12),
        ({"error": {"message": "Please try again in 1h12m57.6s. Need more"}}, {}, 4_377.6),
        ({"error": {"message": "Please try again in 6m0s."}}, {}, 360),
        ({"error": {"message": "Try again in 20 seconds."}}, {}, 20),
        ({"error": {"message": "Wait 1 hour, 2 minutes and 3 seconds"}}, {}, 3_723),
        ({"error": {"message": "try again with 3 messages less"}}, {}, None),
        ({"error": {"message": "slow", "details": [{"@type": "RetryInfo", "retryDelay": "34s"}]}}, {}, 34),
        ({"error": "loading", "estimated_time": 20.5}, {}, 20.5),
        ({"error": {"message": "slow"}}, {"Retry_After": "soon"}, None),
        ({"error": {"message": "slow"}}, {"Retry_After": "-3"}, None),
        ({"error": {"message": "slow"}}, {"Retry_After": "nan"}, None),
        ({"error": {"message": "slow"}}, {"Retry_After": "Wed, 21 Oct 2015 07:28:00 +999999999999"}, None),
        ({"error": {"message": "slow"}}, {"Retry_After": "Mon, 01 Jan 0001 00:00:00 -0000"}, 0),
        ({"error": {"message": "slow"}}, {}, None),
    ],
)
async def test_the_providers_retry_after_is_kept(asking: Asking, body: object, headers: dict[str, str], seconds: float | None) -> None:
    assert (await refused(asking, 429, body, **headers)).retry_after == seconds


async def test_a_wait_until_a_date_is_kept(asking: Asking) -> None:
    moment = datetime.now(UTC) + timedelta(minutes=10)
    error = await refused(asking, 503, {"error": "busy"}, Retry_After=format_datetime(moment, usegmt=True))
    assert error.retry_after == pytest.approx(600, abs=60)


async def test_a_wait_until_a_past_date_is_zero(asking: Asking) -> None:
    moment = datetime.now(UTC) - timedelta(minutes=10)
    assert (await refused(asking, 503, {"error": "busy"}, Retry_After=format_datetime(moment, usegmt=True))).retry_after == 0


async def test_a_message_names_the_provider_its_response_and_what_to_do(asking: Asking) -> None:
    error = await refused(asking, 401, {"error": {"message": "Invalid API Key", "code": "invalid_api_key"}})
    assert str(error) == "The lab rejected the API key (401): “Invalid API Key”. Check the API key in LAB_API_KEY."


async def test_without_a_key_the_message_says_that_one_is_needed(asking: Asking) -> None:
    asking.provider = replace(asking.provider, api_key=None)
    error = await refused(asking, 401, {"error": {"message": "Unauthorized"}})
    assert str(error) == "The lab rejected the API key (401): “Unauthorized”. Set an API key in LAB_API_KEY."


async def test_a_key_in_a_header_is_the_one_to_check(asking: Asking) -> None:
    asking.provider = replace(asking.provider, api_key=None, quirks=Quirks(headers={"X-Key": "key-of-the-header"}))
    error = await refused(asking, 401, {"error": {"message": "Unauthorized"}})
    assert str(error) == "The lab rejected the API key (401): “Unauthorized”. Check the API key in the configured headers."


async def test_an_unsupported_country_is_not_a_wrong_key(asking: Asking) -> None:
    error = await refused(asking, 403, {"error": {"message": "No", "code": "unsupported_country_region_territory"}})
    assert str(error) == "The lab is not available in the country or region of this service (403): “No”."
    assert (error.code, error.retryable) == ("bad_request", False)


async def test_an_unknown_path_points_to_the_base_url(asking: Asking) -> None:
    error = await refused(asking, 404, {"detail": "Not Found"})
    assert str(error) == "The lab sent an unexpected response (404): “Not Found”. Check the base URL."


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (404, {"detail": "Not Found"}, "unexpected_answer: The lab did not send a list of models (404): “Not Found”. Check the base URL."),
        (
            404,
            {"error": {"message": "no model", "code": "model_not_found"}},
            "unexpected_answer: The lab did not send a list of models (404): ",
        ),
        (400, {"error": "what?"}, "bad_request: The lab refused to list its models (400): “what?”."),
        (413, {"error": "too large"}, "bad_request: The lab refused to list its models (413): “too large”."),
        (451, {"error": "no"}, "bad_request: The lab refused to list its models (451): “no”."),
        (504, {"error": "slow"}, "timed_out: The lab exceeded its own time limit (504): “slow”. Try again in a moment."),
        (401, {"error": "no"}, "wrong_key: The lab rejected the API key (401): “no”. Check the API key in LAB_API_KEY."),
    ],
)
async def test_a_refused_list_is_not_reported_as_a_refused_answer(asking: Asking, status: int, body: object, told: str) -> None:
    asking.upstream.will_answer(Answer([json.dumps(body).encode()], status=status, content_type="application/json"))
    with pytest.raises(ProviderError) as caught:
        await asking.client.list_models(asking.provider)
    assert f"{caught.value.code}: {caught.value}".startswith(told)
    assert "lane" not in str(caught.value)


async def test_a_long_message_is_shortened_and_on_one_line(asking: Asking) -> None:
    error = await refused(asking, 400, {"error": {"message": "no\n" * 10_000}})
    assert len(str(error)) < 500
    assert "no no no" in str(error)
    assert "…" in str(error)


async def test_what_the_provider_behind_openrouter_said_is_passed_on(asking: Asking) -> None:
    raw = json.dumps({"error": {"message": "Rate limit of the upstream"}})
    error = await refused(
        asking, 429, {"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": raw, "provider_name": "Acme"}}}
    )
    assert "Acme: Rate limit of the upstream" in str(error)


async def test_the_field_that_a_server_names_is_passed_on(asking: Asking) -> None:
    error = await refused(asking, 422, {"detail": [{"loc": ["body", "top_p"], "msg": "too large", "type": "x"}]})
    assert "top_p: too large" in str(error)


async def test_a_web_page_is_reported_by_its_title(asking: Asking) -> None:
    outcome = await asking(Answer([b"<html><head><title>502 Bad Gateway</title></head>" + b"<p>" * 1_000], status=502))
    assert "“502 Bad Gateway”" in str(outcome.error)


async def test_a_refusal_of_any_length_is_read_only_in_part(asking: Asking) -> None:
    outcome = await asking(Answer([b"x" * 100_000] * 50, status=500))
    assert isinstance(outcome.error, Overloaded)


async def test_a_refusal_whose_body_breaks_off_is_still_reported(asking: Asking) -> None:
    assert isinstance((await asking(Answer([b'{"error":'], status=429, framing="cut"))).error, RateLimited)


async def test_a_refusal_whose_body_never_ends_is_reported_by_its_status(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_REFUSAL_SECONDS", 0.1)
    headers = {"Retry-After": "20", "Content-Length": "1000"}
    outcome = await asking(Answer([b'{"error":', anyio.Event()], status=429, headers=headers, framing="close"))
    assert isinstance(outcome.error, RateLimited)
    assert (outcome.error.status, outcome.error.retry_after) == (429, 20)
    await asking.upstream.requests[0].gone.wait()


@pytest.mark.parametrize(
    "code", [401, 402, 403, 404, 429, "429", 500, 503, "invalid_api_key", "rate_limit_exceeded", "context_length_exceeded"]
)
async def test_an_error_that_turns_the_request_away_says_so_with_status_200_too(asking: Asking, code: object) -> None:
    body = {"error": {"message": "no", "code": code}}
    for answer in (Answer([json.dumps(body).encode()], content_type="application/json"), Answer([event(body)])):
        error = (await asking(answer)).error
        assert error is not None
        assert (error.refused, error.status) == (True, None)


@pytest.mark.parametrize("code", ["server_error", "odd", None])
async def test_an_error_after_the_provider_may_have_started_is_not_a_refusal(asking: Asking, code: object) -> None:
    error = (await asking.stream(event({"error": {"message": "no", "code": code}}))).error
    assert error is not None
    assert not error.refused


async def test_any_status_but_200_is_a_refusal(asking: Asking) -> None:
    assert (await refused(asking, 502, {"error": "no"})).refused


@pytest.mark.parametrize("stream", [True, False], ids=["a stream", "one object"])
async def test_numbers_instead_of_a_message_are_reported(asking: Asking, stream: bool) -> None:
    body = b'{"error": {"message": {"limit": 0.5}, "retry_after": 1.5}, "choices": 3}'
    error = (await asking(Answer([b"data: " + body + b"\n\n" if stream else body]))).error
    assert isinstance(error, BrokenStream)
    assert "limit" in str(error)
    assert error.retry_after == 1.5


async def test_a_redirect_says_where_the_provider_moved(asking: Asking) -> None:
    outcome = await asking(Answer([], status=308, headers={"Location": "https://new.example/v1"}))
    assert isinstance(outcome.error, UnexpectedAnswer)
    assert "https://new.example/v1" in str(outcome.error)
    assert len(asking.upstream.requests) == 1


async def test_nothing_is_sent_twice(asking: Asking) -> None:
    await asking(Answer([b'{"error":"busy"}'], status=503))
    assert len(asking.upstream.requests) == 1


def test_every_error_has_its_own_code_in_the_tree() -> None:
    kinds = ProviderError.__subclasses__()
    assert len({kind.code for kind in kinds}) == len(kinds) == 15
    for kind in kinds:
        assert f"{kind.__name__:<19} {kind.code}" in (errors.__doc__ or "").replace("├── ", "").replace("└── ", "")
