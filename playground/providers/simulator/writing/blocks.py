"""The Markdown blocks that a section may have besides its text: lists, steps, a table, code, a quote, mathematics."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from . import code
from .phrases import MATHS, POINTS, QUOTES, STEPS, TABLE_QUESTIONS
from .voice import Voice


class Block(NamedTuple):
    """A kind of block: the heading that fits it (`None`: any), and the function that writes it."""

    heading: str | None
    write: Callable[[Voice], str]


def bullets(voice: Voice) -> str:
    """Return a list with a point for each key word."""
    labels = voice.labels()
    if len(labels) < 3:
        labels.append("Everything else")
    return "\n".join(f"- **{label}**: {voice.deal(POINTS)}" for label in labels)


def steps(voice: Voice) -> str:
    """Return a numbered list of four or five steps."""
    chosen = sorted(voice.choices.sample(range(len(STEPS)), voice.choices.choice((4, 5))))
    return "\n".join(f"{number}. {voice.fill(STEPS[step])}" for number, step in enumerate(chosen, 1))


def table(voice: Voice) -> str:
    """Return a table with a row for each key word."""
    rows = [(label, *voice.deal(TABLE_QUESTIONS)) for label in voice.labels()[:5]]
    return _table(("Part", "Ask yourself", "Weight"), rows)


def program(voice: Voice) -> str:
    """Return a short program, in the language that the prompt names or else in any."""
    first, second = voice.words()[:2]
    sample = code.asked_for(voice.subject.text) or voice.deal(code.SAMPLES)
    return f"{sample.lead}\n\n```{sample.language}\n{code.program(sample, first, second)}\n```"


def quote(voice: Voice) -> str:
    """Return a saying as a quote."""
    return f"> {voice.deal(QUOTES)}"


def mathematics(voice: Voice) -> str:
    """Return a small calculation."""
    return voice.sentence(MATHS)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


BULLETS = Block(None, bullets)
STEP_LIST = Block("Step by step", steps)
TABLE = Block("At a glance", table)
PROGRAM = Block("In code", program)
QUOTE = Block(None, quote)
MATHEMATICS = Block("In numbers", mathematics)
