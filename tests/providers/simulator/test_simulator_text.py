"""What the answers say: something about the prompt, the same each time, in good Markdown, and that they are simulated."""

import ast
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.providers.simulator.writing.subject import key_words

WRITING = ["quick", "careful", "verbose", "reasoner"]
PROMPT = "Compare PostgreSQL and SQLite for a small web service"


@pytest.mark.parametrize("model", WRITING)
async def test_first_line_says_that_the_answer_is_simulated(ask, model):
    assert "simulated answer" in (await ask(model, PROMPT)).text.splitlines()[0]


async def test_thinking_says_that_it_is_simulated(ask):
    assert (await ask("reasoner", PROMPT)).thoughts.startswith("These thoughts are simulated.")


@pytest.mark.parametrize("model", WRITING)
async def test_same_request_gets_the_same_answer(ask, model):
    first, second = [await ask(model, PROMPT, seed=7, temperature=0.8) for _ in range(2)]
    assert (first.text, first.thoughts) == (second.text, second.thoughts)


@pytest.mark.parametrize("model", WRITING)
async def test_a_different_seed_gives_a_different_answer(ask, model):
    assert len({(await ask(model, PROMPT, seed=seed)).text for seed in range(4)}) > 1


async def test_a_different_temperature_gives_a_different_answer(ask):
    assert len({(await ask("careful", PROMPT, temperature=temperature)).text for temperature in (0.1, 0.5, 1, 2)}) > 1


async def test_at_temperature_zero_the_seed_changes_nothing(ask):
    assert len({(await ask("careful", PROMPT, seed=seed, temperature=0)).text for seed in range(4)}) == 1


@pytest.mark.parametrize("model", WRITING)
async def test_answer_uses_the_key_words_of_the_prompt(ask, model):
    text = (await ask(model, PROMPT)).text
    assert "PostgreSQL" in text
    assert "SQLite" in text


@pytest.mark.parametrize(
    ("prompt", "word"),
    [
        ("Was bedeutet Nebenläufigkeit?", "Nebenläufigkeit"),
        ("Почему небо голубое?", "голубое"),
        ("機械学習とは何ですか？", "機械学習とは何ですか"),
        ("हिन्दी में समझाइए", "हिन्दी"),
        ("ما هي قاعدة البيانات؟", "البيانات"),
        ("อธิบายการสังเคราะห์แสงให้เด็กฟังหน่อยได้ไหมครับ", "อธิบายการสัง"),
        ("Is C++ older than C#?", "C++"),
        ("Tell me about 👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"),
    ],
)
async def test_words_of_any_language_are_quoted_exactly(ask, prompt, word):
    assert word in (await ask("careful", prompt)).text


async def test_later_turn_refers_to_the_earlier_one(ask):
    messages = [
        {"role": "user", "content": "Tell me about photosynthesis"},
        {"role": "assistant", "content": "It is how plants eat light."},
        {"role": "user", "content": "And at night?"},
    ]
    text = (await ask("careful", messages)).text
    assert "photosynthesis" in text
    assert "night" in text


async def test_instructions_are_acknowledged(ask):
    messages = [{"role": "system", "content": "Speak like a pirate"}, {"role": "user", "content": "Tell me about photosynthesis"}]
    assert "pirate" in (await ask("quick", messages)).text


async def test_models_differ_in_length(ask):
    lengths = [len((await ask(model, PROMPT)).text.split()) for model in ("quick", "careful", "verbose")]
    assert lengths[0] * 2 < lengths[1]
    assert lengths[1] * 2 < lengths[2]


async def test_answers_have_headings_lists_tables_code_and_quotes(ask):
    text = (await ask("verbose", PROMPT)).text
    patterns = [r"^## \S", r"^- \S", r"^1\. \S", r"^\| --- \|", r"^```\w+$", r"^```$", r"^> \S", r"\*\*\S", r"\$\S"]
    assert [pattern for pattern in patterns if not re.search(pattern, text, re.MULTILINE)] == []


@pytest.mark.parametrize(
    ("prompt", "language"),
    [
        ("Sort a list in Python", "python"),
        ("Write a SQL query for orders", "sql"),
        ("A generic function in Rust", "rust"),
        ("Debounce in JavaScript", "typescript"),
        ("A worker pool function in Go", "go"),
        ("Rename files from the shell", "bash"),
    ],
)
async def test_code_is_in_the_language_that_was_asked_for(ask, prompt, language):
    assert f"```{language}\n" in (await ask("quick", prompt)).text


async def test_python_code_is_python(ask):
    text = (await ask("quick", "Sort a class of don't-care values in Python")).text
    program = text.split("```python\n")[1].split("```")[0]
    assert ast.parse(program).body


async def test_prompt_without_a_word_is_answered(ask):
    for prompt in ("", " \n", "?!", "the of and"):
        assert "the goal" in (await ask("quick", prompt)).text


async def test_markup_in_the_prompt_does_not_reach_the_answer(ask):
    text = (await ask("careful", "Explain <b>this</b> and `rm -rf` or [a](data:x) in | tables |")).text
    assert not re.search(r"[<`\[]|data:", text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prompt=st.text(max_size=400), model=st.sampled_from(WRITING))
async def test_any_unicode_is_answered_by_a_whole_stream(ask, prompt, model):
    answer = await ask(model, prompt, stream_options={"include_usage": True})
    assert answer.done
    assert answer.finish_reason == "stop"
    assert answer.text.splitlines()[0].startswith("*This is a simulated answer")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prompt=st.text(st.characters(categories=["Cs", "Cc", "Cf", "Cn", "Co", "Zl", "Zp", "Mn"]), min_size=1, max_size=50))
async def test_invalid_characters_break_no_stream(client, prompt):
    escaped = "".join(f"\\u{unit:04x}" for unit in memoryview(prompt.encode("utf-16-le", "surrogatepass")).cast("H"))
    content = '{"model":"careful","stream":true,"messages":[{"role":"user","content":"' + escaped + '"}]}'
    response = await client.post("/chat/completions", content=content)
    assert response.status_code == 200
    assert response.content.decode().endswith("data: [DONE]\n\n")


@given(st.text(max_size=300))
def test_key_words_are_parts_of_the_text(text):
    assert all(word in text for word in key_words(text, 6))


async def test_long_prompt_is_read_at_both_ends(ask):
    text = (await ask("quick", "Quetzalcoatl. " + "and then some more of it " * 10_000 + " Summarise for Xochimilco")).text
    assert "Quetzalcoatl" in text
    assert "Xochimilco" in text
