"""Log lines for people."""

import re

import pytest

from playground.kit.log_lines import human_lines

REQUEST = {"event": "request", "method": "GET", "path": "/models", "status": 200, "duration_ms": 2.8, "request_id": "r1"}
ABOUT = {"timestamp": "2026-01-02T03:04:05Z", "level": "info", "logger": "playground.x"}


def line(colours: bool = False, **event: object) -> str:
    rendered = human_lines(colours)(None, "info", {**ABOUT, **event})
    assert re.match(r"(\x1b\[2m)?\d\d:\d\d:\d\d", rendered)
    return rendered.partition("  ")[2]


@pytest.mark.parametrize(
    ("event", "shown"),
    [
        (REQUEST, "GET /models  200  2.8 ms"),
        ({**REQUEST, "status": 404}, "GET /models  404  2.8 ms  request_id=r1"),
        ({"event": "model_list_fetched", "models": 8}, "model list fetched  models=8"),
        ({"event": "slow", "level": "warning"}, "warning  slow"),
        ({"event": "applied", "names": ("a", "b")}, "applied  names=a, b"),
        ({"event": "failed", "level": "error", "exception": "Traceback\nE: 1"}, "error  failed\nTraceback\nE: 1"),
    ],
)
def test_an_event_is_one_line(event: dict[str, object], shown: str) -> None:
    assert line(**event) == shown


def test_what_a_client_sends_cannot_begin_a_line_or_colour_the_terminal() -> None:
    assert line(**{**REQUEST, "path": "/a\n00:00:00  forged\x1b[31m"}) == r"GET '/a\n00:00:00  forged\x1b[31m'  200  2.8 ms"
    assert line(event="refused", address="a\rb") == r"refused  address='a\rb'"


def test_colours_show_how_bad_it_is() -> None:
    assert "\x1b[33mslow\x1b[0m" in line(colours=True, event="slow", level="warning")
    assert "\x1b[31m500\x1b[0m" in line(colours=True, **{**REQUEST, "status": 500})
