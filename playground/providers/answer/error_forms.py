"""The forms of errors in a payload of an answer.

A payload with `choices` is part of an answer, unless there is an error in or next to them. Without choices, it is an error if a member says
so: `error` in any spelling, the name of an AWS exception, FastAPI's `detail`, a `message` with a code, MiniMax's `base_resp`, ... Gateways
put any of these into a member such as `response`. In case of doubt, it is not an error.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from playground.providers.errors.provider_messages import plain_name

_ERROR_NAMES = frozenset({"error", "errors", "err", "exception", "fault", "errormessage", "errormsg", "errmsg"})
"""In the form of `plain_name`."""
_EXCEPTION_NAME = re.compile(r"\w+(?:error|exception|fault)", re.ASCII)
"""Such as `modelStreamErrorException`: in the streams of AWS, the member has the name of the error."""
_WORDS_OF_FAILURE = ("error", "failed", "failure", "exception", "fail")
"""The ends of values that mean an error, such as `invalid_request_error`."""
_WORDS_OF_SUCCESS = frozenset({"0", "200", "ok", "success", "none", "null", ""})
_STATES = ("object", "type", "event", "status", "state", "success", "ok", "level")
_CODES = ("code", "statuscode", "errorcode")
_MESSAGES = ("message", "msg")
_AROUND = ("response", "data", "result", "body")
"""Members that may contain the whole payload."""
_SPEAKS_OF_FAILURE = re.compile(
    r"error|fail|exception|unavailable|exceed|invalid|time[d -]*out|denied|not found|forbidden|unauthori[sz]ed|refused|aborted"
    r"|too (many|long|large)",
    re.IGNORECASE,
)
_READ_CHARACTERS = 4_000


def error_in(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the error in a payload as an object for `tell`, or `None` if it is not an error."""
    choices = answer.get("choices")
    error = _error_named(answer) or _error_in_choices(choices) or _error_of_minimax(answer.get("base_resp"))
    if not error and not choices:
        error = _error_inside(answer) or _error_alone(answer)
    return error or None


def _error_in_choices(choices: object) -> dict[str, Any] | None:
    """Return the error of the first choice, or of another one if the first has none."""
    all_choices = [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
    for place, choice in enumerate(all_choices):
        if place and _says_something(all_choices[0]):
            return None
        for part in (choice, choice.get("delta"), choice.get("message")):
            if isinstance(part, dict) and (error := _error_named(part)):
                return error
    return None


def _says_something(choice: Mapping[str, Any]) -> bool:
    parts = (choice.get("delta"), choice.get("message"))
    return bool(choice.get("finish_reason")) or any(isinstance(part, dict) and any(map(part.get, part.keys() - {"role"})) for part in parts)


def _error_named(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the error in a member with such a name."""
    for name, value in answer.items():
        if value and plain_name(name) in _ERROR_NAMES:
            if isinstance(value, list) and isinstance(value[0], dict):
                value = value[0]  # noqa: PLW2901 - the first of several errors
            if isinstance(value, dict):
                return value
            # The code, and sometimes the message, is next to it.
            rest = {other: content for other, content in answer.items() if other not in (name, "choices")}
            return _with_words(rest, value)
    return None


def _with_words(rest: dict[str, Any], value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return rest
    if isinstance(value, int):
        return {"code": value, **rest}
    described = isinstance(value, str) and " " not in value and rest.get("error_description")
    return rest | {"code": value} if described else rest | {"message": _text(value)}


def _error_alone(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the error in a payload without choices and without a member named like an error."""
    for name, value in answer.items():
        if value and isinstance(value, dict | str) and _EXCEPTION_NAME.fullmatch(plain_name(name)):
            return {"type": name, **value} if isinstance(value, dict) else {"type": name, "message": value}
    if answer.get("detail") or any(_fails(answer.get(name)) for name in _STATES):
        return dict(answer)
    return dict(answer) if not answer.get("usage") and _is_told_in_words(answer) else None


def _error_inside(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    return next((error for name in _AROUND if isinstance(answer.get(name), dict) and (error := _error_named(answer[name]))), None)


def _text(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(map(_text, value))
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _fails(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return value is False
    return value.lower().endswith(_WORDS_OF_FAILURE) if isinstance(value, str) else 400 <= value < 600


def _is_told_in_words(answer: Mapping[str, Any]) -> bool:
    plain = {plain_name(name): value for name, value in answer.items()}
    return any(_is_told_in(plain, message) for message in _messages(plain))


def _messages(plain: Mapping[str, Any]) -> Iterator[str]:
    for name in _MESSAGES:
        if isinstance(message := plain.get(name), str | dict) and message:
            yield _text(message)


def _is_told_in(plain: Mapping[str, Any], message: str) -> bool:
    return any(_is_code(plain.get(name)) for name in _CODES) or bool(_SPEAKS_OF_FAILURE.search(message[:_READ_CHARACTERS]))


def _is_code(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and str(value).lower() not in _WORDS_OF_SUCCESS


def _error_of_minimax(told: object) -> dict[str, Any] | None:
    if not isinstance(told, dict) or not _is_code(told.get("status_code")):
        return None
    return {"code": told["status_code"], "message": told.get("status_msg") or ""}
