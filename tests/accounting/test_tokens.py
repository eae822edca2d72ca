"""Counting tokens: the same numbers as tiktoken's own encodings, from the package's files alone."""

import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import anyio
import pytest
import tiktoken_ext.openai_public
from hypothesis import given, settings
from hypothesis import strategies as st
from tiktoken import Encoding

from playground.accounting.token_counts import TokenCounter
from playground.accounting.vocabularies import CL100K, FOLDER, O200K, VocabularyError, vocabulary_for
from playground.providers.calls import Message

TEXTS = [
    "",
    "Hello, world!",
    "Zażółć gęślą jaźń. Ünïcödé ist schön. 数据库索引 это просто",
    "def f(x):\n\treturn x ** 2  # I'll, we've, THEY'RE\r\n\r\n\n    1234567",
    "<|endoftext|> and <|im_start|>system<|endofprompt|>",
    "line\u2028separator\u2029paragraph\u0085next\rlone \x00 nul",
    "👩‍👩‍👧‍👦" * 50,
    "a lone surrogate \ud83d here",
]


@pytest.fixture(scope="module")
def own_encodings() -> dict[str, Encoding]:
    """tiktoken's encodings, made by tiktoken itself from the same files under the names of its cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", str(FOLDER))
        return {
            "o200k_base": Encoding(**tiktoken_ext.openai_public.o200k_base()),
            "cl100k_base": Encoding(**tiktoken_ext.openai_public.cl100k_base()),
        }


@pytest.fixture(scope="module")
def counter() -> TokenCounter:
    return TokenCounter()


@pytest.mark.parametrize(("model", "vocabulary"), [("gpt-4o-mini", "o200k_base"), ("gpt-4", "cl100k_base")])
async def test_counts_are_tiktokens_own(counter: TokenCounter, own_encodings: dict[str, Encoding], model: str, vocabulary: str) -> None:
    expected = [len(own_encodings[vocabulary].encode(text, disallowed_special=())) for text in TEXTS]
    assert await counter.count(TEXTS, model) == expected


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=300))
async def test_any_text_counts_as_with_tiktoken(own_encodings: dict[str, Encoding], counter: TokenCounter, text: str) -> None:
    for model, vocabulary in (("gpt-4o", "o200k_base"), ("gpt-3.5-turbo", "cl100k_base")):
        assert await counter.count([text], model) == [len(own_encodings[vocabulary].encode_ordinary(text))]


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4"])
async def test_long_text_counts_as_one_although_it_is_counted_in_pieces(
    counter: TokenCounter, own_encodings: dict[str, Encoding], model: str
) -> None:
    text = "".join(f"Row {number}:   it's {number * 7919} …\n\n  – naïve 数据 x={number}; " for number in range(12_000))
    assert len(text) > 400_000
    assert await counter.count([text], model) == [len(own_encodings[vocabulary_for(model).name].encode_ordinary(text))]


async def test_text_without_spaces_is_at_most_a_few_tokens_off(counter: TokenCounter, own_encodings: dict[str, Encoding]) -> None:
    text = "a" * 450_000
    [count] = await counter.count([text], "gpt-4o")
    assert abs(count - len(own_encodings["o200k_base"].encode_ordinary(text))) <= 4


@pytest.mark.parametrize("text", [" " * 1_500_000 + "x", "\n \t" * 500_000 + "x"], ids=["spaces", "mixed"])
@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4"])
async def test_a_million_spaces_on_which_tiktoken_panics_are_counted(counter: TokenCounter, model: str, text: str) -> None:
    [count] = await counter.count([text], model)
    assert 0 < count <= len(text)


async def test_the_event_loop_runs_while_pathological_text_is_counted(counter: TokenCounter) -> None:
    await counter.warm_up()
    turns = 0
    counted = False

    async def count() -> None:
        nonlocal counted
        await counter.count(["👩‍👩‍👧‍👦" * 100_000], "gpt-4o")
        counted = True

    async with anyio.create_task_group() as group:
        group.start_soon(count)
        while not counted:
            await anyio.sleep(0.001)
            turns += 1
    assert turns > 20


async def test_a_prompt_has_what_the_chat_format_adds(counter: TokenCounter, own_encodings: dict[str, Encoding]) -> None:
    messages = [Message("system", "You are terse."), Message("user", "Why is the sky blue?"), Message("assistant", "Scattering.")]
    encoding = own_encodings["o200k_base"]
    # As `num_tokens_from_messages` in the OpenAI Cookbook adds it up.
    expected = 3 + sum(3 + len(encoding.encode(message.role)) + len(encoding.encode(message.content)) for message in messages)
    assert await counter.count_prompt(messages, "gpt-4o") == expected


@pytest.mark.parametrize("vocabulary", [O200K, CL100K], ids=lambda vocabulary: vocabulary.name)
def test_patterns_and_checksums_are_tiktokens_own(own_encodings: dict[str, Encoding], vocabulary) -> None:
    assert vocabulary.pattern == own_encodings[vocabulary.name]._pat_str
    assert vocabulary.sha256 in Path(tiktoken_ext.openai_public.__file__).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("model", "vocabulary"),
    [
        ("gpt-4o-mini", O200K),
        ("gpt-5.1", O200K),
        ("o3", O200K),
        ("openai/gpt-4-turbo", CL100K),
        ("openrouter/openai/gpt-4:free", CL100K),
        ("gpt-3.5-turbo-0125", CL100K),
        ("ft:gpt-4o:acme::1", O200K),
        ("ft:gpt-4:acme::1", CL100K),
        ("groq/openai/gpt-oss-120b", O200K),
        ("text-davinci-003", O200K),
        ("claude-sonnet-4-5", O200K),
        ("meta-llama/Llama-3.3-70B-Instruct:groq", O200K),
        ("", O200K),
    ],
)
def test_the_vocabulary_follows_openais_models_and_is_o200k_for_all_others(model: str, vocabulary) -> None:
    assert vocabulary_for(model) is vocabulary


async def test_a_damaged_vocabulary_is_an_error_that_names_the_file_and_stays_where_it_is(tmp_path: Path) -> None:
    for name in (O200K.file, CL100K.file):
        shutil.copy(FOLDER / name, tmp_path / name)
    damaged = tmp_path / O200K.file
    damaged.write_bytes(damaged.read_bytes()[:-10])
    counter = TokenCounter(tmp_path)
    with pytest.raises(VocabularyError, match=rf"o200k_base is damaged.*{O200K.file}"):
        await counter.warm_up()
    assert damaged.exists()
    assert await counter.count(["hello world"], "gpt-4") == [2]


async def test_a_missing_vocabulary_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match="cl100k_base can't be read"):
        await TokenCounter(tmp_path).count(["hello"], "gpt-4")


def test_counting_and_pricing_open_no_connection() -> None:
    """In a process of its own, in which making a network socket or resolving a name ends it."""
    program = dedent("""
        import socket, sys

        def refuse(event, arguments):
            if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
                raise SystemExit(f"{event} {arguments}")

        sys.addaudithook(refuse)

        import anyio
        from playground.accounting.prices import Prices
        from playground.accounting.token_counts import TokenCounter
        from playground.providers.calls import Usage
        from playground.providers.records import Provider

        async def main():
            counter, prices = TokenCounter(), Prices()
            await counter.warm_up()
            await prices.warm_up()
            assert await counter.count(["hello world"], "gpt-4") == [2]
            assert prices.cost(Provider("openai", "OpenAI", "https://api.openai.com/v1", prices_id="openai"), "gpt-4o", Usage(1, 1))

        anyio.run(main)
        print("counted")
    """)
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (finished.stdout, finished.returncode) == ("counted\n", 0), finished.stderr


async def test_a_long_prompt_of_several_lanes_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counter, counted = TokenCounter(), []
    load_and_count = TokenCounter._load_and_count

    def noted(self: TokenCounter, *arguments: Any) -> list[int]:
        counted.append(arguments)
        return load_and_count(self, *arguments)

    monkeypatch.setattr(TokenCounter, "_load_and_count", noted)
    prompt = "word " * 10_000
    counts = []

    async def count() -> None:
        counts.append(await counter.count_prompt([Message("user", prompt)], "gpt-4o"))

    async with anyio.create_task_group() as tasks:
        for _ in range(16):
            tasks.start_soon(count)
    assert len(counts) == 16
    assert len(set(counts)) == 1
    assert len(counted) == 1
