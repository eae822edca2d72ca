"""What of a stream is the answer, and what is thinking: each piece once, whatever it is called and however it is cut."""

import json
from itertools import pairwise

import pytest

from playground.providers.calls import Usage
from playground.providers.errors.kinds import BrokenStream

from .asking import Asking
from .upstream import DONE, Answer, event, finish_chunk, text_chunk

USAGE = {"prompt_tokens": 7, "completion_tokens": 5}
LONG = "A first line of text, long enough.\n"


def choice(index: int, text: str | None = None, reason: str | None = None) -> dict[str, object]:
    return {"index": index, "delta": {} if text is None else {"content": text}, "finish_reason": reason}


def chunk(*choices: dict[str, object]) -> bytes:
    return event({"choices": list(choices)})


def message_chunk(text: str, *, reason: str | None = "stop", **fields: object) -> bytes:
    return event({"choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason, **fields}]})


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(
            [
                chunk(choice(1, "B1")),
                chunk(choice(0, "A1"), choice(1, "B2")),
                chunk(choice(1, "B3")),
                chunk(choice(0, "A2", "stop")),
                chunk(choice(1, None, "stop")),
            ],
            id="the other one first",
        ),
        pytest.param(
            [chunk(choice(1, "B1"), choice(0, "A1")), chunk(choice(1, "B2", "stop"), choice(0, "A2", "stop"))], id="both in one chunk"
        ),
        pytest.param(
            [chunk(choice(0, "A1")), *(chunk(choice(1, f"B{number}")) for number in range(20)), chunk(choice(0, "A2", "stop"))],
            id="the other one longer",
        ),
        pytest.param(
            [chunk(choice(0, "A1")), chunk(choice(0, "A2", "stop")), chunk(choice(1, "B1")), chunk(choice(1, "B2", "length"))],
            id="one after the other",
        ),
    ],
)
async def test_another_choice_is_never_mixed_into_the_answer(asking: Asking, chunks: list[bytes]) -> None:
    outcome = await asking.stream(*chunks, DONE)
    assert (outcome.text, outcome.finish_reason, outcome.error) == ("A1A2", "stop", None)


async def test_another_choice_in_one_piece_is_not_taken_for_the_end_of_the_answer(asking: Asking) -> None:
    outcome = await asking.stream(chunk(choice(0, "A1")), chunk(choice(1, "B1", "stop")), chunk(choice(0, "A2")), DONE)
    assert outcome.text == "A1A2"


@pytest.mark.parametrize("pieces", [3, 30])
async def test_an_answer_whose_only_choice_has_another_index_is_an_answer(asking: Asking, pieces: int) -> None:
    chunks = [chunk(choice(1, f"{number} ")) for number in range(pieces)]
    outcome = await asking.stream(*chunks, chunk(choice(1, None, "stop")), DONE)
    assert outcome.text == "".join(f"{number} " for number in range(pieces))
    assert (outcome.finish_reason, outcome.error) == ("stop", None)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("pieces", [2, 3, 30])
async def test_an_index_that_counts_the_chunks_loses_no_text(asking: Asking, first: int, pieces: int) -> None:
    chunks = [chunk(choice(first + number, f"{number} ")) for number in range(pieces)]
    outcome = await asking.stream(*chunks, chunk(choice(first + pieces, None, "stop")), DONE)
    assert outcome.text == "".join(f"{number} " for number in range(pieces))
    assert outcome.error is None


async def test_a_whole_answer_with_two_choices_is_the_one_with_index_0(asking: Asking) -> None:
    choices = [{"index": index, "message": {"content": text}, "finish_reason": "stop"} for index, text in ((1, "B"), (0, "A"))]
    body = json.dumps({"choices": choices}).encode()
    assert (await asking(Answer([body], content_type="application/json"))).text == "A"


@pytest.mark.parametrize("beside", [{}, {"delta": None}, {"delta": {}}, {"delta": {"content": ""}}], ids=["none", "null", "empty", "blank"])
@pytest.mark.parametrize("text", ["Hello there, friend.", "\n\nHello there, friend.", "Short"])
async def test_a_last_message_with_all_of_the_text_adds_nothing(asking: Asking, beside: dict[str, object], text: str) -> None:
    pieces = [event(text_chunk(text[place : place + 6])) for place in range(0, len(text), 6)]
    outcome = await asking.stream(*pieces, message_chunk(text.strip(), usage=USAGE, **beside), DONE)
    assert (outcome.text, outcome.finish_reason, outcome.error) == (text, "stop", None)
    assert outcome.usage == Usage(7, 5)


async def test_a_last_message_adds_text_that_no_delta_had(asking: Asking) -> None:
    outcome = await asking.stream(event(text_chunk("Hello ")), message_chunk("Hello there, friend."), DONE)
    assert outcome.text == "Hello there, friend."


async def test_a_message_by_itself_is_the_answer(asking: Asking) -> None:
    assert (await asking.stream(event(text_chunk("")), message_chunk("Hello there, friend."), DONE)).text == "Hello there, friend."


async def test_messages_that_are_pieces_are_put_together_and_one_with_all_of_them_adds_nothing(asking: Asking) -> None:
    pieces = [message_chunk(text, reason=None) for text in ("ha", "ha", " said", " he")]
    assert (await asking.stream(*pieces, message_chunk("haha said he"), DONE)).text == "haha said he"


async def test_messages_that_grow_with_their_deltas_add_nothing(asking: Asking) -> None:
    texts = ["Hello", " there", ", friend."]
    chunks = [
        {"choices": [{"index": 0, "delta": {"content": text}, "message": {"content": "".join(texts[: number + 1])}}]}
        for number, text in enumerate(texts)
    ]
    assert (
        await asking.stream(*map(event, chunks), message_chunk("".join(texts), delta={"content": ""}), DONE)
    ).text == "Hello there, friend."


async def test_a_last_delta_with_all_of_the_text_again_adds_nothing(asking: Asking) -> None:
    last = {"choices": [{"index": 0, "delta": {"content": LONG * 3}, "finish_reason": "stop"}]}
    outcome = await asking.stream(*[event(text_chunk(LONG))] * 3, event(last), DONE)
    assert outcome.text == LONG * 3


async def test_a_last_delta_that_is_as_short_as_what_came_before_is_text(asking: Asking) -> None:
    last = {"choices": [{"index": 0, "delta": {"content": "ha"}, "finish_reason": "stop"}]}
    assert (await asking.stream(event(text_chunk("ha")), event(last), DONE)).text == "haha"


async def test_thinking_in_a_last_message_is_not_repeated(asking: Asking) -> None:
    last = {"choices": [{"index": 0, "message": {"content": "Hello", "reasoning_content": "Let me think."}, "finish_reason": "stop"}]}
    chunks = [text_chunk(None, reasoning_content="Let me "), text_chunk(None, reasoning_content="think."), text_chunk("Hello"), last]
    outcome = await asking.stream(*map(event, chunks), DONE)
    assert (outcome.reasoning, outcome.text) == ("Let me think.", "Hello")


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning_details": [{"type": "reasoning.text", "text": "hm", "format": "x", "index": 0}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "hm", "index": 1}]},
        {"reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
        {"reasoning": {"content": "hm"}},
        {"thinking": "hm"},
        {"thinking": {"content": "hm"}},
        {"reasoning_text": "hm"},
        {"thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "x"}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]},
        {"content": [{"type": "reasoning", "text": "hm"}]},
        {"content": [{"type": "thought", "text": "hm"}]},
        {"content": [{"text": "hm", "thought": True}]},
        {"content": {"type": "thinking", "thinking": "hm"}},
        {"reasoningContent": {"text": "hm"}},
        {"reasoning_summary": "hm"},
        {"thought": "hm"},
        {"thoughts": "hm"},
    ],
    ids=str,
)
@pytest.mark.parametrize("content", [{}, {"content": ""}, {"content": None}], ids=["none", "blank", "null"])
async def test_thinking_is_recognised_by_each_of_its_names(asking: Asking, delta: dict[str, object], content: dict[str, object]) -> None:
    first = {"choices": [{"index": 0, "delta": {**content, **delta}}]}
    outcome = await asking.stream(event(first), event(text_chunk("Hello")), event(finish_chunk()), DONE)
    assert (outcome.reasoning, outcome.text) == ("hm", "Hello")


async def test_thinking_next_to_text_in_a_rare_field_is_thinking(asking: Asking) -> None:
    outcome = await asking.stream(event(text_chunk("Hel")), event(text_chunk("lo", thinking="Let me think.")), event(finish_chunk()), DONE)
    assert (outcome.reasoning, outcome.text) == ("Let me think.", "Hello")


@pytest.mark.parametrize("flag", ["thought", "is_thinking", "reasoning"])
async def test_every_text_that_is_marked_as_thinking_is_thinking(asking: Asking, flag: str) -> None:
    thoughts = [event(text_chunk(piece, **{flag: True})) for piece in ("Let", " me", " think.")]
    outcome = await asking.stream(*thoughts, event(text_chunk("Hello", **{flag: False})), event(finish_chunk()), DONE)
    assert (outcome.reasoning, outcome.text) == ("Let me think.", "Hello")


@pytest.mark.parametrize(
    "choice",
    [
        {"index": 0, "text": "Hello"},
        {"index": 0, "delta": {"content": {"type": "text", "text": "Hello"}}},
        {"index": 0, "delta": {"content": {"role": "model", "parts": [{"text": "Hel"}, {"text": "lo"}]}}},
    ],
)
@pytest.mark.parametrize("listed", [True, False])
async def test_text_in_rare_shapes_is_text(asking: Asking, choice: dict[str, object], listed: bool) -> None:
    outcome = await asking.stream(event({"choices": [choice] if listed else choice}), event(finish_chunk()), DONE)
    assert (outcome.text, outcome.error) == ("Hello", None)


TAGGED = "\n<think>\nOkay, 1 < 2.\n</think>\n\nHello </think> there"


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 100])
async def test_thinking_between_tags_at_the_start_is_thinking_however_it_is_cut(asking: Asking, size: int) -> None:
    pieces = [TAGGED[place : place + size] for place in range(0, len(TAGGED), size)]
    outcome = await asking.stream(*(event(text_chunk(piece)) for piece in pieces), event(finish_chunk(usage=USAGE)), DONE)
    assert (outcome.reasoning, outcome.text) == ("Okay, 1 < 2.\n", "Hello </think> there")
    assert outcome.usage == Usage(7, 5)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("<thinking>", "</thinking>"),
        ("<thought>", "</thought>"),
        ("<reasoning>", "</reasoning>"),
        ("[THINK]", "[/THINK]"),
        ("<THINK>", "</Think>"),
        ('<think type="deep">', "</think>"),
        ("◁think▷", "◁/think▷"),
        ("<|channel>thought\n", "<channel|>"),
        ("<|begin_of_thought|>", "<|end_of_thought|>"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
    ],
)
async def test_other_tags_are_recognised_too(asking: Asking, start: str, end: str) -> None:
    outcome = await asking.stream(event(text_chunk(f"{start}hm{end}Hello")), event(finish_chunk()), DONE)
    assert (outcome.reasoning, outcome.text) == ("hm", "Hello")


@pytest.mark.parametrize("size", [1, 4, 100])
@pytest.mark.parametrize(
    "text",
    [
        "<think>Hm.</think>\n\n<think> Well.</think>\n\nHello!",
        "<think>Hm.</think><thinking> Well.</thinking>Hello!",
        "<|channel|>analysis<|message|>Hm. Well.<|end|><|start|>assistant<|channel|>final<|message|>Hello!<|return|>",
        "<|start|>assistant<|channel|>analysis<|message|>Hm.<|end|><|channel|>commentary to=f<|message|> Well.<|call|><|message|>Hello!",
        "<|begin_of_thought|>\nHm. Well.<|end_of_thought|>\n\n<|begin_of_solution|>\nHello!<|end_of_solution|>",
        "<|START_THINKING|>Hm. Well.<|END_THINKING|><|START_RESPONSE|>Hello!<|END_RESPONSE|>",
    ],
)
async def test_thinking_in_several_parts_is_thinking_however_it_is_cut(asking: Asking, text: str, size: int) -> None:
    pieces = [text[place : place + size] for place in range(0, len(text), size)]
    outcome = await asking.stream(*(event(text_chunk(piece)) for piece in pieces), event(finish_chunk()), DONE)
    assert (outcome.reasoning, outcome.text) == ("Hm. Well.", "Hello!")


@pytest.mark.parametrize("text", ["</think>\n\nHello", "</think>Hello", "</thought>Hello"])
async def test_the_tag_behind_thinking_that_came_by_itself_is_no_text(asking: Asking, text: str) -> None:
    pieces = [event(text_chunk(None, reasoning_content="hm")), *(event(text_chunk(character)) for character in text)]
    outcome = await asking.stream(*pieces, event(finish_chunk()), DONE)
    assert (outcome.reasoning, outcome.text) == ("hm", "Hello")


@pytest.mark.parametrize("size", [1, 3, 500])
@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("<|channel|>final<|message|>Write <|end|> and <|start|> there.<|return|>", "Write <|end|> and <|start|> there."),
        ("<|channel|>commentary<|message|>I look it up.<|end|>", "I look it up."),
        ("<|channel|>final<|message|>Hello <|en", "Hello <|en"),
        ("<|channel|>final<|message|>Hello <|end|> you", "Hello <|end|> you"),
        ("<|channel|> is a token.", "<|channel|> is a token."),
        ("<|start|> and <|end|> are tokens", "<|start|> and <|end|> are tokens"),
        ("<|start|>" + "x" * 300 + "<|message|>", "<|start|>" + "x" * 300 + "<|message|>"),
        ("<|START_RESPONSE|> begins it", "<|START_RESPONSE|> begins it"),
    ],
)
async def test_tokens_that_an_answer_mentions_are_text(asking: Asking, sent: str, text: str, size: int) -> None:
    pieces = [sent[place : place + size] for place in range(0, len(sent), size)]
    outcome = await asking.stream(*(event(text_chunk(piece)) for piece in pieces), event(finish_chunk()), DONE)
    assert (outcome.reasoning, outcome.text) == ("", text)


@pytest.mark.parametrize("text", [" " * 20_000, "<think></think>" * 2_000, "<think " + "a" * 2_000])
async def test_an_answer_that_only_may_begin_with_a_tag_is_not_held_back_for_good(asking: Asking, text: str) -> None:
    outcome = await asking.stream(event(text_chunk(text[:-1])), event(text_chunk(text[-1])), event(finish_chunk()), DONE)
    assert outcome.error is None
    assert text.endswith(outcome.text)
    assert len(outcome.text) > 1_000


@pytest.mark.parametrize(
    "text",
    [
        "Say <think>hm</think>",
        "<thin ice>",
        "<think of it>",
        "`<think>` is a tag",
        "</think> ends it",
        " \n",
        "<think",
        "<b>bold</b>",
        "< 5",
    ],
)
async def test_text_that_begins_without_a_tag_is_text(asking: Asking, text: str) -> None:
    pieces = [event(text_chunk(character)) for character in text]
    outcome = await asking.stream(*pieces, event(finish_chunk()), DONE)
    assert (outcome.reasoning, outcome.text) == ("", text)


async def test_an_answer_that_is_cut_within_its_thinking_has_thinking_only(asking: Asking) -> None:
    outcome = await asking.stream(event(text_chunk("<think>Let me")), event(text_chunk(" think </thi")))
    assert (outcome.reasoning, outcome.text) == ("Let me think </thi", "")
    assert isinstance(outcome.error, BrokenStream)


async def test_a_whole_answer_is_split_too(asking: Asking) -> None:
    body = json.dumps({"choices": [{"message": {"content": TAGGED}, "finish_reason": "stop"}]}).encode()
    outcome = await asking(Answer([body], content_type="application/json"))
    assert (outcome.reasoning, outcome.text) == ("Okay, 1 < 2.\n", "Hello </think> there")


async def test_the_deltas_come_while_the_model_thinks_between_tags(asking: Asking) -> None:
    outcome = await asking.stream(
        *(event(text_chunk(text)) for text in ("<think>", "a", "b", "</think>", "c")), event(finish_chunk()), DONE
    )
    kinds = [delta.reasoning for delta in outcome.deltas]
    assert kinds == [True, True, False]
    assert all(before >= after for before, after in pairwise(kinds))
