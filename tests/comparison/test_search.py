"""Search in titles and prompts."""

import unicodedata

import pytest

from ..support.client import User
from .test_sessions import ids, make


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize("stored", ["NFC", "NFD"])
async def test_text_is_found_in_every_unicode_normal_form(user: User, form: str, stored: str) -> None:
    await make(user, "Something else")
    found = await make(user, unicodedata.normalize(stored, "Where is the Crème Brûlée of Việt Nam?"))

    for query in ("crème", "brûlée of", "VIỆT"):
        assert await ids(user, q=unicodedata.normalize(form, query)) == [found]


@pytest.mark.parametrize(
    ("prompt", "query"),
    [
        ("Wie viel Arbeitszeit bleibt?", "beitszei"),
        ("東京都の人口は何人ですか", "人口"),
        ("東京都の人口は何人ですか", "か"),
        ("서울의 인구는", "인구는"),
        ("print(f'{x!r}\\n')", "!r}\\n')"),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", "full width"),
        ("👩‍👩‍👧 family", "👩‍👩‍👧"),
        ("It's `O'Brien & Sons` | 50% \\ off", "o'brien & | \\ 50%"),
        ("ab", "ab"),
        ("a", "a"),
        ("ends with xy", "xy"),
        ("two words apart", "apart two"),
        ("two words apart", '"words apart"'),
        ('She said "hi" to us', '"'),
    ],
)
async def test_parts_of_prompts_are_found_in_any_script(user: User, prompt: str, query: str) -> None:
    # Titles are looked into as well, so this is one that a title has not.
    found = await make(user, f"{'Q ' * 60}\n{prompt}")
    await make(user, "ZZZ")

    assert await ids(user, q=query) == [found]


@pytest.mark.parametrize("query", ["nowhere", '"apart words"', "two nowhere", "twoo", '"o w ords"', "' | 'two"])
async def test_missing_text_is_not_found(user: User, query: str) -> None:
    await make(user, "two words apart")

    assert await ids(user, q=query) == []


async def test_words_of_different_turns_do_not_add_up(user: User) -> None:
    session_id = await make(user, "About apples")
    await user.http.post("/playground/stream", json={"prompt": "And pears", "sessionId": session_id})

    assert await ids(user, q="apples pears") == []
    assert await ids(user, q="pears") == [session_id]


async def test_a_blank_search_does_not_filter(user: User) -> None:
    found = await make(user, "Anything")

    assert await ids(user, q="  ") == await ids(user, q="") == [found]


async def test_other_users_prompts_are_not_found(user: User, other_user: User) -> None:
    await make(other_user, "A secret recipe")

    assert await ids(user, q="recipe") == []


async def test_the_longest_prompt_in_any_script_is_stored_and_found_by_its_start(user: User) -> None:
    letters = "".join(chr(0x4E00 + (number * 7919) % 20_000) for number in range(80_000))
    found = await make(user, f"{letters} needle")

    assert await ids(user, q=letters[60_000:60_020]) == [found]
    assert await ids(user, q="needle") == []


async def test_letters_that_expand_in_comparison_are_stored(user: User) -> None:
    prompt = "\ufdfa" * 80_000
    session_id = await make(user, prompt)

    # Another turn waits until this one is recorded.
    assert (await user.http.post("/playground/stream", json={"prompt": "Next", "sessionId": session_id})).status_code == 200
    assert (await user.session(session_id))["turns"][0]["prompt"] == prompt
