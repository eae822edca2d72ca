"""What a lane shows while nothing comes."""

import io

from rich.console import Console

from playground.terminal.view import ComparisonView

SESSION = {"type": "session", "sessionId": "s", "turn": 1, "lanes": [{"lane": 0, "model": "lab/m", "simulated": False}]}
CHUNK = {"type": "chunk", "lane": 0, "content": "Forty"}


def drawn(view: ComparisonView) -> str:
    output = io.StringIO()
    Console(width=100, height=20, file=output).print(view)
    return output.getvalue()


def test_a_long_wait_is_shown_until_text_arrives() -> None:
    view = ComparisonView()
    for event in (SESSION, {"type": "status", "lane": 0, "status": "connecting", "waitingSeconds": 20}):
        view.take(event)
    assert "No text for 20 s. Still waiting." in drawn(view)
    view.take(CHUNK)
    assert "still waiting" not in drawn(view)
    view.take({"type": "status", "lane": 0, "status": "streaming", "waitingSeconds": 10})
    assert "Forty" in drawn(view)
    assert "No text for 10 s. Still waiting." in drawn(view)
    view.take({"type": "status", "lane": 0, "status": "completed"})
    assert "still waiting" not in drawn(view)
