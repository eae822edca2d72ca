"""Wildcards in lists of models. For example, LiteLLM lists `openai/*` for all names that start with `openai/`."""


def is_pattern(model: str) -> bool:
    """Return whether a listed name is a wildcard."""
    return "*" in model


def covers(pattern: str, model: str) -> bool:
    """Return whether `model` matches `pattern`, in which each `*` stands for any text. Takes linear time."""

    first, *parts = pattern.split("*")
    if not parts:
        return pattern == model
    last = parts.pop()
    if not model.startswith(first) or not model.endswith(last) or len(model) < len(first) + len(last):
        return False
    place, end = len(first), len(model) - len(last)
    for part in parts:
        found = model.find(part, place, end)
        if found < 0:
            return False
        place = found + len(part)
    return True
