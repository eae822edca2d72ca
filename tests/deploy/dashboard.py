"""The queries of the dashboard, as Grafana would send them."""

import json
import re
from collections.abc import Iterator
from typing import Any

from playground.files import CHECKOUT

DASHBOARD: dict[str, Any] = json.loads((CHECKOUT / "deploy" / "grafana" / "playground.json").read_text(encoding="utf-8"))
_VARIABLES = {"$__rate_interval": "1m", "$__range": "1h", "$job": ".*", "$instance": ".*", "$provider": ".*"}


def panel_queries() -> Iterator[tuple[str, str]]:
    """Titles of panels, and their queries."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], filled(target["expr"])


def variable_queries() -> dict[str, str]:
    """What the dashboard's own variables are filled by."""
    return {each["name"]: filled(each["definition"]) for each in DASHBOARD["templating"]["list"] if each["type"] == "query"}


def annotation_queries() -> list[str]:
    return [filled(each["expr"]) for each in DASHBOARD["annotations"]["list"]]


def filled(query: str) -> str:
    for name, value in _VARIABLES.items():
        query = query.replace(name, value)
    assert "$" not in query, query
    return query


def selected(query: str) -> Iterator[tuple[str, set[str]]]:
    """The metrics that a query reads, each with the labels that it names for them."""
    grouped = {label.strip() for labels in re.findall(r"\bby \(([^)]*)\)", query) for label in labels.split(",")}
    for name, matchers in re.findall(r"\b((?:playground|process)_\w+)\{([^}]*)\}", query):
        yield name, grouped | set(re.findall(r"(\w+)\s*[=!]~?", matchers))
