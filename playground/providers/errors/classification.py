"""Finds the error in `kinds.py` for a provider's response."""

import re
from collections.abc import Mapping

from playground.providers.records import Provider

from .kinds import (
    BadRequest,
    BodyRefused,
    BrokenStream,
    ContentRefused,
    Firewalled,
    InsufficientFunds,
    LegallyBarred,
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
from .provider_messages import Told, read_told, shorten, tell

_Kind = type[ProviderError]

_READ_CHARACTERS = 4_000

# The providers' terms, in lower case. If two match, the earlier counts: Anthropic's "credit balance is too low" is an invalid_request_error
# too, and Groq's 413 for a long prompt has the code rate_limit_exceeded.
_BY_CODE: tuple[tuple[_Kind, frozenset[str]], ...] = (
    (
        InsufficientFunds,
        frozenset({"insufficient_quota", "insufficient_balance", "insufficient_funds", "insufficient_credits", "billing_error"}),
    ),
    (
        PromptTooLong,
        frozenset({"context_length_exceeded", "string_above_max_length", "request_too_large", "exceed_context_size_error"}),
    ),
    (
        ContentRefused,
        frozenset({"content_filter", "content_policy_violation", "responsibleaipolicyviolation", "moderation", "prohibited_content"})
        | {"invalid_prompt", "data_inspection_failed", "safety", "image_safety"},
    ),
    (PlaceNotServed, frozenset({"unsupported_country_region_territory"})),
    (
        WrongKey,
        frozenset({"invalid_api_key", "api_key_invalid", "authentication_error", "unauthenticated", "permission_error"})
        | {"permission_denied", "expired_api_key", "invalid_authentication"},
    ),
    (
        ModelNotFound,
        frozenset({"model_not_found", "invalid_model", "model_decommissioned", "model_not_supported", "model_not_available"})
        | {"deploymentnotfound"},
    ),
    (
        RateLimited,
        frozenset({"rate_limit_exceeded", "rate_limit_error", "rate_limited", "resource_exhausted", "too_many_requests"})
        | {"throttlingexception", "throttling", "throttling.ratequota", "throttling.allocationquota", "throttling.burstrate"},
    ),
    (TimedOut, frozenset({"deadline_exceeded", "timeout", "timeout_error", "gateway_timeout", "modeltimeoutexception"})),
    (
        Overloaded,
        frozenset({"overloaded_error", "overloaded", "engine_overloaded", "server_error", "internal_server_error", "api_error"})
        | {"unavailable", "internal", "service_unavailable", "provider_unavailable", "capacity_exceeded", "insufficient_capacity"}
        | {"internalserverexception", "modelstreamerrorexception", "serviceunavailableexception", "modelnotreadyexception"},
    ),
)

_A_MODEL = r"(?<!/)\bmodels?\b"
"""The word, unless it is a part of a URL."""

_WORDS: Mapping[_Kind, tuple[str, ...]] = {
    InsufficientFunds: (
        r"credit balance is too low",
        r"insufficient (balance|credits?|funds)",
        r"requires more credits",
        r"payment required",
    ),
    PromptTooLong: (
        r"maximum context length",
        r"context (length|window|size).{0,40}exceed",
        r"exceeds?.{0,60}context (length|window|size)",
        r"(prompt|input|request) is too (long|large)",
        r"request too large|too many input tokens|reduce the length of",
        r"input token count.{0,60}exceeds",
        r"inputs?\W{1,2}must have less than \d+ tokens",
        r"longer than the maximum model length",
    ),
    ContentRefused: (
        r"(content|usage|use|safety) (management |usage )?polic(y|ies)|terms of (use|service)",
        r"content.?filter|content exists risk|prohibited content",
        r"(was|been) flagged",
        r"safety (system|filter|policy)",
    ),
    PlaceNotServed: (r"(country|region|territory|location) (is )?not supported",),
    PolicyRefused: (
        r"(data|privacy|organization|organisation|workspace|admin\w*|account|guardrail|access)('s)? (policy|policies)\b",
        r"(blocked|denied|disabled|forbidden|not allowed) (by|due to|under) (your |the |its |an? )?(\w+ ){0,2}polic(y|ies)",
    ),
    WrongKey: (
        r"(invalid|incorrect|missing|expired|no) (api[ _]?key|auth|credentials)",
        r"api key (not valid|expired|not found)",
        r"invalid username",
    ),
    ModelNotFound: (
        rf"{_A_MODEL}.{{0,120}}(not found|not exist|does ?n.t exist|not supported by any|decommissioned|no longer available)",
        r"not a valid model|no endpoints (found|available)|unknown model|^model: ",
    ),
    RateLimited: (r"rate limit|too many requests|quota exceeded",),
    Overloaded: (r"overloaded|currently loading|over capacity|temporarily unavailable|at capacity",),
}
_BY_WORDS: tuple[tuple[_Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile("|".join(patterns), re.IGNORECASE | re.DOTALL)) for kind, patterns in _WORDS.items()
)

_SPEAKS_OF_A_FIREWALL = re.compile(
    r"web application firewall|\bWAF\b|cloudflare|attention required|just a moment|access denied.*reference|incapsula",
    re.IGNORECASE | re.DOTALL,
)

# The term of NVIDIA and Databricks for a model server.
_SERVED = r"""\b(function|endpoint|deployment) (with name )?['"][^'"]+['"].{0,40}(not found|does not exist)"""
_SPEAKS_OF_A_MODEL = re.compile(f"{_A_MODEL}|{_SERVED}", re.IGNORECASE)

_BY_STATUS: Mapping[int, _Kind] = {
    401: WrongKey,
    402: InsufficientFunds,
    403: WrongKey,
    404: UnexpectedAnswer,
    405: UnexpectedAnswer,
    408: TimedOut,
    413: PromptTooLong,
    429: RateLimited,
    409: Overloaded,
    423: Overloaded,
    424: Overloaded,  # TGI: an error of its own while generating.
    425: Overloaded,
    451: LegallyBarred,
    498: Overloaded,  # Groq: no capacity.
    499: Overloaded,  # nginx: a proxy in between closed the request.
    504: TimedOut,
    524: TimedOut,  # Cloudflare: the server behind it took too long.
}

_LATER = frozenset({408, 409, 423, 424, 425, 498, 499})
"""Statuses below 500 that are not the request's fault. The `openai` SDK retries after 408, 409 and all from 500 on."""

_TOO_LARGE_A_BODY = re.compile(
    r"(entity|payload|body|content) (is )?too large|exceeds? the (maximum|allowed) (request )?body size", re.IGNORECASE
)
"""The words of web servers and proxies, which don't know tokens."""

ADVICE: Mapping[_Kind, str] = {
    InsufficientFunds: "Add credit to its account.",
    ModelNotFound: "Check the name in its list of models.",
    PromptTooLong: "Shorten the conversation, or choose a model with a larger context window.",
    ContentRefused: "Change the prompt, or choose another provider.",
    LegallyBarred: "Choose another provider.",
    PolicyRefused: "Change the policy in the account's settings, or choose another model.",
    BodyRefused: "Raise the size limit of that proxy or web server, or shorten the conversation.",
    Firewalled: "Allow this service's IP address in the firewall, or check the base URL.",
    BadRequest: "The model may not support one of the parameters.",
    RateLimited: "Try again in a moment.",
    Overloaded: "Try again in a moment.",
    TimedOut: "Try again, or choose a faster model.",
    UnexpectedAnswer: "Check the base URL.",
}
_ADVICE_ON_LIST: Mapping[_Kind, str] = {
    **ADVICE,
    BadRequest: "",
    BodyRefused: "",
    LegallyBarred: "",
    PolicyRefused: "",
    TimedOut: "Try again in a moment.",
}

_SAYING: Mapping[_Kind, str] = {
    WrongKey: "rejected the API key",
    InsufficientFunds: "reports that its account has no credit left",
    ModelNotFound: "doesn't have this model",
    PromptTooLong: "reports that the prompt is too long",
    ContentRefused: "refused the prompt because of its content policy",
    LegallyBarred: "can't answer for legal reasons",
    PolicyRefused: "rejected the request because of an account policy",
    BodyRefused: "is behind a server that doesn't accept requests of this size",
    Firewalled: "is behind a web firewall that blocked the request",
    BadRequest: "rejected the request",
    PlaceNotServed: "is not available in the country or region of this service",
    RateLimited: "reports too many requests",
    Overloaded: "can't answer right now",
    TimedOut: "exceeded its own time limit",
    BrokenStream: "reported an error during the answer",
    UnexpectedAnswer: "sent an unexpected response",
}
_SAYING_OF_LIST: Mapping[_Kind, str] = {
    **_SAYING,
    BadRequest: "refused to list its models",
    UnexpectedAnswer: "did not send a list of models",
}
# Reasons for which only an answer can be refused; for a list of models, they mean something else.
_KIND_OF_LIST: Mapping[_Kind, _Kind] = {
    ModelNotFound: UnexpectedAnswer,
    PromptTooLong: BadRequest,
    BodyRefused: BadRequest,
    ContentRefused: BadRequest,
    LegallyBarred: BadRequest,
    PolicyRefused: BadRequest,
}

_TURNED_AWAY = (WrongKey, InsufficientFunds, ModelNotFound, PromptTooLong, BadRequest, RateLimited)
"""Errors that a provider finds before it starts to work."""


def refusal(provider: Provider, status: int, body: bytes, headers: Mapping[str, str], *, of_list: bool = False) -> ProviderError:
    """Return the error for a response whose status is not 200. Names of headers are in lower case. `of_list`: the request was for the list
    of models.
    """
    if 300 <= status < 400:
        target = shorten(headers.get("location", "nowhere"), provider.secret)
        message = f"{provider.name} redirected the request to {target} ({status}). Set the base URL to the new address."
        return UnexpectedAnswer(message, provider=provider.name, status=status)
    told = read_told(body, headers)
    kind = _kind(told, status)
    if not of_list:
        return _error(provider, kind, told, _SAYING[kind], ADVICE.get(kind, ""), status=status)
    kind = _KIND_OF_LIST.get(kind, kind)
    return _error(provider, kind, told, _SAYING_OF_LIST[kind], _ADVICE_ON_LIST.get(kind, ""), status=status)


def failure_in_stream(provider: Provider, error: object) -> ProviderError:
    """Return the error for an `error` in the middle of an answer, or instead of one with HTTP status 200."""
    told = tell({"error": error})
    # OpenRouter sends the HTTP status as the code. If there are several, the choice is always the same.
    status = min((int(code) for code in told.codes if code.isdecimal() and len(code) == 3), default=None)
    kind = _by_name(told, status) or (_by_status(told, status) if status else BrokenStream)
    # The same as if the response had this status.
    refused = issubclass(kind, _TURNED_AWAY) or (status is not None and status >= 400)
    return _error(provider, kind, told, _SAYING[kind], ADVICE.get(kind, ""), refused=refused)


def _kind(told: Told, status: int) -> _Kind:
    if status == 404 and not (told.is_error or told.codes):
        return UnexpectedAnswer  # A web server's own 404: there is no model server at this address.
    if status < 500 and status != 429 and status not in _LATER and _is_firewalls(told, status):
        return Firewalled
    return _by_name(told, status) or _by_status(told, status)


def _is_firewalls(told: Told, status: int) -> bool:
    """Return whether the request was refused by a web firewall in front of the server, such as a challenge of Cloudflare."""
    if told.firewalled:
        return True
    if told.is_error or told.codes:
        return False
    words = told.message[:_READ_CHARACTERS]
    return (told.is_page and status in (403, 406, 418)) or (status == 403 and _SPEAKS_OF_A_FIREWALL.search(words) is not None)


def _by_name(told: Told, status: int | None) -> _Kind | None:
    # A rate limit may mention tokens and billing: 429 is a rate limit, unless the account is empty.
    if status == 429:
        return InsufficientFunds if told.codes & _BY_CODE[0][1] else RateLimited
    if status == 413:
        return PromptTooLong if told.is_error and not _TOO_LARGE_A_BODY.search(told.message[:_READ_CHARACTERS]) else BodyRefused
    own_fault = status is None or status >= 500 or status in _LATER
    for kind, codes in _BY_CODE:
        # Ollama calls every refusal an api_error.
        if told.codes & codes and (own_fault or kind is not Overloaded):
            return kind
    if status is not None and own_fault:
        return None
    return next((kind for kind, words in _BY_WORDS if words.search(told.message[:_READ_CHARACTERS])), None)


def _by_status(told: Told, status: int) -> _Kind:
    # Model servers also respond with 404 to a wrong path, for example if `/v1` is missing in the base URL or repeated.
    if status == 404 and _SPEAKS_OF_A_MODEL.search(told.message[:_READ_CHARACTERS]):
        return ModelNotFound
    kind = _BY_STATUS.get(status)
    if kind is not None:
        return kind
    if status >= 500:
        return Overloaded
    return BadRequest if told.is_error or (told.message and not told.is_page) else UnexpectedAnswer


def _error(
    provider: Provider, kind: _Kind, told: Told, saying: str, advice: str, *, status: int | None = None, refused: bool = False
) -> ProviderError:
    words = shorten(told.message, provider.secret)
    said = f": “{words}”" if words else ""
    code = f" ({status})" if status else ""
    message = f"{provider.name} {saying}{code}{said}. {_advice_on_key(provider) if kind is WrongKey else advice}".strip()
    return kind(message, provider=provider.name, retry_after=told.retry_after, status=status, refused=refused)


def _advice_on_key(provider: Provider) -> str:
    if provider.own_key:
        return "Check the API key that you stored for it."
    where = f" in {provider.key_variable}" if provider.key_variable else ""
    if provider.api_key:
        return f"Check the API key{where}."
    return "Check the API key in the configured headers." if provider.secret else f"Set an API key{where}."
