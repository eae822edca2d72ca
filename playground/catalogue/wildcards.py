"""Wildcards in lists of models: LiteLLM lists `openai/*` for all names that begin with `openai/`."""


def is_pattern(model: str) -> bool:
    """Whether a listed name stands for many models, and is none itself."""
    return "*" in model


def covers(pattern: str, model: str) -> bool:
    """Whether `model` is one of those that `pattern` stands for: each `*` is any text. In time linear in both."""
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
