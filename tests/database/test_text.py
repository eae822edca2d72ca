"""Text comes back as it was stored, to the last code point."""

import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.database.client import Database
from playground.database.generated import Prisma
from playground.database.generated.errors import DataError
from playground.kit.ids import new_id

_SCALARS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")


async def stored(database: Database, text: str) -> str:
    """What comes back when `text` has been stored, by a create and by an update alike."""
    user_id = new_id()

    async def operation(client: Prisma) -> tuple[str, str]:
        created = await client.users.create(data={"id": user_id, "name": text})
        updated = await client.users.update(where={"id": user_id}, data={"email": user_id, "name": text})
        await client.users.delete(where={"id": user_id})
        return created.name, updated.name if updated else ""

    created, updated = await database.run(operation)
    assert created == updated
    return created


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(_SCALARS, max_size=200))
async def test_any_text_is_returned_unchanged(database: Database, text: str) -> None:
    assert await stored(database, text) == text


@pytest.mark.parametrize(
    "text",
    [
        "a\u2028b", "a\u2029b", "a\x85b", "a\x0bb", "a\x0cb", "a\x1cb\x1db\x1eb", "a\rb", "a\r\nb\r", "\n\n  a", "\t", "\x7f", "\x01", "",
        '"', '"""', "\\", "\\u0041", "\\n", "${a}", "{'a'}", '{"$type":"DateTime","value":"x"}', "\ufeffa", "\ue000", "\uffff",
        "\U0010ffff", "é", "e\u0301", "👨‍👩‍👧‍👦", "$1", "%s", "'; DROP TABLE users; --",
    ],
)  # fmt: skip
async def test_text_with_special_meaning_on_the_way_is_returned_unchanged(database: Database, text: str) -> None:
    assert await stored(database, text) == text


@pytest.mark.parametrize("plane", range(17))
async def test_every_scalar_value_is_returned(database: Database, plane: int) -> None:
    codes = range(max(1, plane << 16), (plane + 1) << 16)
    text = "".join(chr(code) for code in codes if not 0xD800 <= code <= 0xDFFF)

    assert await stored(database, text) == text


@pytest.mark.parametrize("pattern", ["word and\nline\r\n", "中", "😀", "\u2028"])
async def test_a_megabyte_is_returned(database: Database, pattern: str) -> None:
    text = pattern * (1_000_000 // len(pattern.encode()))

    assert await stored(database, text) == text


@pytest.mark.parametrize(("text", "error"), [("a\x00b", DataError), ("a\ud800b", UnicodeEncodeError)])
async def test_text_that_postgresql_cannot_store_is_refused_without_other_effects(
    database: Database, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await stored(database, text)

    assert await stored(database, "a") == "a"


async def test_text_in_raw_queries_and_json_is_returned(database: Database) -> None:
    text = 'a\u2028b\x85c\r"\\😀'

    [row] = await database.run(lambda client: client.query_raw("SELECT $1::text AS plain, jsonb_build_object('x', $1::text) AS json", text))

    assert row == {"plain": text, "json": {"x": text}}


async def test_no_text_is_logged_even_at_debug_level(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await stored(database, "a prompt that nobody else may read")

    assert "nobody else" not in caplog.text
