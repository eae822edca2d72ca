"""Limits the values of labels. Each value costs memory here and in Prometheus, so users must not be able to add any number of them."""

OTHER = "other"
"""The label of all values above the limit."""
MOST_PROVIDERS = 100
MOST_MODELS = 200


class Labels:
    """Keeps the first `most` values as they are, and replaces all later ones by `other`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: set[str] = set()

    def of(self, value: str) -> str:
        """Return the label for `value`."""
        if value in self._known:
            return value
        if len(self._known) >= self._most:
            return OTHER
        self._known.add(value)
        return value
