"""Builds a whole answer, in one of four manners."""

from collections.abc import Iterator
from enum import Enum
from random import Random

from . import blocks, code, phrases
from .blocks import Block
from .subject import Subject
from .voice import Voice


class Manner(Enum):
    """How a model writes."""

    BRIEF = "brief"
    """Brief: a line, a list, a line."""
    THOROUGH = "thorough"
    """Structured: headings, steps, a table, caveats."""
    EXPANSIVE = "expansive"
    """Very long."""
    THOUGHTFUL = "thoughtful"
    """Conclusion first, then the reasons."""


# The blocks of each manner, one per section, repeated.
_BLOCKS: dict[Manner, tuple[Block, ...]] = {
    Manner.BRIEF: (blocks.BULLETS, blocks.QUOTE),
    Manner.THOROUGH: (blocks.STEP_LIST, blocks.TABLE, blocks.QUOTE),
    Manner.EXPANSIVE: (blocks.BULLETS, blocks.PROGRAM, blocks.TABLE, blocks.QUOTE, blocks.MATHEMATICS, blocks.STEP_LIST),
    Manner.THOUGHTFUL: (blocks.MATHEMATICS, blocks.STEP_LIST),
}
_SENTENCES = {Manner.BRIEF: 1, Manner.THOROUGH: 3, Manner.EXPANSIVE: 4, Manner.THOUGHTFUL: 2}


def write_answer(subject: Subject, manner: Manner, sections: int, choices: Random, model: str) -> str:
    """Return the answer in Markdown. Its first line says that it is simulated."""
    voice = Voice(subject, choices)
    paragraphs = [
        f"*This is a simulated answer from the model “{model}”: no language model wrote it.*",
        *_opening(voice, manner),
        *_body(voice, manner, sections),
        voice.sentence(phrases.CLOSINGS[manner.value]),
    ]
    return "\n\n".join(paragraphs)


def write_thoughts(subject: Subject, choices: Random, sentences: int) -> str:
    """Return the reasoning before an answer: plain text of at most this many sentences, empty for none."""
    if sentences == 0:
        return ""
    voice = Voice(subject, choices, emphasis=False)
    kept = sorted(choices.sample(range(1, len(phrases.THOUGHTS)), min(sentences, len(phrases.THOUGHTS)) - 1))
    thoughts = [voice.fill(phrases.THOUGHTS[number]) for number in (0, *kept)]
    paragraphs = [" ".join(thoughts[start : start + 3]) for start in range(0, len(thoughts), 3)]
    return "\n\n".join(("These thoughts are simulated.", *paragraphs))


def _opening(voice: Voice, manner: Manner) -> Iterator[str]:
    subject = voice.subject
    if subject.question is not None and manner in (Manner.THOROUGH, Manner.EXPANSIVE):
        yield f"> {subject.question}"
    sentences = [voice.sentence(phrases.OPENINGS[manner.value])]
    if subject.earlier:
        followed = voice.deal(phrases.FOLLOW_UPS)
        sentences.insert(0, followed.format(a=_listed([voice.shown(word) for word in subject.earlier[-3:]])))
    if subject.instruction is not None:
        sentences.append(phrases.INSTRUCTED.format(a=voice.shown(subject.instruction)))
    yield " ".join(sentences)


def _body(voice: Voice, manner: Manner, sections: int) -> Iterator[str]:
    kinds = list(_BLOCKS[manner])
    if blocks.PROGRAM not in kinds and code.wants_code(voice.subject.text):
        kinds.insert(1, blocks.PROGRAM)
        sections = max(sections, 2)
    for number in range(sections):
        block = kinds[number % len(kinds)]
        if manner is not Manner.BRIEF:
            yield f"## {_heading(voice, block, first=number < len(kinds))}"
        if manner is not Manner.BRIEF or number > 0:
            yield voice.paragraph(phrases.EXPLANATIONS, _SENTENCES[manner])
        yield block.write(voice)
        if manner is Manner.EXPANSIVE:
            yield voice.paragraph(phrases.EXPLANATIONS, 2)


def _heading(voice: Voice, block: Block, *, first: bool) -> str:
    if block.heading is not None and first:
        return block.heading
    return voice.fill(voice.deal(phrases.HEADINGS), plain=True)


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
