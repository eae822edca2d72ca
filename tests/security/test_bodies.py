"""Bodies that are too large, too deep or too odd are refused before they cost anything."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.serving.middleware.json_nesting import has_more_values, nested_deeper

from ..support.client import User
from ..support.connection import connection, head
from .conftest import DEEPEST, MOST_BYTES

JSON = {"Content-Type": "application/json"}
STREAM = '{"prompt": "Hi", "models": ["sim/quick"], "maxTokens": 3, %s}'


def chunk(size: int) -> bytes:
    return b"%x\r\n%b\r\n" % (size, b" " * size)


def assert_too_large(answer: tuple[int, dict[str, str], Any]) -> None:
    status, headers, problem = answer
    assert status == 413
    assert headers["content-type"] == "application/problem+json"
    assert problem["type"] == "urn:playground:problem:body_too_large"
    assert f"{MOST_BYTES:,}" in problem["detail"]


async def test_a_body_with_a_length_above_the_limit_is_refused_before_reading(visitor: User):
    async with connection(visitor.http.base_url) as client:
        length = 10 * MOST_BYTES
        await client.send(head("POST", "/playground/stream", f"Content-Length: {length}", "Expect: 100-continue"))
        assert_too_large(await client.answer())
        # A client that sends it all the same does not lose its connection.
        await client.send(b" " * length, head("GET", "/health"))
        assert (await client.answer())[0] == 200


async def test_a_body_without_a_length_is_refused_as_soon_as_it_is_too_large(visitor: User):
    async with connection(visitor.http.base_url) as client:
        await client.send(head("POST", "/playground/stream", "Transfer-Encoding: chunked"))
        await client.send(*[chunk(MOST_BYTES // 4)] * 5)
        assert_too_large(await client.answer())
        await client.send(*[chunk(MOST_BYTES // 4)] * 20, b"0\r\n\r\n", head("GET", "/health"))
        assert (await client.answer())[0] == 200


async def test_the_limit_applies_to_every_path_and_method(visitor: User):
    for method, path in (("GET", "/health"), ("DELETE", "/playground/sessions/none"), ("POST", "/nowhere"), ("POST", "/auth/login")):
        response = await visitor.http.request(method, path, content=b" " * (MOST_BYTES + 1))
        assert response.status_code == 413


async def test_a_body_of_exactly_the_limit_is_accepted_in_one_piece_or_many(visitor: User):
    start, end = b'{"prompt": "', b'", "models": ["sim/quick"], "maxTokens": 3}'
    body = start + b"x" * (MOST_BYTES - len(start) - len(end)) + end

    async def pieces() -> AsyncIterator[bytes]:
        for place in range(0, len(body), 999):
            yield body[place : place + 999]

    for content in (body, pieces()):
        response = await visitor.http.post("/playground/stream", content=content, headers=JSON)
        assert response.status_code == 200, response.text


def nested(depth: int, inner: str = "1") -> str:
    return '{"a": [' * (depth // 2) + "[" * (depth % 2) + inner + "]" * (depth % 2) + "]}" * (depth // 2)


async def test_json_of_the_maximum_depth_is_read_and_deeper_json_is_refused(visitor: User):
    for depth, said in ((DEEPEST - 1, "temperature"), (DEEPEST, "at most 20 levels of nesting")):
        body = STREAM % f'"temperature": {nested(depth)}'
        response = await visitor.http.post("/playground/stream", content=body, headers=JSON)
        assert response.status_code == 422
        assert said in response.json()["detail"]


async def test_brackets_in_a_text_are_not_taken_for_depth(visitor: User):
    prompt = '[{"\\' * 1_000 + "]" * 10
    events = await visitor.compare(prompt, ["sim/quick"], maxTokens=3)
    assert (await visitor.session(events[0].data["sessionId"]))["turns"][0]["prompt"] == prompt


HOSTILE = {
    "opening": b"[" * 100_000,
    "objects": b'{"a":' * 20_000,
    "closed": b"[" * 50_000 + b"]" * 50_000,
    "a string without an end": b"[" * 19 + b'"' + b'\\"' * 49_000,
    "digits": (STREAM % '"seed": ').encode()[:-1] + b"9" * 10_000 + b"}",
    "many digits behind a point": (STREAM % '"temperature": 0.').encode()[:-1] + b"1" * 10_000 + b"}",
    "an exponent": (STREAM % '"seed": 1e999999999').encode(),
    "no number": (STREAM % '"temperature": NaN').encode(),
    "infinity": (STREAM % '"temperature": -Infinity').encode(),
    "another encoding": (STREAM % '"seed": 1').encode("utf-16")[:-1],
    "no text": b"\xff\xfe\x00{",
    "nothing": b" ",
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_body_is_a_clear_refusal_or_harmless(visitor: User, name: str):
    response = await visitor.http.post("/playground/stream", content=HOSTILE[name], headers=JSON)
    assert response.status_code in (200, 422), response.text
    if name != "many digits behind a point":
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] in ("body", "seed", "temperature")


async def test_the_last_value_of_a_repeated_field_counts(visitor: User):
    response = await visitor.http.post("/playground/stream", content=STREAM % '"maxTokens": 1, "maxTokens": 0', headers=JSON)
    assert response.json()["errors"][0]["field"] == "maxTokens"


def took(work: Any, *arguments: Any) -> float:
    # Of this thread alone: the machine may be busy, and the service is in another.
    started = time.thread_time()
    work(*arguments)
    return time.thread_time() - started


def test_finding_the_depth_takes_linear_time():
    for make in (
        lambda size: b"[" * size,
        lambda size: b"[" * (size // 2) + b"]" * (size // 2),
        lambda size: b"[" * 33 + b'"' + b'\\"' * (size // 2) + b"\\",
        lambda size: b"[]," * (size // 3),
    ):
        short, long = (min(took(nested_deeper, make(size), 32) for _ in range(5)) for size in (20_000, 640_000))
        # 32 times as long; by its square it would take a thousand times as long.
        assert long < 32 * 10 * max(short, 0.000_05)


def depth(value: object) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


TEXTS = st.text('ab[]{}"\\é\n', max_size=6)
VALUES = st.recursive(
    st.none() | st.integers() | TEXTS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
)


@given(VALUES, st.integers(1, 6))
def test_the_depth_is_that_of_the_parsed_value(value: object, limit: int):
    assert nested_deeper(json.dumps(value).encode(), limit) == (depth(value) > limit)


async def test_bodies_are_small_where_no_prompt_is_sent(visitor: User):
    most = 65_536
    fitting = await visitor.http.post("/auth/login", content=json.dumps({"email": "x" * (most - 100)}), headers=JSON)
    assert fitting.status_code == 422
    for method, path in (("POST", "/auth/login"), ("POST", "/auth/refresh"), ("PATCH", "/users/me"), ("POST", "/users/me/api-keys")):
        refused = await visitor.http.request(method, path, content=b" " * (most + 1), headers=JSON)
        assert refused.status_code == 413
        assert f"{most:,}" in refused.json()["detail"]


@pytest.mark.parametrize(
    "document",
    [
        {f"field{number}": 1 for number in range(5_001)},
        {"scopes": [1] * 5_001},
        {"lanes": [[]] * 2_600},
        {"prompt": ["x"] * 5_001},
    ],
    ids=["fields", "numbers", "lists", "texts"],
)
async def test_a_body_of_thousands_of_values_is_refused_before_it_is_parsed(visitor: User, document: Any):
    response = await visitor.http.post("/playground/stream", content=json.dumps(document), headers=JSON)
    assert response.status_code == 422
    assert response.json()["errors"] == [{"field": "body", "message": "should be JSON with at most 5,000 values"}]


async def test_a_prompt_may_have_any_number_of_commas_quotes_and_brackets(visitor: User):
    prompt = '",[{}]\\' * 7_000
    body = json.dumps({"prompt": prompt, "models": ["sim/quick"], "maxTokens": 3})
    response = await visitor.http.post("/playground/stream", content=body, headers=JSON)
    assert response.status_code == 200


async def test_at_most_twenty_faults_are_reported_and_how_many_more(visitor: User):
    name = "n" * 5_000
    response = await visitor.http.post("/auth/login", json={name: 1, **{f"field{number}": "v" * 10 for number in range(900)}})
    problem = response.json()
    assert response.status_code == 422
    assert len(problem["errors"]) == 20
    assert problem["detail"].endswith("and 882 more")  # One field is missing, 901 are unknown.
    assert all(len(error["field"]) <= 100 for error in problem["errors"])
    assert len(response.content) < 8_000


async def test_a_list_is_refused_by_its_length_before_its_entries(visitor: User):
    response = await visitor.http.post("/users/me/api-keys", json={"name": "Key", "scopes": ["wrong"] * 3_000})
    assert response.json()["errors"] == [{"field": "scopes", "message": "should have at most 20 entries"}]
    response = await visitor.http.post("/playground/stream", json={"prompt": "Hi", "models": [7] * 17})
    assert response.json()["errors"] == [{"field": "models", "message": "should have at most 16 entries"}]


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30)
)
def test_values_are_counted_as_a_parser_would(document: Any):
    def separators(value: Any) -> int:
        if isinstance(value, dict | list):
            entries = list(value.values()) if isinstance(value, dict) else value
            return 1 + max(0, len(entries) - 1) + sum(map(separators, entries))
        return 0

    body, count = json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass"), separators(document)
    assert not has_more_values(body, max(count, body.count(b'"')))
    assert count == 0 or has_more_values(body, count - 1)
