"""Finds a provider's error message in the many forms in which they are sent."""

import email.utils
import json
import math
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from playground.kit.text import clean

LONGEST_MESSAGE = 300
"""The most characters of a provider's words that are shown."""

_FIREWALL_HEADERS = ("cf-mitigated", "x-amzn-waf-action", "x-sucuri-block", "x-vercel-mitigated")
"""Headers of Cloudflare, AWS, Sucuri and Vercel that only come with a refusal or a challenge."""
_FIREWALL_MEMBERS = ("cloudflare_error", "ray_id")
"""Members of the JSON with which Cloudflare's firewall responds to programs."""
_MARKUP = re.compile(r"\s*(<!--.*?-->\s*)*<(!doctype|html|head|body|title|center|\?xml)\b", re.IGNORECASE | re.DOTALL)
_TITLE_WITHIN = 4_000
_MOST_LISTED = 10
"""The most errors of a list that are read."""
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
# Text that looks like a key: a usual prefix and a long rest, or partly replaced by asterisks, as OpenAI echoes it.
_KEY_LIKE = re.compile(
    r"\b(?:sk|gsk|hf|xai|pk|tgp|key|AIza)[-_][\w\-*.]{5,}[\w\-*]|\bAIza[\w\-]{10,}|(?<![\w\-])[\w\-]{0,40}\*{3,}[\w\-*]*"
)
_UNIT_SECONDS = {"ms": 0.001, "millisecond": 0.001, "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60}
_UNIT_SECONDS |= {"h": 3_600, "hour": 3_600}
_AMOUNT = rf"(\d{{1,9}}(?:\.\d{{1,9}})?)\s*({'|'.join(_UNIT_SECONDS)})s?(?![a-z])"
_AMOUNTS = re.compile(_AMOUNT, re.IGNORECASE)
_TRY_AGAIN = re.compile(rf"(?:try again|retry|wait)\D{{0,20}}?((?:{_AMOUNT}(?:,|\sand)?\s*)+)", re.IGNORECASE)
_MESSAGE_NAMES = (
    "message",
    "detail",
    "errormessage",
    "msg",
    "errormsg",
    "errordescription",
    "statusmsg",
    "description",
    "faultstring",
    "title",
    "reason",
)
_CODE_NAMES = ("code", "type", "status", "statuscode", "reason", "errortype", "errorcode")
"""In the form of `plain_name`."""
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)s")


@dataclass(frozen=True, slots=True)
class Told:
    """A provider's description of a failure: its words, and all its codes and types, in lower case."""

    message: str = ""
    codes: frozenset[str] = field(default_factory=frozenset)
    retry_after: float | None = None
    """Seconds."""
    is_error: bool = False
    """The body has the form of an error; otherwise it may be anything, such as a web page."""
    is_page: bool = False
    """The body is HTML or XML, which no model server sends."""
    firewalled: bool = False
    """It has the marks of a web firewall's refusal."""


def read_told(body: bytes, headers: Mapping[str, str] | None = None) -> Told:
    """Return what the body and headers (names in lower case) of a refusal say."""
    headers = headers or {}
    wait = _wait_in(headers)
    firewalled = any(name in headers for name in _FIREWALL_HEADERS)
    text = body.decode("utf-8", "replace")
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        title = _TITLE.search(text[:_TITLE_WITHIN])
        is_page = _MARKUP.match(text) is not None
        words = (title.group(1) if title else "") if is_page else text
        return Told(message=words, retry_after=wait, is_page=is_page, firewalled=firewalled)
    told = tell(answer)
    firewalled = firewalled or (isinstance(answer, dict) and any(answer.get(name) for name in _FIREWALL_MEMBERS))
    return replace(told, retry_after=wait if wait is not None else told.retry_after, firewalled=firewalled)


def tell(answer: object) -> Told:
    """Return what a decoded error says: OpenAI's object, Google's list with details, Anthropic's and Mistral's forms, a bare string, ..."""
    if isinstance(answer, list):  # Google wraps its error in a list.
        answer = answer[0] if answer else {}
    if isinstance(answer, str):
        return Told(answer, is_error=True)
    if not isinstance(answer, dict):
        return Told()
    inner = next((value for name, value in answer.items() if value and plain_name(name) in ("error", "errors")), None)
    listed = inner if isinstance(inner, list) else []  # Cloudflare's `errors`.
    levels = [level for level in (inner, *listed[:_MOST_LISTED], answer) if isinstance(level, dict)]
    if isinstance(inner, dict) and isinstance(inner.get("error"), dict):
        levels.insert(0, inner["error"])
    message = inner if isinstance(inner, str) else "; ".join(_line_of(item) for item in listed[:_MOST_LISTED])
    message = message or next(filter(None, map(_message_of, levels)), "")
    codes = {code for level in levels for code in _codes_of(level)}
    message, codes = _with_upstream(message, codes, levels)
    wait = next((wait for level in levels if (wait := _wait_told(level)) is not None), None)
    if wait is None:
        wait = _wait_in_words(message)
    is_error = bool(message) and (bool(inner) or "detail" in answer or "message" in answer)
    return Told(message, frozenset(codes), wait, is_error)


def plain_name(name: str) -> str:
    """Return the name of a member without case and underscores: `errorMessage`, `error_message` and `ErrorMessage` are one."""
    return name.replace("_", "").lower()


def shorten(message: str, secret: Iterable[str] = ()) -> str:
    """Return `message` on one line, without `secret` and everything that looks like a key, in at most `LONGEST_MESSAGE` characters."""
    # Longest first, since one may be the start of another.
    if pattern := "|".join(re.escape(each) for each in sorted(secret, key=len, reverse=True) if each):
        message = re.sub(pattern, "[key]", message)
    line = " ".join(_KEY_LIKE.sub("[key]", clean(message[: 20 * LONGEST_MESSAGE])).split())
    return line if len(line) <= LONGEST_MESSAGE else line[: LONGEST_MESSAGE - 1].rstrip() + "…"


def _plain(level: Mapping[str, object]) -> dict[str, object]:
    """If two members have the same plain name, the first with a value counts."""
    plain: dict[str, object] = {}
    for name, value in level.items():
        if value is not None:
            plain.setdefault(plain_name(name), value)
    return plain


def _message_of(level: Mapping[str, object]) -> str:
    plain = _plain(level)
    for name in _MESSAGE_NAMES:
        value = plain.get(name)
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, dict):
            return _message_of(value) or json.dumps(value, default=str)
        if isinstance(value, list) and value:
            return "; ".join(_line_of(item) for item in value)
    return ""


def _line_of(item: object) -> str:
    """Return one entry of a list of errors in FastAPI's style, which Mistral and vLLM send: `max_tokens: Input should be ...`."""
    if not isinstance(item, dict):
        return str(item)
    place = item.get("loc")
    where = ".".join(str(part) for part in place if part != "body") if isinstance(place, list) else ""
    message = _message_of(item)
    return f"{where}: {message}" if where else message


def _codes_of(level: Mapping[str, object]) -> Iterator[str]:
    plain = _plain(level)
    for name in _CODE_NAMES:
        value = plain.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            yield str(value).lower()
    details = level.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and isinstance(detail.get("reason"), str):
            yield str(detail["reason"]).lower()
    metadata = level.get("metadata")
    if isinstance(metadata, dict) and metadata.get("reasons"):  # OpenRouter: why its moderation refused the prompt.
        yield "moderation"


def _with_upstream(message: str, codes: set[str], levels: list[dict[str, object]]) -> tuple[str, set[str]]:
    """OpenRouter's own message is often "Provider returned error"; the message of the provider behind it is in `metadata.raw`."""
    for level in levels:
        metadata = level.get("metadata")
        if not isinstance(metadata, dict):
            continue
        raw, name = metadata.get("raw"), metadata.get("provider_name")
        if not isinstance(raw, str) or not raw.strip():
            if isinstance(name, str) and name and message:
                return f"{name}: {message}", codes
            continue
        try:
            upstream = tell(json.loads(raw))
        except (ValueError, RecursionError):
            upstream = Told(raw)
        words = upstream.message or raw
        return (f"{name}: {words}" if isinstance(name, str) else words), codes | upstream.codes
    return message, codes


def _wait_in(headers: Mapping[str, str]) -> float | None:
    """Return `retry-after-ms`, or `Retry-After` as seconds or as a date (RFC 9110, 10.2.3)."""
    milliseconds = _seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after")
    seconds = _seconds(value)
    if seconds is not None or value is None:
        return seconds
    try:
        moment = email.utils.parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):  # The latter if the offset is centuries.
        return None
    return max(0.0, moment - time.time())


def _wait_told(level: Mapping[str, object]) -> float | None:
    """Return Hugging Face's `estimated_time`, Google's `retryDelay` ("34s"), or a plain `retry_after`."""
    for name in ("retry_after", "estimated_time"):
        value = level.get(name)
        if isinstance(value, int | float | str | Decimal) and not isinstance(value, bool):
            return _seconds(value)
    details = level.get("details")
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        match = _DURATION.fullmatch(delay) if isinstance(delay, str) else None
        if match:
            return float(match.group(1))
    return None


def _wait_in_words(message: str) -> float | None:
    """Return the seconds in OpenAI's and Groq's "Please try again in 1h1m2.5s" and other servers' "in 20 seconds"."""
    match = _TRY_AGAIN.search(message)
    if match is None:
        return None
    return sum(float(amount) * _UNIT_SECONDS[unit.lower()] for amount, unit in _AMOUNTS.findall(match.group(1)))


def _seconds(value: object) -> float | None:
    if not isinstance(value, str | int | float | Decimal):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
