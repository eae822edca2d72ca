"""Reads the list of sessions, page by page."""

from collections.abc import AsyncIterator
from typing import Any

from lib.api import Service
from lib.problems import BadWire

from .book import Entry

_PAGE = "100"


async def entries(service: Service) -> AsyncIterator[list[Entry]]:
    """The answers of every session, one session at a time, newest session first.

    The list's own `from` and `to` are not used: they are about sessions, and a session of last month may have an answer of today.
    Raises a `ServiceError`.
    """
    params = {"limit": _PAGE, "include": "answers"}
    while True:
        page = await service.get("/playground/sessions", params)
        for session in _items(page):
            yield [Entry.of(answer) for answer in _answers(session)]
        cursor = page.get("nextCursor")
        if cursor is None:
            return
        if not isinstance(cursor, str) or cursor == params.get("cursor"):
            raise BadWire("The list of sessions does not go on: its cursor stays where it is.")
        params["cursor"] = cursor


def _items(page: dict[str, Any]) -> list[dict[str, Any]]:
    items = page.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadWire("The list of sessions holds no `items`.")
    return items


def _answers(session: dict[str, Any]) -> list[dict[str, Any]]:
    answers = session.get("answers")
    if not isinstance(answers, list):
        raise BadWire("The list of sessions holds no answers (`include=answers`): the service is older than this script.")
    return answers
