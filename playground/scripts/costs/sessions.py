"""Reads the costs of answers from the list of sessions, page by page."""

from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from typing import Any

from playground.scripts.api import Service
from playground.scripts.problems import BadWire

from .book import Book, Entry

_PAGE = "100"


async def read_into(book: Book, service: Service) -> AsyncIterator[int]:
    """Add every answer within the range of `book`, one page of sessions at a time. Yield the number of sessions so far.

    Raises a `ServiceError`.
    """
    sessions = 0
    async for page in _pages(service, _wanted(book)):
        for session in page:
            book.take(Entry.of(answer) for answer in _answers(session))
        sessions += len(page)
        yield sessions


def _wanted(book: Book) -> dict[str, str]:
    """Return the query. `to` excludes sessions from after the range. `from` would be wrong: an old session may have a new answer."""
    wanted = {"limit": _PAGE, "include": "answers"}
    if book.last is not None and book.last.year < 9999:
        wanted["to"] = datetime.combine(book.last + timedelta(days=1), time(), book.zone).isoformat()
    return wanted


async def _pages(service: Service, params: dict[str, str]) -> AsyncIterator[list[dict[str, Any]]]:
    while True:
        page = await service.get("/playground/sessions", params)
        yield _items(page)
        cursor = page.get("nextCursor")
        if cursor is None:
            return
        if not isinstance(cursor, str) or cursor == params.get("cursor"):
            raise BadWire("The list of sessions can't be continued: its cursor doesn't change.")
        params = {**params, "cursor": cursor}


def _items(page: dict[str, Any]) -> list[dict[str, Any]]:
    items = page.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadWire("The list of sessions contains no `items`.")
    return items


def _answers(session: dict[str, Any]) -> list[dict[str, Any]]:
    answers = session.get("answers")
    if not isinstance(answers, list):
        raise BadWire("The list of sessions contains no answers (`include=answers`): the service is older than this script.")
    return answers
