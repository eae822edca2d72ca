"""Patterns for `LIKE`."""


def containing(text: str) -> str:
    """Return the pattern for values that contain `text` literally."""
    return f"%{_escaped(text)}%"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
