"""Log lines for people: one line per event, `03:52:56  GET /models  401  2.8 ms`, in colours on a terminal."""

from collections.abc import Callable
from datetime import datetime

from structlog.typing import EventDict

_RESET = "\x1b[0m"
_DIM, _RED, _GREEN, _YELLOW, _CYAN = "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m"
_OF_LEVEL = {"debug": _DIM, "warning": _YELLOW, "error": _RED, "critical": _RED}
_OF_STATUS = {2: _GREEN, 3: _CYAN, 4: _YELLOW, 5: _RED}
_NOT_SHOWN = ("logger", "level")
"""A level is a colour here; without colours it is a word."""


def human_lines(colours: bool) -> Callable[[object, str, EventDict], str]:
    """Return a structlog renderer. Times are local; an exception follows its event on lines of its own."""

    def paint(colour: str | None, text: str) -> str:
        return f"{colour}{text}{_RESET}" if colours and colour else text

    def render(_logger: object, _method: str, event: EventDict) -> str:
        fields = {name: value for name, value in event.items() if name not in _NOT_SHOWN and value is not None}
        time, text = _local_time(fields.pop("timestamp")), str(fields.pop("event"))
        exception = fields.pop("exception", None)
        level = event.get("level", "info")
        parts = [paint(_DIM, time)]
        if not colours and level in {"warning", "error", "critical"}:
            parts.append(level)
        if text == "request" and {"method", "path", "status", "duration_ms"} <= fields.keys():
            status, duration = int(fields.pop("status")), fields.pop("duration_ms")
            parts.append(f"{fields.pop('method')} {_on_one_line(fields.pop('path'))}")
            parts += [paint(_OF_STATUS.get(status // 100), str(status)), paint(_DIM, f"{duration} ms")]
            if status < 400:
                fields.pop("request_id", None)
        else:
            parts.append(paint(_OF_LEVEL.get(level), _on_one_line(text.replace("_", " "))))
        parts += [paint(_DIM, f"{name}=") + _on_one_line(value) for name, value in fields.items()]
        line = "  ".join(parts)
        return f"{line}\n{exception}" if exception else line

    return render


def _local_time(timestamp: str) -> str:
    return datetime.fromisoformat(timestamp).astimezone().strftime("%H:%M:%S")


def _on_one_line(value: object) -> str:
    """The value as text without line breaks and control characters, which a client may have sent."""
    if isinstance(value, (tuple, list)):
        return ", ".join(map(_on_one_line, value))
    text = str(value)
    return text if text.isprintable() else repr(text)
