"""Patterns for `LIKE`."""


def containing(text: str) -> str:
    """The pattern of what holds `text` as it is."""
    return f"%{_escaped(text)}%"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
