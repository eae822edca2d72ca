"""Statuses that mean something else than they seem to: later, a firewall, a proxy, the law."""

import json

import pytest

from playground.providers.errors.kinds import (
    BodyRefused,
    ContentRefused,
    Firewalled,
    LegallyBarred,
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

from .asking import Asking, refused
from .upstream import Answer, event, finish_chunk, text_chunk

CHALLENGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"
BARRED = b"<html><head><title>413 Request Entity Too Large</title></head><body><center><h1>413</h1></center></body></html>"


async def page(asking: Asking, status: int, body: bytes, **headers: str) -> ProviderError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    outcome = await asking(Answer([body], status=status, headers=named, content_type="text/html"))
    assert outcome.error is not None
    return outcome.error


@pytest.mark.parametrize(
    "status", [409, 423, 424, 425, 498, 499, 500, 501, 502, 503, 505, 507, 511, 520, 521, 522, 523, 525, 529, 530, 599]
)
@pytest.mark.parametrize(
    "body", [b"", b'{"error":{"message":"Invalid state","code":"conflict"}}', b'{"error":"failed","error_type":"generation"}', CHALLENGE]
)
async def test_a_temporary_status_is_retryable(asking: Asking, status: int, body: bytes) -> None:
    outcome = await asking(Answer([body], status=status, content_type="application/json"))
    assert isinstance(outcome.error, Overloaded)
    assert (outcome.error.code, outcome.error.retryable, outcome.error.refused) == ("overloaded", True, True)


@pytest.mark.parametrize("status", [408, 504, 524])
async def test_a_time_out_reported_by_the_provider_is_retryable(asking: Asking, status: int) -> None:
    error = await refused(asking, status, {"error": {"message": "Timed out"}})
    assert (type(error), error.retryable) == (TimedOut, True)


async def test_a_temporary_status_counts_in_a_stream_too(asking: Asking) -> None:
    for code in (409, 424, 498):
        assert isinstance((await asking.stream(event({"error": {"message": "no", "code": code}}))).error, Overloaded)


@pytest.mark.parametrize("code", ["capacity_exceeded", "context_length_exceeded"])
async def test_a_code_counts_more_than_a_temporary_status(asking: Asking, code: str) -> None:
    error = await refused(asking, 498, {"error": {"message": "no", "code": code}})
    assert type(error) is (Overloaded if code == "capacity_exceeded" else PromptTooLong)


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (403, CHALLENGE, {"Server": "cloudflare"}),
        (403, b"<HTML><HEAD>\n<TITLE>Access Denied</TITLE></HEAD><BODY>Reference #18.2f</BODY></HTML>", {"Server": "AkamaiGHost"}),
        (403, b"<!-- a comment -->\n<html><title>Attention Required!</title></html>", {}),
        (406, b"<html><head><title>Not Acceptable!</title></head></html>", {}),
        (403, b"error code: 1020, blocked by Cloudflare", {}),
        (403, b"", {"Cf_Mitigated": "challenge"}),
        (405, b"", {"X_Amzn_Waf_Action": "captcha"}),
        (401, b"", {"Cf_Mitigated": "challenge"}),
        (403, b'{"title":"Error 1020: Access denied","status":403,"detail":"Blocked","cloudflare_error":true,"ray_id":"9a"}', {}),
        (403, b'{"error":{"code":"403","message":"Forbidden"}}', {"X_Vercel_Mitigated": "deny"}),
    ],
)
async def test_a_web_firewall_is_not_a_wrong_key(asking: Asking, status: int, body: bytes, headers: dict[str, str]) -> None:
    error = await page(asking, status, body, **headers)
    assert (type(error), error.code) == (Firewalled, "unexpected_answer")
    assert "web firewall" in str(error)
    assert "rejected the API key" not in str(error)


async def test_a_web_page_instead_of_a_refusal_is_not_about_a_parameter(asking: Asking) -> None:
    error = await page(asking, 400, b"<html><head><title>400 Bad Request</title></head></html>")
    assert (type(error), error.retryable) == (UnexpectedAnswer, False)
    assert "“400 Bad Request”" in str(error)


async def test_a_firewall_that_limits_the_rate_is_retryable(asking: Asking) -> None:
    assert isinstance(await page(asking, 429, CHALLENGE, Cf_Mitigated="challenge"), RateLimited)


async def test_a_403_of_a_provider_is_about_the_key(asking: Asking) -> None:
    for body in ({"error": {"message": "Forbidden"}}, {"detail": "Forbidden"}, {"message": "Forbidden"}, {}):
        assert isinstance(await refused(asking, 403, body), WrongKey)


@pytest.mark.parametrize(
    "body",
    [
        BARRED,
        b"",
        b"Request Entity Too Large",
        b'{"message":"Request entity too large"}',
        b'{"error":{"message":"Payload too large","code":413}}',
    ],
)
async def test_a_413_from_a_proxy_is_not_about_the_context_window(asking: Asking, body: bytes) -> None:
    error = await page(asking, 413, body)
    assert (type(error), error.code) == (BodyRefused, "bad_request")
    assert "requests of this size (413)" in str(error)
    assert "proxy" in str(error)
    assert "context window" not in str(error)


async def test_a_413_of_a_provider_is_a_prompt_that_is_too_long(asking: Asking) -> None:
    assert isinstance(await refused(asking, 413, {"error": {"message": "Request too large for model"}}), PromptTooLong)


@pytest.mark.parametrize("body", [b"", b"<html><title>Unavailable For Legal Reasons</title></html>", b'{"error":{"message":"No"}}'])
async def test_a_451_has_its_own_words(asking: Asking, body: bytes) -> None:
    error = await page(asking, 451, body)
    assert (type(error), error.code, error.retryable) == (LegallyBarred, "content_refused", False)
    assert "legal reasons (451)" in str(error)


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (451, "Your country is not supported", PlaceNotServed),
        (403, "This request violates our usage policies", ContentRefused),
        (400, "Your prompt is against our terms of service", ContentRefused),
        (403, "Model x is blocked by your organization's policy", PolicyRefused),
        (403, "Access to this model is disabled by an administrator policy", PolicyRefused),
        (404, "No endpoints found matching your data policy", PolicyRefused),
    ],
)
async def test_a_refusal_by_a_policy_has_its_own_words(asking: Asking, status: int, message: str, kind: type[ProviderError]) -> None:
    error = await refused(asking, status, {"error": {"message": message}})
    assert type(error) is kind
    assert message in str(error)
    assert "rejected the API key" not in str(error)


ANSWER = event(text_chunk("Hello")) + event(finish_chunk())


@pytest.mark.parametrize("value", ["a" * 8_200, "a" * 65_536])
async def test_a_long_header_loses_no_answer(asking: Asking, value: str) -> None:
    outcome = await asking(Answer([ANSWER], headers={"Set-Cookie": value}))
    assert (outcome.text, outcome.error) == ("Hello", None)


async def test_a_thousand_headers_lose_no_answer(asking: Asking) -> None:
    outcome = await asking(Answer([ANSWER], headers={f"X-Header-{number}": "a" for number in range(998)}))
    assert (outcome.text, outcome.error) == ("Hello", None)


async def test_the_message_of_a_refusal_with_long_headers_is_read(asking: Asking) -> None:
    outcome = await asking(Answer([json.dumps({"error": "busy"}).encode()], status=503, headers={"X-Policy": "a" * 60_000}))
    assert isinstance(outcome.error, Overloaded)
    assert "busy" in str(outcome.error)
