"""Why an answer ended, in three classes: it is complete, it was cut off by a limit, or it failed.

Every provider has its own words for the same ends. They are compared without case and punctuation, so that `MAX_TOKENS`, `max-tokens` and
`maxTokens` are the same. For a compound such as Google's `content_filter: PROHIBITED_CONTENT`, the most severe part counts.

Sources: the API references of OpenAI, Anthropic, Google (`FinishReason`), Mistral, DeepSeek, Z.ai, Cohere, Amazon Bedrock, watsonx and
OpenRouter, and the sources of vLLM, SGLang, TGI and LM Studio.
"""

import re
from enum import StrEnum


class Ending(StrEnum):
    """The meaning of a finish reason. The values are those on the wire."""

    COMPLETE = "complete"
    TOKEN_LIMIT = "token_limit"  # noqa: S105 - of an answer
    """Cut off: the answer reached its limit on tokens."""
    CONTEXT_WINDOW = "context_window"
    """Cut off: prompt and answer together fill the model's context window."""
    FILTERED = "filtered"
    """Failed: the provider's content filter stopped it."""
    FAILED = "failed"
    """Failed: an error of the provider or its model stopped it."""


def _words(text: str) -> frozenset[str]:
    return frozenset(_plain(word) for word in text.split())


def _plain(word: str) -> str:
    return re.sub(r"[\W_]", "", word.lower())


_NO_REASON = _words("null none nil undefined unspecified finish_reason_unspecified not_finished in_progress generating")
"""An absent reason that was converted to text."""

_WORDS: dict[Ending, frozenset[str]] = {
    Ending.COMPLETE: _words(
        "stop stopped stop_sequence stop_word stop_string stop_string_found stop_token eos eos_token eos_found end end_turn end_of_text"
        " complete completed finished finish normal success done tool_call tool_calls tool_use function_call function_calls load unload"
    ),
    Ending.TOKEN_LIMIT: _words(
        "length max_length max_tokens max_token max_output max_output_tokens max_completion_tokens max_new_tokens max_tokens_reached"
        " max_predicted_tokens_reached token_limit token_limit_reached length_limit output_limit incomplete truncated"
    ),
    Ending.CONTEXT_WINDOW: _words(
        "model_context_window_exceeded context_window_exceeded context_length_exceeded context_length context_length_reached context_limit"
        " max_context_length model_length error_limit"
    ),
    Ending.FILTERED: _words(
        "content_filter content_filtered content_filtering content_blocked filtered filter safety image_safety recitation image_recitation"
        " sensitive sensitive_content blocklist blocked prohibited_content image_prohibited_content spii model_armor guardrail"
        " guardrails guardrail_intervened refusal moderation moderated policy_violation content_policy content_policy_violation"
        " data_inspection_failed error_toxic toxic"
    ),
    Ending.FAILED: _words(
        "error failed failure network_error abort aborted cancel cancelled canceled user_cancel user_cancelled user_stopped interrupted"
        " insufficient_system_resource malformed_function_call malformed_response malformed_model_output malformed_tool_use"
        " unexpected_tool_call too_many_tool_calls missing_thought_signature function_call_filter no_image language timeout"
        " timed_out time_limit overloaded rate_limit rate_limited server_error internal_error internal_server_error unavailable"
        " model_unloaded preempted crashed exception"
    ),
}
_ENDINGS = {word: ending for ending, words in _WORDS.items() for word in words}

_LIMIT, _LENGTH = "(?:max|limit|exceed|reached|truncat|capped)", "(?:token|output|length)"
_PARTS: tuple[tuple[Ending, re.Pattern[str]], ...] = (
    (
        Ending.FILTERED,
        re.compile("filter|safety|moderat|prohibit|sensitive|policy|guardrail|blocked|flagged|toxic|harmful|recitation|riskcontrol"),
    ),
    (Ending.CONTEXT_WINDOW, re.compile("context(?:window|length|limit|size|overflow|full)|(?:prompt|input)too(?:long|large)")),
    (Ending.TOKEN_LIMIT, re.compile(f"{_LIMIT}.*{_LENGTH}|{_LENGTH}.*{_LIMIT}")),
    (
        Ending.FAILED,
        re.compile(
            "(?<!no)error|fail|exception|abort|cancel|timeout|timedout|timelimit|deadline|unavailable|ratelimit|quota|overload|disconnect"
            "|shutdown|crash|malformed|interrupt|outofmemory|preempt|killed|terminated"
        ),
    ),
)
"""Words in unknown reasons, such as `upstream_error`."""

_GRAVITY = {None: 0, Ending.COMPLETE: 1, Ending.TOKEN_LIMIT: 2, Ending.CONTEXT_WINDOW: 3, Ending.FAILED: 4, Ending.FILTERED: 5}
"""An unknown reason weighs least, since a known one next to it says more. A filter says more than a failure."""

_WHOLE_PREFIX = re.compile(r"^finish_?reason[._]", re.IGNORECASE)
"""The form in which Google's clients print their enumeration."""
_BETWEEN_PARTS = re.compile(r"[:;,/|]")
_LONGEST = 200
"""The most characters that are read."""

CUT = frozenset({Ending.TOKEN_LIMIT, Ending.CONTEXT_WINDOW})
FAILURES = frozenset({Ending.FILTERED, Ending.FAILED})


def ending_of(reason: str | None) -> Ending | None:
    """Return the meaning of a finish reason, or `None` if it is unknown or absent."""
    if reason is None:
        return None
    reason = _WHOLE_PREFIX.sub("", reason.strip()[:_LONGEST])
    endings = [_ENDINGS.get(_plain(part)) for part in (reason, *_BETWEEN_PARTS.split(reason))]
    known = max(endings, key=lambda ending: _GRAVITY[ending])
    return known or next((ending for ending, pattern in _PARTS if pattern.search(_plain(reason))), None)


def says_nothing(reason: str) -> bool:
    """Return whether it is not a reason, such as the text `null`."""
    return not reason.strip() or _plain(reason) in _NO_REASON


def graver_of(reason: str | None, other: str | None) -> str | None:
    """Return the more specific of two reasons for the same end; `reason` if both are equally specific. Texts that are not a reason don't
    count.
    """
    if other is None or says_nothing(other):
        return reason
    if reason is None or says_nothing(reason):
        return other
    weight, other_weight = _GRAVITY[ending_of(reason)], _GRAVITY[ending_of(other)]
    if weight == other_weight and _plain(reason) == "error":
        return other  # OpenRouter's reason for every failure; the provider's own is more exact.
    return other if other_weight > weight else reason
