"""The forms in which an error comes within a payload that should be a part of an answer.

A payload with `choices` is one, unless it names an error in them or beside them. Without them, it is an error where a member says so:
`error`, in any spelling, FastAPI's `detail`, a `message` with a code, MiniMax's `base_resp`, ... What is in doubt is no error.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

_ERROR_NAMES = ("error", "errors", "err", "exception", "fault", "errormessage", "errormsg", "errmsg")
"""Without case and underscores."""
_WORDS_OF_FAILURE = ("error", "failed", "failure", "exception", "fail")
"""How a value ends that says so, such as `invalid_request_error`."""
_WORDS_OF_SUCCESS = frozenset({"0", "200", "ok", "success", "none", "null", ""})
_STATES = ("object", "type", "event", "status", "state", "success", "ok", "level")
_CODES = ("code", "status_code", "statusCode", "error_code", "errorCode")
_SPEAKS_OF_FAILURE = re.compile(
    r"error|fail|exception|unavailable|exceed|invalid|time[d -]*out|denied|not found|forbidden|unauthori[sz]ed|refused|aborted"
    r"|too (many|long|large)",
    re.IGNORECASE,
)
_READ_CHARACTERS = 4_000


def error_in(answer: Mapping[str, Any]) -> dict[str, Any] | str | None:
    """What went wrong by a payload: an object or words for `told.tell`; `None` when it is no error."""
    error = answer.get("error") or _error_in_choice(answer.get("choices"))
    if not error and not (answer.get("choices") or answer.get("usage")):
        error = _error_alone(answer)
    if not error:
        return None
    return error if isinstance(error, dict | str) else json.dumps(error, default=str)


def _error_in_choice(choices: object) -> object:
    first = choices[0] if isinstance(choices, list) and choices else None
    return first.get("error") if isinstance(first, dict) else None


def _error_alone(answer: Mapping[str, Any]) -> object:
    """The error in a payload without choices and usage."""
    named = next((value for name, value in answer.items() if value and name.lower().replace("_", "") in _ERROR_NAMES), None)
    if isinstance(named, list) and isinstance(named[0], dict):
        named = named[0]
    if named is not None:
        # The code stands beside words.
        return named if isinstance(named, dict) else {**answer, "message": _text(named)}
    if answer.get("detail") or any(_fails(answer.get(name)) for name in _STATES) or _is_told_in_words(answer):
        return dict(answer)
    return _error_of_minimax(answer.get("base_resp"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _fails(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return value is False
    return value.lower().endswith(_WORDS_OF_FAILURE) if isinstance(value, str) else 400 <= value < 600


def _is_told_in_words(answer: Mapping[str, Any]) -> bool:
    message = answer.get("message")
    if not message or not isinstance(message, str | dict):
        return False
    return any(_is_code(answer.get(name)) for name in _CODES) or bool(_SPEAKS_OF_FAILURE.search(_text(message)[:_READ_CHARACTERS]))


def _is_code(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and str(value).lower() not in _WORDS_OF_SUCCESS


def _error_of_minimax(told: object) -> dict[str, Any] | None:
    if not isinstance(told, dict) or not _is_code(told.get("status_code")):
        return None
    return {"code": told["status_code"], "message": told.get("status_msg") or ""}
